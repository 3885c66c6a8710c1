"""The workflows: by their schema, by a linter of security, and by the files that they run; and the comment, by a GitHub that is not one."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from tools import comment

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
GENERATED = ROOT / "interlock" / "scaffold" / "generated" / ".github" / "workflows"  # of a team's own project
FILES = [*sorted(FOLDER.glob("*.yml")), *GENERATED.glob("*.yml")]
RENDER = MarkdownIt("commonmark", {"html": True}).enable("table")
SAID = {
    "GITHUB_REPOSITORY": "team/models", "HEAD_OWNER": "stranger", "HEAD_BRANCH": "better", "HEAD_SHA": "b" * 40,
    "RUN_URL": "https://github.com/team/models/actions/runs/7",
}  # fmt: skip
GH = """#!/bin/sh
'''exec' "{python}" "$0" "$@" # an interpreter whose path has a space cannot stand in the line above
' '''
import json, pathlib, sys
calls = pathlib.Path({calls!r})
sent = sys.stdin.read() if "--input" in sys.argv else None
before = json.loads(calls.read_text()) if calls.exists() else []
calls.write_text(json.dumps([*before, [sys.argv[1:], sent]]))
place = sys.argv[2]
answers = {answers}
print(json.dumps(next(answer for part, answer in answers if place.endswith(part))))
"""


def workflow(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(Path(sys.executable).parent / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


def test_they_are_what_github_reads() -> None:
    """Each keeps the schema of workflows."""
    done = said("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, FILES))
    assert done.returncode == 0, done.stdout


def test_a_linter_of_security_finds_nothing() -> None:
    """As an auditor would look, with one exception that says why: `workflow_run`, where nothing of a stranger is run."""
    done = said("zizmor", "--offline", "--persona", "auditor", "--no-progress", *map(str, FILES))
    assert done.returncode == 0, done.stdout
    assert "1 ignored" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_grants_nothing_by_default_and_pins_what_it_uses(path: Path) -> None:
    """No right outside of a job, none to write where code of a pull request runs; every action by the whole hash of a commit."""
    found = workflow(path)
    assert found["permissions"] == {}
    for job in found["jobs"].values():
        writes = {name for name, right in job["permissions"].items() if right == "write"}
        assert writes <= {"comment": {"pull-requests"}, "release": {"contents"}}.get(path.stem, set())
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert "uses" not in step or re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
            assert "${{" not in step.get("run", "")
    assert "secrets." not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_they_run_is_in_the_repository_and_short(path: Path) -> None:
    """A line a step, which a person can type as well; the scripts that it names are there and can be run."""
    for job in workflow(path)["jobs"].values():
        for run in [step["run"] for step in job["steps"] if "run" in step]:
            assert "\n" not in run
            program, *words = run.split()
            if program.startswith(".ci/"):
                assert os.access(ROOT / program, os.X_OK)
                assert subprocess.run(["bash", "-n", str(ROOT / program)], check=False).returncode == 0
            elif "-m" in words:
                assert (ROOT / f"{words[words.index('-m') + 1].replace('.', '/')}.py").is_file()
            elif program == "python3":
                assert (ROOT / words[0]).is_file()
            else:
                assert program in {"gh", "make"}


def test_scripts_of_ci_run_commands_that_exist() -> None:
    """Every verb of interlock and every module that a script of .ci/ names."""
    from interlock.cli.main import PLACES

    text = "".join((ROOT / ".ci" / name).read_text(encoding="utf-8") for name in ("run", "nightly", "release"))
    assert set(re.findall(r"bin/interlock ([a-z]+)", text)) <= set(PLACES)
    for name in re.findall(r"-m (tools\.\w+)", text):
        assert (ROOT / f"{name.replace('.', '/')}.py").is_file()
    for name in re.findall(r"for name in ([a-z ]+);", text)[0].split():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file()


def test_a_job_that_reads_a_tag_has_it_with_its_message() -> None:
    """Checked out by its name, since by the commit of the event it is fetched as a tag without one; `--notes-from-tag` asks the clone."""
    for job in workflow(FOLDER / "release.yml")["jobs"].values():
        (checkout,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["ref"] == "${{ github.ref }}"


def github(folder: Path, answers: list[tuple[str, Any]]) -> Path:
    """A `gh` that answers by the end of the address, and writes down what it was asked."""
    calls, program = folder / "calls.json", folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(GH.format(python=sys.executable, calls=str(calls), answers=repr(answers)))
    program.chmod(0o755)
    return calls


def posted(folder: Path, text: str, answers: list[tuple[str, Any]]) -> tuple[subprocess.CompletedProcess[str], list[Any]]:
    calls, report = github(folder, answers), folder / "report.md"
    report.write_text(text, encoding="utf-8")
    environment = {**os.environ, **SAID, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-I", str(ROOT / "tools" / "comment.py"), str(report)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, json.loads(calls.read_text())


PULLS = ("/pulls", [{"number": 3, "head": {"sha": "a" * 40}}, {"number": 4, "head": {"sha": "b" * 40}}])


def test_a_first_report_is_a_new_comment(tmp_path: Path) -> None:
    """On the pull request whose last commit ran, by the branch of its owner; it begins with the marker and ends with the run."""
    other = [{"id": 1, "user": {"type": "User"}, "body": comment.MARKER}]
    done, calls = posted(tmp_path, "✅ **Passes.**\n", [PULLS, ("/comments", [other])])
    assert done.returncode == 0, done.stderr
    assert "head=stranger:better" in calls[0][0]
    words, sent = calls[-1]
    assert words[:4] == ["api", "repos/team/models/issues/4/comments", "--method", "POST"]
    body = json.loads(sent)["body"]
    assert body.startswith(f"{comment.MARKER}\n✅ **Passes.**\n")
    assert SAID["RUN_URL"] in body


def test_a_later_report_takes_its_place(tmp_path: Path) -> None:
    """The comment of a bot that has the marker is edited, whoever else wrote one."""
    pages = [
        [{"id": 1, "user": {"type": "User"}, "body": comment.MARKER}],
        [{"id": 9, "user": {"type": "Bot"}, "body": f"{comment.MARKER}\nold"}],
    ]
    done, calls = posted(tmp_path, "new", [PULLS, ("/comments", pages), ("/comments/9", {})])
    assert done.returncode == 0, done.stderr
    assert calls[-1][0][:4] == ["api", "repos/team/models/issues/comments/9", "--method", "PATCH"]


def test_a_report_on_what_was_pushed_over_is_dropped(tmp_path: Path) -> None:
    """Where no open pull request ends in that commit nothing is written."""
    done, calls = posted(tmp_path, "late", [("/pulls", [])])
    assert (done.returncode, len(calls)) == (0, 1)


def test_a_link_in_place_of_a_report_is_refused(tmp_path: Path) -> None:
    """What lies elsewhere on the runner is not published."""
    (tmp_path / "secret").write_text("s")
    (tmp_path / "report.md").symlink_to(tmp_path / "secret")
    with pytest.raises(SystemExit):
        comment.read(tmp_path / "report.md")


PIECES = [
    "<script>", "<img src=x>", "<!--", "-->", "<details>", "</details>", "[a](http://x.y)", "![a](//x.y)", "[a]: http://x.y", "[a][b]", "<http://x.y>",
    "@everyone", "#12", "GH-3", "https://x.y", "www.x.y", "\\<b>", "&lt;b&gt;", "&#60;b>", "\u202e", "`", "\n", "|", "a@b.c", comment.MARKER,
    "&amp;commat;everyone", "&amp;num;12", "&amp;lt;b>", "&amp;#64;x", "&amp;amp;commat;x",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))).map("".join))
def test_nothing_in_a_report_acts(text: str) -> None:
    """Rendered there is no link, no picture, no element but folds and small print; no name, number or address that GitHub would link."""
    safe = comment.harmless(text)
    html = RENDER.render(safe)
    assert not re.search(r"<(?:a|img|script)\b|<!--", html)
    assert not re.search(r"@\w|#\d|://|(?i:www\.|gh-\d)", safe)
    assert not re.search(r"@\w|#\d", unescape(html))
    assert comment.MARKER not in safe


def test_what_interlock_writes_is_kept_word_for_word() -> None:
    """But for pictures, which lie in the run: the text that is seen is the report's own."""
    text = '✅ **Passes.**\n\n<details><summary>Pictures</summary>\n\n<img alt="a" src="b.png" width="330">\n\n</details>\n\n| a | b |\n| --- | --- |\n| `x@v1`<br><sub>5 \\| rows</sub> | a\\_b |\n| `a < b & c` | 1 |\n'
    kept = comment.harmless(text)
    assert kept.replace(comment.UNSEEN, "") == re.sub(r"<details>.*</details>\n\n", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("piece", ["a", "💀", "<", "@", "\n<details>"])
def test_a_comment_is_never_too_long(piece: str) -> None:
    """What does not fit is cut at a line, and said to be."""
    made = comment.comment((piece * 99 + "\n") * 3000, "c" * 40, SAID["RUN_URL"])
    assert len(made) <= len(made.encode()) <= comment.LIMIT
    assert "the rest is in the run" in made
    assert made.rstrip().endswith("</sub>")


@pytest.mark.parametrize(
    "opening", ["```\n", "~~~~\n", "   ```md\n", "<details>", "a\n<details><summary>b", "`</details>`<details>\n\n", "<details>" * 6000]
)
def test_where_a_report_comes_from_is_always_seen(opening: str) -> None:
    """Whatever a report leaves open, neither a block of code nor a fold holds what is said after it."""
    html = RENDER.render(comment.comment(f"Passes.\n\n{opening}", "c" * 40, SAID["RUN_URL"]))
    before = html.partition("Computed by the code of this pull request")[0]
    assert before != html
    assert before.count("<details>") <= before.count("</details>")
    assert before.count("<pre>") == before.count("</pre>")
