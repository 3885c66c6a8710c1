"""The linear baseline."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from interlock.modeling import linear
from interlock.modeling.design import FURTHEST, STEPS, Centred, design
from interlock.modeling.task import Multiclass, Regression
from tests.modeling.lines import TASK, fitted, split

if TYPE_CHECKING:
    from tests.modeling.examples import Example

ROOT = Path(__file__).parents[2]
NUMBERS = st.none() | st.integers(-3, 3).map(float) | st.floats(-1e300, 1e300) | st.sampled_from([float("nan"), float("inf")])


def test_it_is_ridge_regression_of_the_labels() -> None:
    """Scikit-learn's ridge on the same columns, with the same penalty, ranks and scores alike: weights differ by less than 1e-6."""
    train, validation = split()
    found = linear.fit(train, validation, TASK)
    columns = design(found.features, train[0])[:, 1:] / STEPS
    oracle = Ridge(alpha=linear.RIDGE * len(columns), solver="cholesky").fit(columns, train[1])
    weights = np.array(found.weights[0]) / linear.WEIGHT
    assert weights[1:] == pytest.approx(oracle.coef_, abs=1e-6)
    assert weights[0] == pytest.approx(oracle.intercept_, abs=1e-6)


@pytest.mark.parametrize("spread", [5e-324, 1e-9, 1.0])
def test_what_is_beyond_all_numbers_is_at_the_furthest(spread: float) -> None:
    """A value so far from the centre, in units so small, that no float holds the distance becomes the greatest step, without a warning."""
    steps, missing = Centred("x", 0.0, spread).columns(pl.Series([1e308, -1e308, 0.0, None]))
    assert steps.tolist() == [FURTHEST * STEPS, -FURTHEST * STEPS, 0.0, 0.0]
    assert missing.tolist() == [0.0, 0.0, 0.0, STEPS]


def test_it_ranks_about_as_a_model_does_that_knows_lines_alone(example: "Example") -> None:
    """On validation rows it is far better than a coin, and its scores are probabilities in every sense of calibration."""
    labels = example.validation.label.cast(pl.Float64).to_numpy()
    scores = example.trained.baselines.linear.score(example.validation.features)
    assert roc_auc_score(labels, scores) > 0.6
    assert scores.mean() == pytest.approx(labels.mean(), abs=0.01)
    assert ((scores > 0) & (scores < 1)).all()


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["a", "b", None]), st.booleans()), min_size=4, max_size=30))
def test_any_column_is_borne(rows: list[tuple[float | None, str | None, bool]]) -> None:
    """Constant, missing, infinite and huge values: whole numbers, finite weights, and a probability for each row in any order."""
    frame = pl.DataFrame([(x, t) for x, t, _ in rows], schema={"x": pl.Float64, "t": pl.String}, orient="row")
    labels = np.array([float(label) for _, _, label in rows])
    found = linear.fit((frame, labels), (frame, labels), TASK)
    columns = design(found.features, frame)
    assert (columns == np.rint(columns)).all()
    assert np.abs(columns).max() <= 2 * STEPS
    scores = found.score(frame)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (found.score(frame.reverse()) == scores[::-1]).all()
    assert (found.score(frame[:1]) == scores[:1]).all()


def test_a_level_that_is_new_counts_for_nothing() -> None:
    """A text that was not among the levels scores as one that is missing."""
    train, validation = split()
    found = linear.fit(train, validation, TASK)
    frame = train[0].head(50)
    unseen, missing = (frame.with_columns(carrier=pl.lit(value, pl.String)) for value in ("never seen", None))
    assert (found.score(unseen) == found.score(missing)).all()


def test_of_several_classes_each_has_the_line_of_its_own_ridge() -> None:
    """Scikit-learn's ridge of whether a row is of the class, for each: one matrix of products serves all."""
    train, validation = split()
    codes = np.digitize(train[0]["distance"].to_numpy() + 400 * train[1], [500, 1200])
    found = linear.fit((train[0], codes), (train[0], codes), Multiclass(("near", "middle", "far")))
    columns = design(found.features, train[0])[:, 1:] / STEPS
    for place, weights in enumerate(found.weights):
        oracle = Ridge(alpha=linear.RIDGE * len(columns), solver="cholesky").fit(columns, codes == place)
        assert np.array(weights) / linear.WEIGHT == pytest.approx([oracle.intercept_, *oracle.coef_], abs=1e-6)
    scores = found.score(validation[0])
    assert scores.shape == (validation[0].height, 3)
    assert np.abs(scores.sum(axis=1) - 1).max() < 3e-15


@pytest.mark.parametrize(("unit", "offset"), [(1.0, 0.0), (1e-12, 0.0), (1e12, 0.0), (1e25, -3e25), (0.001, 50.0)])
def test_a_line_of_numbers_is_ridge_regression_at_any_magnitude(unit: float, offset: float) -> None:
    """Scikit-learn's ridge on the same columns, cut at the least and the greatest label, to a part in ten thousand of their range."""
    train, validation = split()
    labels = (train[0]["distance"].to_numpy() * 0.01 + train[1]) * unit + offset
    found = linear.fit((train[0], labels), (validation[0], validation[1]), Regression("m"))
    columns, other = (design(found.features, frame)[:, 1:] / STEPS for frame in (train[0], validation[0]))
    oracle = Ridge(alpha=linear.RIDGE * len(columns), solver="cholesky").fit(columns, (labels - offset) / unit)
    expected = np.clip(oracle.predict(other) * unit + offset, labels.min(), labels.max())
    np.testing.assert_allclose(found.score(validation[0]), expected, atol=1e-4 * (labels.max() - labels.min()))
    assert found.score(train[0]).min() >= labels.min() - abs(labels.min()) * 1e-8


@pytest.mark.parametrize("labels", [[0.0] * 8 + [1e30], [-5e-324, 0.0], [1e30, -1e30, 0.0], [7.0, 7.0, 7.0]])
def test_a_line_bears_labels_of_any_kind(labels: list[float]) -> None:
    """One that is huge among small ones, subnormal ones and equal ones: scores are finite and within their range."""
    frame = pl.DataFrame({"x": range(len(labels))})
    rows = (frame, np.array(labels))
    scores = linear.fit(rows, rows, Regression("m")).score(frame)
    assert np.isfinite(scores).all()
    assert ((scores >= min(labels) - 1e-8 * abs(min(labels))) & (scores <= max(labels) + 1e-8 * abs(max(labels)))).all()


def test_products_stay_exact() -> None:
    """The greatest product of a column and a label, over 2²⁶ rows, is a whole number that a float still holds."""
    assert 2 * STEPS * linear.FINE * 2**26 <= 2**53


@pytest.mark.parametrize("kernel", ["Prescott", "Haswell"])
def test_neither_threads_nor_the_kernel_of_blas_change_a_bit(kernel: str) -> None:
    """The fitted baseline, of every kind of task, is the same in a process with another kernel and one thread."""
    code = "from tests.modeling.lines import fitted; print(fitted())"
    said = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=os.environ | said, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == fitted()
