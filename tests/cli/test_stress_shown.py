"""`interlock stress` over the report of a real run and over planted cases."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from interlock.cli.stress import stress
from interlock.errors import ArtifactError
from interlock.files import read_json, write_json
from tests.evaluation.world import world

__all__ = ["world"]
REPORT = Path("reports/stress.json")


def run(*arguments: str, width: int = 80) -> Result:
    """What the command prints, and its exit; what it raises is raised."""
    return CliRunner().invoke(stress, arguments, env={"COLUMNS": str(width)}, catch_exceptions=False, standalone_mode=False)


def test_every_case_is_listed_and_what_failed_is_shown_on_real_rows(world: Path) -> None:
    """A line of each; of the one that fails where it is declared, and its rows: key, change, score before and after."""
    done, report = run(), read_json(world / REPORT)
    words = " ".join(done.output.split())
    assert done.exit_code == 1
    signs = {"pass": "✓", "fail": "✗", "not enough evidence": "?"}
    assert all(f"{signs[case['verdict']]} {case['name']}: {case['claim']}" in words for case in report["cases"])
    (blind,) = [case for case in report["cases"] if case["name"] == "blind"]
    assert f"declared in {blind['declared']}" in words
    for example in blind["examples"]:
        said = " ".join(f"{name}={value}" for name, value in example["key"].items())
        assert f"e.g. {said}: carrier UA → AA: score {example['before']:.4g} → {example['after']:.4g}" in words
    assert words.count("e.g.") == sum(len(case["examples"]) for case in report["cases"] if case["verdict"] != "pass")
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.usefixtures("world")
def test_one_case_may_be_shown_alone() -> None:
    """By its name, with its own exit; a name that is none is refused with those that there are."""
    done = run("noise")
    assert (done.exit_code, done.output.count("✓")) == (0, 1)
    assert run("blind").exit_code == 1
    assert [case["name"] for case in json.loads(run("late", "--json").output)["cases"]] == ["late"]
    with pytest.raises(click.UsageError, match="no case is called nothing; there are: noise, missing_one"):
        run("nothing")


def test_a_case_without_rows_says_what_it_lacks(world: Path) -> None:
    """It is no pass, and its line says why."""
    report: dict[str, Any] = read_json(world / REPORT)
    lacking = {"verdict": "not enough evidence", "rows": 0, "share": None, "mean_move": None, "largest_move": None, "examples": []}
    lacking["far"] = {"beyond": 0.1, "share": None}
    report["cases"] = [{**report["cases"][-1], **lacking}]
    write_json(world / REPORT, report)
    done = run()
    assert done.exit_code == 1
    assert "? late: " in done.output
    assert "not enough evidence" in " ".join(done.output.split())


def test_a_case_that_fails_on_average_alone_says_so_first(world: Path) -> None:
    """No row of it breaks a claim of its own: the average is what is told first."""
    report: dict[str, Any] = read_json(world / REPORT)
    found = {"verdict": "fail", "violations": 0, "share": 0.0, "mean_move": 0.31, "on_average": 0.1, "examples": []}
    report["cases"] = [{**case, **found} for case in report["cases"] if case["name"] == "missing_one"]
    write_json(world / REPORT, report)
    said = " ".join(run().output.split())
    assert said.index("scores move by 0.310 on average, at most 0.1 is asked: this fails it") < said.index("rows break it")


def test_text_of_others_cannot_steer_the_terminal(world: Path) -> None:
    """Control characters, line ends and turns of direction in keys, values, claims, names and places are shown escaped."""
    report: dict[str, Any] = read_json(world / REPORT)
    example = {"key": {"id": "\x1b[2J"}, "class": "\x9b2J", "change": {"carrier": "\x07 → \x1b]0;x"}, "before": 0.1, "after": 0.2}
    hostile = {"name": "a\x1b[31m", "claim": "safe\n✓ other: \u202e [red]", "declared": "\x1b[1A:3", "examples": [example]}
    report["cases"] = [{**case, **hostile, "verdict": "fail"} for case in report["cases"][:1]]
    write_json(world / REPORT, report)
    for printed in (run().output, run("a\x1b[31m").output):
        words = " ".join(printed.split())
        assert r"✗ a\x1b[31m: safe\n✓ other: \u202e [red]" in words
        assert all(said in words for said in (r"declared in \x1b[1A:3", r"id=\x1b[2J", r"carrier \x07 → \x1b]0;x", r"score of \x9b2J"))
        assert not [character for character in printed if not (character.isprintable() or character == "\n")]
        assert not [line for line in printed.splitlines() if line.startswith("✓")]
    with pytest.raises(click.UsageError) as error:
        run("nothing")
    assert r"there are: a\x1b[31m" in str(error.value)


def test_a_score_that_is_none_is_counted(world: Path) -> None:
    """Its line says that no share of such rows is tolerated."""
    report: dict[str, Any] = read_json(world / REPORT)
    report["cases"] = [{**report["cases"][0], "verdict": "fail", "invalid": 7}]
    write_json(world / REPORT, report)
    assert "7 rows have a score that is none, which is never tolerated" in " ".join(run().output.split())


def test_no_case_is_no_pass(world: Path) -> None:
    """A report without a case says that nothing was tried, and the command fails."""
    write_json(world / REPORT, {"verdict": "not enough evidence", "failed": None, "rows": 0, "unit": 1.0, "cases": []})
    for arguments in ([], ["--json"]):
        assert run(*arguments).exit_code == 1
    assert "no case could be tried on 0 test rows: not enough evidence" in run().output
    with pytest.raises(click.UsageError, match="no case is called noise; there are: none"):
        run("noise")


SHAPE: dict[str, list[Any]] = {
    "rows": [None, "many", 1.5, True], "unit": [None, "1"], "cases": [None, {}, [3], "noise"],
    "cases.0": [None, [], "noise"],
    "cases.0.name": [None, 3], "cases.0.claim": [None, ["a"]], "cases.0.kind": [None, {}], "cases.0.declared": [None, 3],
    "cases.0.verdict": [None, "passed", ["pass"], {}], "cases.0.rows": [None, "2000", []], "cases.0.violations": [None, "0"],
    "cases.0.invalid": [None, "0"], "cases.0.share": [None, "0"], "cases.0.tolerated": [None, "0"], "cases.0.on_average": ["0", {}],
    "cases.0.mean_move": ["0", []], "cases.0.largest_move": ["0", {}], "cases.0.far": [None, [], 0.1],
    "cases.0.far.beyond": [None, "0"], "cases.0.far.share": [None, "0"], "cases.0.examples": [None, {}, [3], [None]],
    "cases.0.examples.0.key": [None, [], {"id": 3}], "cases.0.examples.0.class": [3, {}], "cases.0.examples.0.change": [None, "hour"],
    "cases.0.examples.0.before": ["0", {}], "cases.0.examples.0.after": ["0", []],
}  # fmt: skip


def edited(report: Any, path: str, value: Any, *, gone: bool = False) -> str:
    """Change what stands at the dotted path, or take it away; the last name of the path."""
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parts:
        report = report[part]
    if gone:
        del report[last]
    else:
        report[last] = value
    return str(last)


@pytest.mark.parametrize("path", SHAPE)
def test_a_report_of_another_shape_is_refused_with_the_key(path: str, world: Path) -> None:
    """Whatever is gone, null or of another type, in the list and for one case: an error of the project's files that names it."""
    failing: Any = read_json(world / REPORT)
    failing["cases"] = sorted(failing["cases"], key=lambda case: not case["examples"])
    name = failing["cases"][0]["name"]
    for value in [..., *SHAPE[path]]:
        report = json.loads(json.dumps(failing))
        key = edited(report, path, value, gone=value is ...)
        if key == "0" and value is ...:
            continue
        write_json(world / REPORT, report)
        for arguments in ([], [name], ["--json"]):
            with pytest.raises(ArtifactError, match=r"(?s)reports/stress\.json is not a report of stress: .*interlock run") as error:
                run(*arguments)
            assert key in str(error.value) or key == "0"
    write_json(world / REPORT, failing)
    assert run(name).exit_code == 1


def test_without_a_report_the_next_step_is_said(world: Path) -> None:
    """A report that is missing or damaged is an error of the project's files."""
    for damaged in (b"{", b"\xff", b"", b"[" * 100_000):
        (world / REPORT).write_bytes(damaged)
        with pytest.raises(ArtifactError, match=r"reports/stress\.json cannot be read.*\n.*interlock run"):
            run()
    for other in ("3", "[]", "null", "{}"):
        (world / REPORT).write_text(other)
        with pytest.raises(ArtifactError, match="is not a report of stress"):
            run()
    (world / REPORT).unlink()
    with pytest.raises(ArtifactError, match="interlock run"):
        run()
