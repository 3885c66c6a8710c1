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
    report["cases"] = [{**report["cases"][-1], **lacking}]
    write_json(world / REPORT, report)
    done = run()
    assert done.exit_code == 1
    assert "? late: " in done.output
    assert "not enough evidence" in " ".join(done.output.split())


def test_text_from_the_data_cannot_steer_the_terminal(world: Path) -> None:
    """Control characters of keys and values are shown escaped."""
    report: dict[str, Any] = read_json(world / REPORT)
    example = {"key": {"id": "\x1b[2J"}, "class": None, "change": {"carrier": "\x07 → \x1b]0;x"}, "before": 0.1, "after": 0.2}
    report["cases"] = [{**case, "examples": [example]} for case in report["cases"]]
    write_json(world / REPORT, report)
    printed = run("blind").output
    assert r"\x1b[2J" in printed
    assert not [character for character in printed if not (character.isprintable() or character == "\n")]


def test_without_a_report_the_next_step_is_said(world: Path) -> None:
    """A report that is missing or damaged is an error of the project's files."""
    (world / REPORT).write_text("{")
    with pytest.raises(ArtifactError, match=r"reports/stress\.json cannot be read.*\n.*interlock run"):
        run()
    (world / REPORT).unlink()
    with pytest.raises(ArtifactError, match="interlock run"):
        run()
