"""Runbooks say what can be typed: every command is one that there is, and those that look or restore are run."""

import json
import re
import shlex
import shutil
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from interlock.cli.main import PLACES, command
from interlock.cli.main import interlock as cli
from interlock.releases.postmortem import Facts, postmortem
from interlock.releases.registry import Release
from tests.conftest import ROOT
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
NEEDED = {"bad-data", "failed-gate", "drift-alarm", "rollback", "stale-features", "lost-remote", "restore-from-backup"}
PARTS = ["How you notice", "What to look at", "What to type", "When it is over"]
MAKE = {"make", "make check"}
UNIX = {"cp"}
# What looks, and finds what it needs in the small project; the rest is held to its options alone.
LOOKS = {"catalog", "features", "deployed", "quarantine", "trace"}
Flown = tuple[Release, list[str]]
each_runbook = pytest.mark.parametrize("runbook", RUNBOOKS, ids=[path.stem for path in RUNBOOKS])


def typed(runbook: Path) -> list[list[str]]:
    """The words of every command in a runbook: in its blocks, and `interlock …` within a sentence."""
    text = runbook.read_text(encoding="utf-8")
    blocks = [line for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in blocks), runbook
    within = re.findall(r"`(interlock [^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    lines = [part for line in blocks for part in line.removeprefix("$ ").split(" && ")]
    return [shlex.split(line) for line in [*lines, *within]]


def parsed(words: list[str]) -> None:
    """Let click read the words of an interlock command as it would, and run nothing."""
    verb, *rest = words
    assert verb in PLACES, verb
    found: click.Command = command(verb)
    context = click.Context(cli)
    while isinstance(found, click.Group) and rest:
        context = click.Context(found, info_name=verb, parent=context)
        name, *rest = rest
        assert name in found.commands, f"{verb} {name}"
        found = found.commands[name]
    if rest and not (rest[0].startswith("-") and len(rest) == 1):
        found.make_context(verb, [*rest], parent=context)
    elif rest:
        assert rest[0].partition("=")[0] in {each for option in found.params for each in option.opts}, words


@cache
def gits() -> set[str]:
    return set(subprocess.run(["git", "--list-cmds=main,others"], check=True, capture_output=True, text=True).stdout.split())


def test_there_is_one_for_every_trouble() -> None:
    """Each with its four parts in one order, and linked where it leads on."""
    assert {path.stem for path in RUNBOOKS} == NEEDED
    for runbook in RUNBOOKS:
        assert re.findall(r"^## (.+)$", runbook.read_text(encoding="utf-8"), re.MULTILINE) == PARTS, runbook


@each_runbook
def test_every_command_is_one_that_there_is(runbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs, arguments and options of interlock and DVC as their own parsers read them, verbs of git, targets of make."""
    from dvc.cli import parse_args

    monkeypatch.chdir(tmp_path)
    for place in ("backups/2030-01-31", "online/predictions"):
        Path(place).mkdir(parents=True)
    for name in ("landed.parquet", "observed.ndjson"):
        Path(name).touch()
    found = typed(runbook)
    assert len(found) > 4
    for words in found:
        match words:
            case ["interlock", *rest]:
                parsed(rest)
            case ["dvc", *rest]:
                parse_args(rest)
            case ["git", verb, *_]:
                assert verb in gits(), words
            case [first, *_]:
                assert " ".join(words) in MAKE or first in UNIX, words


def test_the_guide_to_traces_names_what_there_is() -> None:
    """Its commands are read as they stand, and what it quotes from a tree is what a tree says."""
    guide = ROOT / "docs/guides/trace.md"
    for words in typed(guide):
        if words[1:] != ["trace"] and words[1:] != ["catalog"]:
            parsed(words[1:])
    source = (ROOT / "interlock/cli/trace_words.py").read_text(encoding="utf-8")
    quoted = re.findall(r"`(they [^`]+)`", guide.read_text(encoding="utf-8"))
    assert len(quoted) == 2
    assert [part for part in quoted if part not in source] == []


def test_commands_that_look_find_something_in_the_small_project(flown: Flown) -> None:
    """Every one of them runs as it is written, with the id of a real prediction for the one of the page, and prints something."""
    ran = set()
    for words in {" ".join(words): words for runbook in RUNBOOKS for words in typed(runbook)}.values():
        if words[0] == "interlock" and words[1] in LOOKS and "--open" not in words and words[1:] != ["trace"]:
            asked = [flown[1][0] if word == "12-0123456789ab" else word.replace("flights:4711", "airports:0") for word in words[2:]]
            if "TABLE:ROW" in words or asked == ["--row"]:
                continue
            done = CliRunner().invoke(command(words[1]), asked)
            assert done.exit_code == 0, (words, done.output, done.exception)
            assert done.output.strip(), words
            ran.add(words[1])
    assert ran == LOOKS


def test_a_store_is_restored_as_the_runbook_says(flown: Flown) -> None:
    """Its commands in their order, from a backup that they made: the store and the log are what they were, and verified."""
    assert flown
    store = command("store")

    def run(words: str) -> str:
        done = CliRunner().invoke(store, shlex.split(words))
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.output

    commands = [
        " ".join(words[2:]) for words in typed(ROOT / "docs/runbooks/restore-from-backup.md") if words[:2] == ["interlock", "store"]
    ]
    assert {"verify", "status", "materialize"} < set(commands)
    backup, restore = (next(line for line in commands if line.startswith(word)) for word in ("backup", "restore"))
    run("materialize")
    before = json.loads(run("status --json"))
    Path("backups").mkdir()
    run(backup)
    shutil.rmtree("online/state")
    Path(shlex.split(backup)[1]).rename(shlex.split(restore)[1])
    run(restore)
    run("verify")
    assert {**json.loads(run("status --json")), "bytes": before["bytes"]} == before  # a copy has no room to grow yet


def test_owners_of_code_are_the_owners_of_conf() -> None:
    """CODEOWNERS names for each use case the team that conf names, nobody else, and files and folders that are there."""
    lines = [line.split() for line in (ROOT / "CODEOWNERS").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    named = {pattern: owners for pattern, *owners in lines}
    conf = {
        path.stem: YAML(typ="safe").load(path.read_text(encoding="utf-8"))["catalog"] for path in (ROOT / "conf/usecase").glob("*.yaml")
    }
    for usecase, said in conf.items():
        for pattern in (f"conf/usecase/{usecase}.yaml", f"usecases/{usecase}/", f"data/sources/{usecase}.yaml"):
            assert named[pattern] == [f"@{said['owner']}"], pattern
            assert (ROOT / pattern).exists()
    known = {f"@{said['owner']}" for said in conf.values()}
    known |= {f"@{table['owner']}" for said in conf.values() for table in said["tables"].values() if table.get("owner")}
    assert {owner for owners in named.values() for owner in owners} <= known


def test_a_rollback_fills_what_it_knows() -> None:
    """Every place of the template; a reason that tries to be a table, a tag or a place of its own stays text."""
    facts = Facts(date(2030, 1, 31), "prod", "flights@v1.2.0", "flights@v1.1.0", "half | of\nall <b>flights</b> $day", "flights")
    text = postmortem(facts)
    assert text.startswith("# 2030-01-31: flights@v1.2.0 in prod\n")
    assert "| reason given | half \\| of all &lt;b>flights&lt;/b> $day |" in text
    assert re.findall(r"\$(?!day \|)\w+", text) == []
    assert text.count("flights@v1.1.0") >= 3


def test_a_project_may_have_a_template_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the place of the library's."""
    monkeypatch.chdir(tmp_path)
    Path("docs/postmortems").mkdir(parents=True)
    Path("docs/postmortems/template.md").write_text("Ours: $failed\n")
    assert postmortem(Facts(date(2030, 1, 31), "prod", "a@v1.0.0", "a@v0.9.0", "x", "a")) == "Ours: a@v1.0.0\n"
