"""Gates fail closed."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS
from interlock.params import convert

WHY = "Because."
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
    """Whatever the end says, a gate passes with it exactly where the end keeps the bound."""
    low, high = {"auc": value, "auc_low": end}, {"auc": value, "auc_high": end}
    assert judge({"g": Gate("test.auc", WHY, min=bound)}, {"metrics": {"test": low}})["passed"] == (end >= bound)
    assert judge({"g": Gate("test.auc", WHY, max=bound)}, {"metrics": {"test": high}})["passed"] == (end <= bound)


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
