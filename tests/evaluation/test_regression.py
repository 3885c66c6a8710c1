"""The metrics of a regression, against scikit-learn."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from interlock.evaluation.metrics import measure
from interlock.evaluation.ranks import Scores

EXACT = 1e-9
NUMBERS = st.sampled_from([0.0, 1.0, 1.0, -3.5, 7.25]) | st.floats(-100, 100, allow_subnormal=False)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60)
UNITS = st.sampled_from([1e-6, 1.0, 1e9])


def arrays(rows: list[tuple[float, float]], unit: float = 1.0) -> tuple[Scores, Scores]:
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, float) * unit, np.array(scores, float) * unit


@given(ROWS, UNITS)
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[float, float]], unit: float) -> None:
    """R², root mean squared and mean absolute error are scikit-learn's to 1e-9, in millionths and in billions alike."""
    labels, scores = arrays(rows, unit)
    found = measure("regression", labels, scores)
    assert found["rmse"] == pytest.approx(oracle.root_mean_squared_error(labels, scores), rel=EXACT)
    assert found["mae"] == pytest.approx(oracle.mean_absolute_error(labels, scores), rel=EXACT)
    assume(np.ptp(labels) > 1e-3 * unit)
    assert found["r2"] == pytest.approx(oracle.r2_score(labels, scores), rel=EXACT, abs=EXACT)


def test_metrics_of_a_fitted_model_equal_those_of_scikit_learn() -> None:
    """On the progress of diabetes that a line tells: R² and errors, the bias as a mean, and the calibration in numpy's deciles."""
    train, test, known, truth = train_test_split(*load_diabetes(return_X_y=True), random_state=1)
    scores = LinearRegression().fit(train, known).predict(test)
    found = measure("regression", truth, scores)
    assert found["r2"] == pytest.approx(oracle.r2_score(truth, scores), rel=EXACT)
    assert found["rmse"] == pytest.approx(oracle.root_mean_squared_error(truth, scores), rel=EXACT)
    assert found["bias"] == pytest.approx(float(np.mean(scores - truth)), rel=EXACT)
    assert found["mean"] == pytest.approx(float(np.mean(truth)), rel=EXACT)
    bins = np.searchsorted(np.percentile(scores, range(10, 100, 10)), scores)
    gaps = [abs(scores[bins == k].mean() - truth[bins == k].mean()) * (bins == k).mean() for k in range(10)]
    assert found["calibration_error"] == pytest.approx(sum(gaps), rel=EXACT)


@given(st.floats(-1e9, 1e9), st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_labels_that_are_all_the_same_have_no_r2(label: float, scores: list[float]) -> None:
    """What does not vary cannot be explained: None, where scikit-learn says 0 or 1; the errors are there."""
    found = measure("regression", np.full(len(scores), label), np.array(scores))
    assert found["r2"] is None
    assert all(value is not None and math.isfinite(value) for name, value in found.items() if name != "r2")


def test_the_bias_is_above_zero_where_scores_are_too_high() -> None:
    """Score less label: two too high on average."""
    assert measure("regression", np.array([1.0, 2.0]), np.array([2.0, 5.0]))["bias"] == 2.0


def test_no_rows_have_no_metrics() -> None:
    """Without rows every metric but their number is None."""
    found = measure("regression", np.zeros(0), np.zeros(0))
    assert found.pop("rows") == 0
    assert set(found.values()) == {None}


@given(ROWS, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows(rows: list[tuple[float, float]], random: Random) -> None:
    """Shuffled rows give the same bits."""
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert measure("regression", *arrays(shuffled)) == measure("regression", *arrays(rows))
