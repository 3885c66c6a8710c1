"""The calibration curve of every kind of task, and its intervals."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interlock.evaluation.metrics import TABLE, measure
from interlock.evaluation.reliability import CALIBRATION, normal, wilson

RANDOM = np.random.default_rng(3)
SHARES = RANDOM.dirichlet(np.ones(3), 3000)
CHANCES = RANDOM.random(3000)
CASES: dict[str, Any] = {
    "binary": (RANDOM.random(3000) < CHANCES, np.round(CHANCES, 2)),
    "multiclass": ((SHARES.cumsum(axis=1) < RANDOM.random((3000, 1))).sum(axis=1), SHARES),
    "regression": (CHANCES * 10 + RANDOM.normal(0, 1, 3000), CHANCES * 10),
}
ERROR = {"binary": "ece", "multiclass": "ece", "regression": "calibration_error"}


def test_every_kind_of_task_has_a_curve() -> None:
    """A new kind of task needs its entry here."""
    assert set(CALIBRATION) == set(TABLE) == set(CASES)


@pytest.mark.parametrize("kind", CASES)
def test_the_curve_holds_every_row_and_the_calibration_error(kind: str) -> None:
    """Its rows add up to all, and its gaps, weighted, to the kind's calibration error; `perfect` is the diagonal."""
    labels, scores = CASES[kind]
    found = CALIBRATION[kind](labels, scores)
    assert len(found) == 10
    assert sum(point["rows"] for point in found) == 3000
    gaps = sum(abs(point["observed"] - point["predicted"]) * point["rows"] for point in found)
    assert gaps / 3000 == pytest.approx(measure(kind, labels, scores)[ERROR[kind]], abs=1e-12)
    assert all(point["perfect"] == point["predicted"] for point in found)


@pytest.mark.parametrize("kind", CASES)
def test_what_was_seen_lies_within_its_interval_and_what_is_true_mostly(kind: str) -> None:
    """Of scores that are the very chances, or means, nine bins of ten or all hold what was predicted."""
    found = CALIBRATION[kind](*CASES[kind])
    assert all(point["observed_low"] < point["observed"] < point["observed_high"] for point in found)
    assert sum(point["observed_low"] <= point["predicted"] <= point["observed_high"] for point in found) >= 9


@given(st.integers(1, 500).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_a_share_has_wilsons_interval(said: tuple[int, int]) -> None:
    """As SciPy computes it, 0 and 1 exact where no row or every row is positive."""
    low, high = wilson(*said)
    expected = stats.binomtest(*said).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= said[0] / said[1] <= high <= 1
    assert (low == 0, high == 1) == (said[0] == 0, said[0] == said[1])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_a_mean_has_the_normal_interval(values: list[float]) -> None:
    """The mean and 1.96 standard errors, as SciPy computes both; a single value has none."""
    low, high = normal(np.array(values))
    error = stats.sem(values)
    expected = np.mean(values) + stats.norm.ppf([0.025, 0.975]) * (error if math.isfinite(error) else 0)
    assert (low, high) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-6)
    assert normal(np.array(values[:1])) == (None, None)


@pytest.mark.parametrize("kind", CASES)
def test_no_row_has_no_curve_and_one_row_a_point(kind: str) -> None:
    """Without rows there is nothing; of one the share has an interval, and the mean none."""
    labels, scores = CASES[kind]
    assert CALIBRATION[kind](labels[:0], scores[:0]) == []
    (point,) = CALIBRATION[kind](labels[:1], scores[:1])
    assert point["rows"] == 1
    assert (point["observed_low"] is None) == (kind == "regression")
