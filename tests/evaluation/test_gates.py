"""Gates fail closed."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.params import convert

WHY = "Because."
FINITE = st.floats(allow_nan=False, allow_infinity=False)
GOOD = {
    "auc": Gate("test.auc", WHY, min=0.7),
    "calibration": Gate("test.ece", WHY, max=0.05),
    "stress": Gate("failed", WHY, report="stress", max=0),
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
