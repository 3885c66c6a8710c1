"""`interlock gates`, on the small project."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from interlock.cli.gates import gates
from interlock.cli.gates_waive import today
from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import waivers
from interlock.files import by_name, read_json, sha256, write_json
from stages import gate as stage
from tests.evaluation.world import PARAMS, say, world

__all__ = ["world"]
NEVER = {"metric": "test.auc", "min": 0.99, "why": "Nobody reaches it."}
CHAMPION = {"metric": "test.auc", "max_drop": 0.005, "against": "champion", "why": "No step back."}


def called(*words: str) -> Result:
    return CliRunner().invoke(gates, words)


def failing(*words: str) -> str:
    """What a call says that ends with an error of this project."""
    error = called(*words).exception
    assert isinstance(error, ConfigError | ArtifactError), error
    return str(error)


def with_gates(world: Path, said: dict[str, Any]) -> None:
    say(world / "params.yaml", {**PARAMS, "gates": said})


def waived(gate: str, **said: str) -> list[str]:
    day = (today() + timedelta(30)).isoformat()
    words = {"reason": "Winter only", "owner": "data-team", "until": day, **said}
    return ["--waive", gate, *(word for name, text in words.items() for word in (f"--{name}", text))]


def test_every_gate_is_explained_in_a_line_with_its_reason(world: Path) -> None:
    """What is asked, what was found and why it is asked, for each gate, and the verdict; it passes, so the exit is 0."""
    done = called()
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "verdict: pass")
    for gate in read_json(world / "reports/gates.json")["gates"]:
        assert any(line.startswith("✓ ") and gate["name"] in line and gate["words"] in line for line in done.output.splitlines())
        assert gate["why"] in done.output


def test_the_worst_stands_first_and_the_next_step_last(world: Path) -> None:
    """Failures, then missing evidence, then what is not judged, then passes; what can be done stands before the verdict."""
    asked = {**PARAMS["gates"], "gone": {**NEVER, "metric": "test.x"}, "high": NEVER, "later": CHAMPION}
    with_gates(world, asked)
    lines = called().output.splitlines()
    assert [line.split()[1] for line in lines if line[0] in "✗·✓"][:3] == ["high", "gone", "later"]
    assert [line.partition(":")[0] for line in lines[-3:]] == ["next", "next", "verdict"]
    assert "interlock gates --waive gone" in lines[-2]


def test_the_json_is_what_the_stage_reports(world: Path) -> None:
    """Verdict and gates as in reports/gates.json, less what binds them."""
    found, stage = json.loads(called("--json").output), read_json(world / "reports/gates.json")
    assert (found["verdict"], found["passed"], found["waivers"]) == (stage["verdict"], stage["passed"], [])
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


def test_a_gate_on_slices_is_told_where_none_are_declared(world: Path) -> None:
    """It neither passes nor fails, says that nothing is declared, and how to declare it."""
    metrics = read_json(world / "reports/metrics.json")
    write_json(world / "reports/metrics.json", {**metrics, "worst_slice": {"declared": False, "slice": None, "auc": None}})
    with_gates(world, {**PARAMS["gates"], "slices": {**PARAMS["gates"]["slices"], "if_declared": True}})
    done = called()
    assert done.exit_code == 0
    assert "· slices       worst_slice.auc: at least 0.45 is asked, and the use case declares nothing that it could be of" in done.output
    assert "next: declare what slices is about in conf/usecase/" in done.output


@pytest.mark.parametrize("folder", ["models/model", "models/bundle"])
def test_the_candidate_meets_a_champion(world: Path, folder: str) -> None:
    """From the folder of a model or a bundle; itself it is no worse than, and the gates against a champion are judged."""
    with_gates(world, {**PARAMS["gates"], "champion": CHAMPION})
    done = called("--against", folder)
    assert done.exit_code == 0, done.output
    assert "on 8717 test rows, by auc, the candidate is: no difference that can be told" in done.output
    assert "✓ champion  test.auc gains +0 (+0 to +0)" in done.output
    found = json.loads(called("--against", folder, "--json").output)
    assert [gate["name"] for gate in found["gates"]] == ["champion"]


def test_without_a_gate_against_a_champion_nothing_passes(world: Path) -> None:
    """The comparison is shown, and the exit is 1: nobody asked."""
    done = called("--against", "models/model")
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "verdict: not enough evidence")
    assert (world / "models/model").is_dir()


def test_what_is_no_champion_is_refused(world: Path) -> None:
    """A folder without a model, an altered bundle, or none at all."""
    assert "data holds neither manifest.json nor model.json" in failing("--against", "data")
    shutil.copytree(world / "models/bundle", world / "champion")
    (world / "champion/card.md").write_text("better")
    assert "champion/card.md was altered" in failing("--against", "champion")
    assert "'nowhere' names no version of" in failing("--against", "nowhere")


def test_a_waiver_is_written_and_told_beside_its_gate(world: Path) -> None:
    """For the very model of the verdict, with the next command; the verdict stays a fail, and only another model ends the waiver."""
    with_gates(world, {**PARAMS["gates"], "auc": NEVER})
    stage.main()
    done = called(*waived("auc"))
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, 'next: git add waivers.yaml && git commit -m "Waive the gate auc"')
    (written,) = waivers.read()
    assert (written.gate, written.model) == ("auc", sha256(world / "models/model/model.json"))
    shown = called()
    assert (shown.exit_code, shown.output.splitlines()[-1]) == (1, "verdict: fail")
    assert "a release today would count it: waived until" in shown.output
    (told,) = json.loads(called("--json").output)["waivers"]
    assert (told["name"], told["counts"]) == ("auc", True)
    with (world / "models/model/model.json").open("a") as opened:
        opened.write(" ")
    assert "its waiver is for another model" in called().output


def test_what_cannot_be_waived_is_refused(world: Path) -> None:
    """A gate that passes or is unknown, a verdict on another candidate, or options that lack their others: nothing is written."""
    with_gates(world, {**PARAMS["gates"], "auc": NEVER})
    assert "is the verdict on another candidate: gates changed since" in failing(*waived("auc"))
    stage.main()
    assert "gate leak did not fail" in failing(*waived("leak"))
    assert "there is no gate 'beauty'" in failing(*waived("beauty"))
    assert "the waiver's reason must be words" in failing(*waived("auc", reason=" "))
    assert "the waiver's expires must be a day" in failing(*waived("auc", until="soon"))
    assert "ends in the past" in failing(*waived("auc", until="2001-01-01"))
    for words in (["--waive", "auc"], ["--reason", "x"], ["--mutants", *waived("auc")]):
        assert called(*words).exit_code == 2
    (world / "reports/gates.json").unlink()
    assert "does not say which model" in failing(*waived("auc"))
    assert not (world / "waivers.yaml").exists()


def test_a_gate_against_a_champion_is_waived_where_they_meet(world: Path) -> None:
    """It fails only there: with --against it can be waived, without it did not fail."""
    with_gates(world, {**PARAMS["gates"], "champion": {**CHAMPION, "max_drop": None, "min_gain": 0.1}})
    stage.main()
    assert "gate champion did not fail (judged at release)" in failing(*waived("champion"))
    assert called("--against", "models/model", *waived("champion")).exit_code == 0
    assert "a release today would count it" in called("--against", "models/model").output


def test_all_mutants_are_killed_and_the_rate_is_told(world: Path) -> None:
    """The candidate passes, each mutant is named with its killer, what is not tried with the reason, and the exit is 0."""
    with_gates(world, {**PARAMS["gates"], "champion": CHAMPION})
    done = called("--mutants")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "23 of 23 mutants killed, 1 not tried"
    assert "✓ leaked outcome           killed by leak: " in done.output
    assert "· id in two splits         not tried: " in done.output


def test_a_mutant_that_lives_exits_with_1_and_stands_first(world: Path) -> None:
    """Without the gates on leaks and on a champion their mutants live, and are the only ones."""
    with_gates(world, {name: gate for name, gate in PARAMS["gates"].items() if name != "leak"})
    done = called("--mutants", "--json")
    found = json.loads(done.output)
    assert (done.exit_code, found["killed"], found["of"], found["passed"]) == (1, 20, 23, False)
    assert [one["name"] for one in found["mutants"] if one["killed"] is False] == [
        "worse candidate",
        "champion on one row",
        "leaked outcome",
    ]


def test_gates_that_make_no_sense_are_refused(world: Path) -> None:
    """A gate without a bound is a mistake in conf, not a verdict."""
    with_gates(world, {"auc": {"metric": "test.auc", "why": "x"}})
    with pytest.raises(ConfigError, match=r"gates\.auc: a gate has exactly one"):
        CliRunner().invoke(gates, catch_exceptions=False)
