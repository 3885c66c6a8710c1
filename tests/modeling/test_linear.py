"""The linear baseline."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from interlock.modeling import linear
from tests.modeled_flights import FEATURES, flights

if TYPE_CHECKING:
    from tests.modeling.conftest import Example

ROOT = Path(__file__).parents[2]
NUMBERS = st.none() | st.integers(-3, 3).map(float) | st.floats(-1e300, 1e300) | st.sampled_from([float("nan"), float("inf")])


def split() -> list[Any]:
    rows = flights().drop_nulls("late")
    parts = (rows.gather_every(2), rows.gather_every(2, 1))
    return [(part.select(FEATURES), part["late"].cast(pl.Float64).to_numpy()) for part in parts]


def test_it_is_ridge_regression_of_the_labels() -> None:
    """Scikit-learn's ridge on the same columns, with the same penalty, ranks and scores alike: weights differ by less than 1e-6."""
    train, validation = split()
    found = linear.fit(train, validation)
    columns = linear._design(found.features, train[0])[:, 1:] / linear.STEPS
    oracle = Ridge(alpha=linear.RIDGE * len(columns), solver="cholesky").fit(columns, train[1])
    weights = np.array(found.weights) / linear.WEIGHT
    assert weights[1:] == pytest.approx(oracle.coef_, abs=1e-6)
    assert weights[0] == pytest.approx(oracle.intercept_, abs=1e-6)


def test_it_ranks_about_as_a_model_does_that_knows_lines_alone(example: "Example") -> None:
    """On validation rows it is far better than a coin, and its scores are probabilities in every sense of calibration."""
    labels = example.validation.label.cast(pl.Float64).to_numpy()
    scores = example.trained.baselines.linear.score(example.validation.features)
    assert roc_auc_score(labels, scores) > 0.6
    assert scores.mean() == pytest.approx(labels.mean(), abs=0.01)
    assert ((scores > 0) & (scores < 1)).all()


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["a", "b", None]), st.booleans()), min_size=4, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_column_is_borne(rows: list[tuple[float | None, str | None, bool]]) -> None:
    """Constant, missing, infinite and huge values: whole numbers, finite weights, and a probability for each row in any order."""
    frame = pl.DataFrame([(x, t) for x, t, _ in rows], schema={"x": pl.Float64, "t": pl.String}, orient="row")
    labels = np.array([float(label) for _, _, label in rows])
    found = linear.fit((frame, labels), (frame, labels))
    design = linear._design(found.features, frame)
    assert (design == np.rint(design)).all()
    assert np.abs(design).max() <= 2 * linear.STEPS
    scores = found.score(frame)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (found.score(frame.reverse()) == scores[::-1]).all()
    assert (found.score(frame[:1]) == scores[:1]).all()


def test_a_level_that_is_new_counts_for_nothing() -> None:
    """A text that was not among the levels scores as one that is missing."""
    train, validation = split()
    found = linear.fit(train, validation)
    frame = train[0].head(50)
    unseen, missing = (frame.with_columns(carrier=pl.lit(value, pl.String)) for value in ("never seen", None))
    assert (found.score(unseen) == found.score(missing)).all()


@pytest.mark.parametrize("kernel", ["Prescott", "Haswell"])
def test_neither_threads_nor_the_kernel_of_blas_change_a_bit(kernel: str) -> None:
    """The fitted baseline is the same in a process with another kernel and one thread."""
    code = "import msgspec; from tests.modeling.test_linear import split; from interlock.modeling import linear; print(msgspec.json.encode(linear.fit(*split())).decode())"
    said = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=os.environ | said, check=True, capture_output=True, text=True)
    import msgspec

    assert found.stdout.strip() == msgspec.json.encode(linear.fit(*split())).decode()
