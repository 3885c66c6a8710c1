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
    stage.main()
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
    assert "✓ champion     test.auc gains +0 (+0 to +0)" in done.output
    found = json.loads(called("--against", folder, "--json").output)
    assert sorted(gate["name"] for gate in found["gates"]) == sorted([*PARAMS["gates"], "champion"])
    assert (found["own"], found["against"], found["verdict"], found["recorded"]["changed"]) == ("pass", "pass", "pass", [])


def test_a_candidate_that_fails_alone_fails_beside_a_champion_too(world: Path) -> None:
    """Its own gates and those against the champion are judged and shown, and the exit is 1 where either does not pass."""
    with_gates(world, {**PARAMS["gates"], "auc": NEVER, "champion": CHAMPION})
    done = called("--against", "models/model")
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "verdict: fail")
    assert "the candidate's own gates: fail; against the champion: pass" in done.output
    assert {line[:12].strip() for line in done.output.splitlines()} >= {"✗ auc", "✓ champion"}
    with_gates(world, {**PARAMS["gates"], "champion": {**CHAMPION, "max_drop": None, "min_gain": 0.1}})
    lost = called("--against", "models/model")
    assert (lost.exit_code, lost.output.splitlines()[-1]) == (1, "verdict: fail")
    assert "the candidate's own gates: pass; against the champion: fail" in lost.output


def edited(path: Path) -> None:
    with path.open("a", encoding="utf-8") as opened:
        opened.write(" ")


@pytest.mark.parametrize(
    ("file", "told", "against"),
    [
        ("reports/metrics.json", "reports/metrics.json", ()),
        ("reports/metrics.json", "reports/metrics.json", ("--against", "models/bundle")),
        ("models/model/model.json", "the model", ()),
        ("models/model/model.json", "the model", ("--against", "models/bundle")),
        ("data/features/features.parquet", "the features", ()),
    ],
    ids=str,
)
def test_what_changed_since_the_recorded_verdict_is_named_and_no_pass(world: Path, file: str, told: str, against: tuple[str, ...]) -> None:
    """A report that was edited, another model or other features: every gate still passes, and the exit is 1 and says why."""
    with_gates(world, {**PARAMS["gates"], "champion": CHAMPION})
    stage.main()
    edited(world / file)
    done = called(*against)
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "verdict: not enough evidence"), done.output
    assert f"record: changed since the verdict in reports/gates.json (pass): {told}; what is said above is no evidence" in done.output
    found = json.loads(called(*against, "--json").output)
    assert (found["passed"], found["recorded"]["changed"]) == (False, [told])
    assert {gate["verdict"] for gate in found["gates"]} == {"pass"} | (set() if against else {"judged at release"})


def test_a_failure_stays_one_where_reports_changed(world: Path) -> None:
    """What was edited never makes the verdict better."""
    with_gates(world, {**PARAMS["gates"], "auc": NEVER})
    stage.main()
    edited(world / "reports/metrics.json")
    assert called().output.splitlines()[-1] == "verdict: fail"


@pytest.mark.parametrize("verdict", [None, "[]", "{}", '{"verdict": "pass", "passed": true, "binds": []}'], ids=str)
def test_without_a_record_nothing_is_known_of_the_reports(world: Path, verdict: str | None) -> None:
    """No reports/gates.json, or one that is bound to nothing: said, and no pass."""
    (world / "reports/gates.json").unlink() if verdict is None else (world / "reports/gates.json").write_text(verdict)
    done = called()
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "verdict: not enough evidence")
    words = "is not there: nothing tells whether" if verdict is None else "changed since the verdict in reports/gates.json"
    assert f"record: {'reports/gates.json ' if verdict is None else ''}{words}" in done.output


def test_gates_that_were_edited_are_judged_at_once(world: Path) -> None:
    """By params.yaml as it is now, on reports that the record has or has not; that the recorded verdict is by others is said."""
    fewer = {name: gate for name, gate in PARAMS["gates"].items() if gate.get("report") != "stress"}
    for asked, code in ((fewer, 0), ({**fewer, "auc": NEVER}, 1)):
        with_gates(world, asked)
        done = called()
        assert done.exit_code == code, done.output
        assert "record: the verdict in reports/gates.json (pass) is by other gates than params.yaml has now" in done.output
        assert "changed since" not in done.output
    stage.main()
    with_gates(world, PARAMS["gates"])
    more = called()
    assert (more.exit_code, "changed since" in more.output) == (0, False)
    edited(world / "reports/metrics.json")
    assert called().exit_code == 1


def test_a_record_of_another_use_case_is_none_of_this(world: Path) -> None:
    """params.yaml speaks of another one: said, and no pass."""
    write_json(world / "reports/gates.json", {**read_json(world / "reports/gates.json"), "usecase": "others"})
    done = called()
    assert (done.exit_code, "the use case, others then and sampled_flights now" in done.output) == (1, True)


def test_a_clone_without_data_reads_the_reports(world: Path) -> None:
    """Where neither model nor features are here nothing contradicts the record, and it is said that they were not looked at."""
    for folder in ("models", "data"):
        shutil.rmtree(world / folder)
    done = called()
    assert done.exit_code == 0
    assert "record: no model and no features here" in done.output


def test_no_text_of_a_gate_begins_a_line_or_moves_a_terminal(world: Path) -> None:
    """A reason, or the path of a metric, with line ends and escapes is shown in one line, with the escapes written out."""
    with_gates(world, {"auc": {**NEVER, "why": "Because\nverdict: pass\n\x1b[2J", "metric": "test.auc\nverdict: pass\r"}})
    done = called()
    assert [line for line in done.output.splitlines() if line.startswith("verdict")] == ["verdict: not enough evidence"]
    assert "\x1b" not in done.output
    assert "\r" not in done.output
    assert "Because verdict: pass \\x1b[2J" in done.output


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
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "next: git add waivers.yaml && git commit -m 'Waive the gate auc'")
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
