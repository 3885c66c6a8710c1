"""Gates fail closed."""

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import params
from interlock.errors import ConfigError
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS, UNDECLARED
from interlock.modeling.task import Binary, Kind, Multiclass, Regression
from interlock.params import convert

WHY = "Because."
SAID = {"metric": "test.auc", "min": 0.5, "why": WHY}
CONF = Path(__file__).parents[2] / "conf/gates"
FINITE = st.floats(allow_nan=False, allow_infinity=False)
GOOD = {
    "auc": Gate("test.auc", WHY, min=0.7),
    "calibration": Gate("test.ece", WHY, max=0.05),
    "stress": Gate("failed", WHY, report="stress", max=0),
}
SURE: dict[str, Any] = {"test": {"auc": 0.75, "auc_low": 0.72, "auc_high": 0.78}}
GAINS: dict[str, Any] = {
    "gain": [
        {"name": "base_rate", "auc": {"gain": 0.25, "gain_low": 0.24}, "brier": {"gain": 0.02, "gain_low": 0.01}},
        {"name": "linear", "auc": {"gain": 0.02, "gain_low": 0.015}, "brier": {"gain": 0.005, "gain_low": -0.001}},
    ]
}
REPORTS: dict[str, Any] = {"metrics": {"test": {"auc": 0.75, "ece": 0.01}}, "stress": {"failed": 0}}


def flipped(gate: Gate) -> Gate:
    """The same bound from the other side, just out of reach."""
    value = (gate.min or 0) + (gate.max or 0)
    lower, upper = (None, value) if gate.min is not None else (value + 1e-9, None)
    return Gate(gate.metric, WHY, gate.report, min=lower, max=upper)


def test_a_candidate_within_every_bound_passes() -> None:
    """All gates pass, so the verdict is a pass; each says its margin and words."""
    found = judge(GOOD, REPORTS)
    assert (found["verdict"], found["passed"]) == (PASS, True)
    assert found["gates"]["auc"]["margin"] == pytest.approx(0.05)
    assert found["gates"]["auc"]["words"] == "test.auc is 0.75, at least 0.7 is asked: passes by 0.05"


@pytest.mark.parametrize("name", GOOD)
def test_a_flipped_bound_fails_the_candidate(name: str) -> None:
    """Whichever gate is turned around, that gate and with it the verdict fails."""
    gate = flipped(GOOD[name])
    value = {"auc": 0.75, "calibration": 0.01, "stress": 0}[name]
    assert not (gate.min or -math.inf) <= value <= (math.inf if gate.max is None else gate.max)
    found = judge({**GOOD, name: gate}, REPORTS)
    assert found["gates"][name]["verdict"] == found["verdict"] == FAIL
    assert not found["passed"]


@given(FINITE, FINITE)
def test_a_bound_is_inclusive_and_nothing_beyond_it_passes(value: float, bound: float) -> None:
    """`min` passes from the bound up, `max` up to it: exactly the order of the numbers, whatever the numbers."""
    reports = {"metrics": {"test": {"auc": value}}}
    assert judge({"g": Gate("test.auc", WHY, min=bound)}, reports)["passed"] == (value >= bound)
    assert judge({"g": Gate("test.auc", WHY, max=bound)}, reports)["passed"] == (value <= bound)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, True, "0.9", [0.9], {"value": 0.9}], ids=repr)
@pytest.mark.parametrize("gate", [Gate("test.auc", WHY, min=0.0), Gate("test.auc", WHY, max=1.0)], ids=["min", "max"])
def test_what_is_no_number_never_passes(value: Any, gate: Gate) -> None:
    """Null, NaN, an infinity, a Boolean, text or a structure is no evidence, from either side."""
    found = judge({"auc": gate}, {"metrics": {"test": {"auc": value}}})
    assert (found["verdict"], found["passed"]) == (LACKING, False)
    assert "is not in reports/metrics.json as a number" in found["gates"]["auc"]["words"]


def test_a_report_that_is_not_there_is_told_from_a_number_that_is_not() -> None:
    """The words say which of the two it is."""
    gate = Gate("failed", WHY, report="stress", max=0)
    assert judge({"g": gate}, {})["gates"]["g"]["words"] == "reports/stress.json is not there; failed of at most 0 is asked"
    assert "failed is not in reports/stress.json as a number" in judge({"g": gate}, {"stress": {}})["gates"]["g"]["words"]


PER = Gate("test.mae", WHY, max=0.5, per="test.rmse")


@pytest.mark.parametrize(
    ("test", "verdict", "judged"),
    [
        ({"mae": 2.0, "mae_high": 3.0, "rmse": 6.0}, PASS, 0.5),
        ({"mae": 2.0, "mae_high": 3.0, "rmse": 5.0}, FAIL, 0.6),
        ({"mae": 2.0, "rmse": 0.0}, LACKING, None),
        ({"mae": 2.0, "rmse": -1.0}, LACKING, None),
        ({"mae": 2.0, "rmse": None}, LACKING, None),
        ({"mae": 2.0}, LACKING, None),
        ({"mae": 1e300, "rmse": 1e-300}, LACKING, None),
    ],
    ids=str,
)
def test_a_ratio_is_judged_by_the_worse_end_over_its_divisor(test: dict[str, Any], verdict: str, judged: float | None) -> None:
    """What has a unit is bounded by what has the same one; a divisor that is missing or not above 0 is no evidence."""
    found = judge({"g": PER}, {"metrics": {"test": test}})["gates"]["g"]
    assert (found["verdict"], found["judged"]) == (verdict, judged)
    assert found["metric"] == "test.mae / test.rmse"


@pytest.mark.parametrize(
    ("part", "verdict"),
    [
        ({"declared": False, "auc": None}, UNDECLARED),
        ({"declared": True, "auc": None}, LACKING),
        ({"auc": None}, LACKING),
        ({"declared": True, "auc": 0.4}, FAIL),
    ],
    ids=str,
)
def test_a_gate_on_what_need_not_be_declared_says_so_where_it_is_not(part: dict[str, Any], verdict: str) -> None:
    """Where slices are declared it judges and fails closed; where none are, it is told, and neither passes nor fails."""
    gate = Gate("worst_slice.auc", WHY, min=0.5, if_declared=True)
    found = judge({**GOOD, "slices": gate}, {**REPORTS, "metrics": {**REPORTS["metrics"], "worst_slice": part}})
    assert found["gates"]["slices"]["verdict"] == verdict
    assert found["passed"] == (verdict == UNDECLARED)
    alone = judge({"slices": gate}, {"metrics": {"worst_slice": part}})
    assert not alone["passed"]
    strict = Gate("worst_slice.auc", WHY, min=0.5)
    assert judge({"slices": strict}, {"metrics": {"worst_slice": {"declared": False}}})["verdict"] == LACKING


@pytest.mark.parametrize("value", [10**400, [[1]], ["name"], [{"name": "auc"}, 3]], ids=lambda value: str(value)[:9])
def test_no_report_breaks_the_judge(value: Any) -> None:
    """A number that no float can hold, or a list where the path goes on, is no evidence, and raises nothing."""
    gates = {
        "auc": Gate("test.auc", WHY, min=0),
        "deeper": Gate("test.auc.more", WHY, max=0),
        "ratio": Gate("test.a", WHY, max=0, per="test.auc"),
    }
    found = judge(gates, {"metrics": {"test": {"auc": value, "a": 1}}})
    assert {one["verdict"] for one in found["gates"].values()} == {LACKING}


@pytest.mark.parametrize("reports", [{}, {"metrics": {}}, {"metrics": {"test": {}}}, {"metrics": {"test": 1}}, {"metrics": []}], ids=repr)
def test_a_missing_report_or_metric_never_passes(reports: dict[str, Any]) -> None:
    """Wherever the path breaks off, there is not enough evidence."""
    found = judge({"auc": Gate("test.auc", WHY, min=0)}, reports)
    assert (found["verdict"], found["passed"], found["gates"]["auc"]["value"]) == (LACKING, False, None)


def test_one_failure_outweighs_missing_evidence_and_both_outweigh_a_pass() -> None:
    """The verdict is the worst finding, and a failure is named as one."""
    lacking = Gate("test.nothing", WHY, min=0)
    assert judge({**GOOD, "lacking": lacking}, REPORTS)["verdict"] == LACKING
    assert judge({**GOOD, "lacking": lacking, "bad": Gate("test.auc", WHY, min=0.9)}, REPORTS)["verdict"] == FAIL


def test_no_gates_are_no_pass() -> None:
    """Nothing asked is nothing shown: the verdict is not enough evidence."""
    assert judge({}, REPORTS) == {"verdict": LACKING, "passed": False, "gates": {}}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"min": 0.5, "max": 0.9},
        {"min": math.nan},
        {"max": math.inf},
        {"min": "high"},
        {"min": True},
        {"min": 10**400},
        {"max_drop": -0.1, "against": "champion"},
        {"min_gain": 0.1, "against": "everyone"},
        {"min_gain": 0.1, "against": "baseline", "metric": "validation.auc"},
        {"min_gain": 0.1, "against": "baseline", "report": "fairness"},
        {"min_gain": 0.1, "against": "baseline", "per": "test.rmse"},
        {"min": 0.5, "why": ""},
        {"min": 0.5, "report": "rumours"},
        {"min": 0.5, "minimum": 0.5},
    ],
    ids=repr,
)
def test_a_gate_without_one_finite_bound_and_a_reason_is_refused(said: dict[str, Any]) -> None:
    """No bound, two, one that nothing reaches, no reason, an unknown report or key: refused by the gate's name."""
    with pytest.raises(ConfigError, match=r"gates\.auc|`auc`"):
        convert({"auc": {"metric": "test.auc", "why": WHY, **said}}, Gates, "gates")


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a.b", "-auc", "auc\n", "x\nverdict: pass", "\x1b[2J", "\u202eauc", "a;b", "$(id)", "ауc", 2024, True, None, 1.5],
    ids=repr,
)
def test_a_gate_is_named_by_a_word(name: Any) -> None:
    """Letters, digits, _ and -: nothing that a terminal or a shell obeys, and no number; the error is of one line, and says which it is."""
    with pytest.raises(ConfigError) as raised:
        convert({"auc": SAID, name: SAID}, Gates, "gates")
    assert raised.value.found.startswith("params.yaml: gates.")
    assert "\n" not in raised.value.found
    assert ("a name must be text, found" if not isinstance(name, str) else "not a name that may stand here") in raised.value.found
    assert repr(name)[1:-1] in raised.value.found
    assert convert({"auc-2_B": SAID, "2024": SAID}, Gates, "gates").keys() == {"auc-2_B", "2024"}


@pytest.mark.parametrize("said", [{"metric": "test.auc_high"}, {"metric": "test.auc_low"}, {"per": "test.rmse_high"}], ids=str)
@pytest.mark.parametrize("bound", [{"min": 0.5}, {"max": 0.5}, {"min_gain": 0.1, "against": "baseline"}], ids=str)
def test_an_end_of_an_interval_is_no_metric(said: dict[str, str], bound: dict[str, Any]) -> None:
    """The better end would be judged alone: refused with the metric to name instead."""
    (end,) = said.values()
    with pytest.raises(ConfigError, match=rf"gates\.g: {end} is one end of an interval: say {end.rpartition('_')[0]}, "):
        convert({"g": {"metric": "test.auc", "why": WHY, **bound, **said}}, Gates, "gates")


@pytest.mark.parametrize(
    ("gate", "verdict", "margin"),
    [
        (Gate("test.auc", WHY, min=0.72), PASS, 0.0),
        (Gate("test.auc", WHY, min=0.73), FAIL, -0.01),
        (Gate("test.auc", WHY, max=0.78), PASS, 0.0),
        (Gate("test.auc", WHY, max=0.77), FAIL, -0.01),
    ],
    ids=str,
)
def test_a_metric_with_an_interval_is_judged_by_its_worse_end(gate: Gate, verdict: str, margin: float) -> None:
    """`min` asks the lower end, `max` the upper one; the value itself, which is better, does not save it."""
    found = judge({"auc": gate}, {"metrics": SURE})["gates"]["auc"]
    assert (found["verdict"], found["value"]) == (verdict, 0.75)
    assert found["margin"] == pytest.approx(margin)


@given(FINITE, FINITE, FINITE)
def test_no_interval_makes_a_gate_easier(value: float, end: float, bound: float) -> None:
    """Whatever the end says, a gate passes with it exactly where both the end and the value keep the bound."""
    low, high = {"auc": value, "auc_low": end}, {"auc": value, "auc_high": end}
    assert judge({"g": Gate("test.auc", WHY, min=bound)}, {"metrics": {"test": low}})["passed"] == (min(value, end) >= bound)
    assert judge({"g": Gate("test.auc", WHY, max=bound)}, {"metrics": {"test": high}})["passed"] == (max(value, end) <= bound)


def test_an_end_that_is_null_is_not_enough_evidence() -> None:
    """Too few rows for an interval: the value alone does not pass."""
    found = judge({"auc": Gate("test.auc", WHY, min=0.5)}, {"metrics": {"test": {"auc": 0.9, "auc_low": None, "auc_high": None}}})
    assert found["verdict"] == LACKING


@pytest.mark.parametrize(
    ("gate", "verdict", "value"),
    [
        (Gate("test.auc", WHY, min_gain=0.015, against="baseline"), PASS, 0.02),
        (Gate("test.auc", WHY, min_gain=0.016, against="baseline"), FAIL, 0.02),
        (Gate("test.brier", WHY, min_gain=0.0, against="baseline"), FAIL, 0.005),
        (Gate("test.brier", WHY, max_drop=0.001, against="baseline"), PASS, 0.005),
        (Gate("test.ece", WHY, min_gain=0.0, against="baseline"), LACKING, None),
    ],
    ids=str,
)
def test_a_gain_is_judged_by_its_lower_end_against_the_baseline_that_is_hardest_to_beat(gate: Gate, verdict: str, value: float) -> None:
    """Of all baselines the smallest gain counts, by the lower end of its interval; a metric that no baseline has is no evidence."""
    found = judge({"gain": gate}, {"metrics": GAINS})["gates"]["gain"]
    assert (found["verdict"], found["value"]) == (verdict, value)


@pytest.mark.parametrize(
    "gain",
    [None, [], {"auc": {"gain": 0.5, "gain_low": 0.4}}, [None], [{"name": "linear", "auc": {"gain": 0.5, "gain_low": None}}], [0.5]],
    ids=repr,
)
def test_a_gain_that_is_not_told_never_passes(gain: Any) -> None:
    """No baselines, none with the metric, or one without an interval: not enough evidence."""
    found = judge({"gain": Gate("test.auc", WHY, min_gain=-9, against="baseline")}, {"metrics": {"gain": gain}})
    assert (found["verdict"], found["passed"]) == (LACKING, False)


def test_what_is_asked_against_a_champion_waits_for_the_release() -> None:
    """It is listed, neither passes nor fails, and alone it is no pass."""
    gate = Gate("test.auc", WHY, max_drop=0.002, against="champion")
    found = judge({**GOOD, "champion": gate}, REPORTS)
    assert (found["verdict"], found["gates"]["champion"]["verdict"]) == (PASS, LATER)
    assert found["gates"]["champion"]["words"] == "test.auc: a drop of at most 0.002 against the champion is asked, and judged at release"
    assert not judge({"champion": gate}, REPORTS)["passed"]


@pytest.mark.parametrize("said", [{"min": 0.5, "against": "baseline"}, {"min_gain": 0.5}, {"max_drop": 0.1, "min": 1}, {}], ids=str)
def test_a_bound_that_means_nothing_is_refused(said: dict[str, Any]) -> None:
    """Exactly one bound; `against` with a gain or a drop, and with nothing else."""
    with pytest.raises(ConfigError, match=r"gates\.g: (a gate has exactly one|against goes with)"):
        convert({"g": {"metric": "test.auc", "why": WHY, **said}}, Gates, "gates")


@pytest.mark.parametrize(("kind", "task"), [("binary", Binary), ("multiclass", Multiclass), ("regression", Regression)])
def test_a_new_use_case_begins_with_gates_that_are_closed(kind: str, task: type[Kind]) -> None:
    """The gates of a kind ask for its headline metric, alone, by slice (of a regression the error), of a feature alone, and against both; without reports none passes."""
    found = default(kind)
    asked = {name: gate.metric.rpartition(".")[2] for name, gate in found.items() if name in {"slices", "leak", "gain", "champion"}}
    assert asked == {**dict.fromkeys(asked, task.headline), "slices": "rmse" if kind == "regression" else task.headline}
    assert found[task.headline].metric == f"test.{task.headline}"
    assert {gate.against for gate in found.values()} == {None, "baseline", "champion"}
    assert {one["verdict"] for one in judge(found, {})["gates"].values()} == {LACKING, LATER}


def test_what_is_common_to_all_kinds_is_said_once() -> None:
    """The gates that no kind says for itself stand in one file, and each kind includes it."""
    kinds = [params.read_yaml(CONF / f"{kind}.yaml") for kind in ("binary", "multiclass", "regression")]
    every = params.read_yaml(CONF / "every.yaml")
    assert all(said["defaults"] == ["every", "_self_"] for said in kinds)
    assert not any(every.keys() & said.keys() for said in kinds)


def default(kind: str) -> Gates:
    said = {name: gate for file in ("every", kind) for name, gate in params.read_yaml(CONF / f"{file}.yaml").items() if name != "defaults"}
    gates: Gates = convert(said, Gates, "gates")
    return gates


def test_a_small_world_asks_less_of_the_use_case_that_says_so_and_of_no_other(tmp_path: Path) -> None:
    """What flights ask in their small world is theirs alone: another use case, of any kind, is composed with it as without it."""
    from dvc.utils.hydra import compose_and_dump

    asked: dict[str, Gates] = {}
    shutil.copytree(CONF.parent, tmp_path / "conf")
    (tmp_path / "conf/gates/houses.yaml").write_text("defaults: [regression, _self_]\n")
    (tmp_path / "conf/usecase/houses.yaml").write_text("name: houses\nsmall: {}\n")
    for usecase in ("flights", "employment", "houses"):
        for world, chosen in (("full", []), ("small", ["experiment=small"])):
            compose_and_dump(tmp_path / f"{usecase}.{world}", str(tmp_path / "conf"), None, "config", "", [f"usecase={usecase}", *chosen])
            asked[f"{usecase}.{world}"] = convert(params.read_yaml(tmp_path / f"{usecase}.{world}")["gates"], Gates, "gates")
    assert asked["flights.full"]["auc"].min == 0.73
    assert asked["flights.small"]["auc"].min == 0.6
    assert (asked["employment.full"]["auc"].min, asked["employment.small"]["auc"].min) == (0.84, 0.82)
    assert asked["houses.full"] == asked["houses.small"]
