"""`interlock gates`, on the small project."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from interlock.cli.gates import gates
from interlock.errors import ConfigError
from interlock.files import by_name, read_json
from tests.evaluation.world import PARAMS, say, world

__all__ = ["world"]
NEVER = {"metric": "test.auc", "min": 0.99, "why": "Nobody reaches it."}


def called(*words: str) -> Result:
    return CliRunner().invoke(gates, words)


def with_gates(world: Path, said: dict[str, Any]) -> None:
    say(world / "params.yaml", {**PARAMS, "gates": said})


def test_every_gate_is_explained_in_a_line_with_its_reason(world: Path) -> None:
    """What is asked, what was found and why it is asked, for each gate, and the verdict; it passes, so the exit is 0."""
    done = called()
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "verdict: pass")
    for gate in read_json(world / "reports/gates.json")["gates"]:
        assert any(line.startswith("✓ ") and gate["name"] in line and gate["words"] in line for line in done.output.splitlines())
        assert gate["why"] in done.output


def test_the_json_is_what_the_stage_reports(world: Path) -> None:
    """Verdict and gates as in reports/gates.json, less what binds them."""
    found, stage = json.loads(called("--json").output), read_json(world / "reports/gates.json")
    assert (found["verdict"], found["passed"]) == (stage["verdict"], stage["passed"])
    for name, gate in by_name(found["gates"]).items():
        other = by_name(stage["gates"])[name]
        assert (gate.keys(), gate["verdict"], gate["words"]) == (other.keys(), other["verdict"], other["words"])


def test_a_verdict_that_is_no_pass_exits_with_1(world: Path) -> None:
    """A gate that fails, one without evidence, or none at all."""
    for said, verdict in (
        ({"auc": NEVER}, "fail"),
        ({"auc": {**NEVER, "metric": "test.nothing"}}, "not enough evidence"),
        ({}, "not enough evidence"),
    ):
        with_gates(world, said)
        done = called()
        assert (done.exit_code, done.output.splitlines()[-1]) == (1, f"verdict: {verdict}")


@pytest.mark.usefixtures("world")
def test_all_mutants_are_killed_and_the_rate_is_told() -> None:
    """The candidate passes, each mutant is named with its killer, and the exit is 0."""
    done = called("--mutants")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "15 of 15 mutants killed"
    assert "✓ leaked outcome           killed by leak: " in done.output


def test_a_mutant_that_lives_exits_with_1(world: Path) -> None:
    """Without the gate on leaks its mutant lives, and is the only one."""
    with_gates(world, {name: gate for name, gate in PARAMS["gates"].items() if name != "leak"})
    done = called("--mutants", "--json")
    found = json.loads(done.output)
    assert (done.exit_code, found["killed"], found["of"], found["passed"]) == (1, 14, 15, False)
    assert [one["name"] for one in found["mutants"] if not one["killed"]] == ["leaked outcome"]


def test_gates_that_make_no_sense_are_refused(world: Path) -> None:
    """A gate without a bound is a mistake in conf, not a verdict."""
    with_gates(world, {"auc": {"metric": "test.auc", "why": "x"}})
    with pytest.raises(ConfigError, match=r"gates\.auc: a gate has exactly one"):
        CliRunner().invoke(gates, catch_exceptions=False)
