"""From raw scores to scores, of every kind of task."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression

from interlock.files import write_json
from interlock.modeling import isotonic, portable
from interlock.modeling.calibrate import Calibrator, Classes, Columns, Link, fit
from interlock.modeling.task import Binary, Multiclass, Regression
from tests.examples import fewer

SEVERAL = Multiclass(("a", "b", "c"))


@st.composite
def samples(draw: st.DrawFn) -> tuple[Any, Any]:
    rows = draw(st.integers(3, 300))
    raw = draw(arrays(np.float64, (rows, 3), elements=st.floats(-30, 30) | st.integers(-3, 3).map(float)))
    return raw, draw(arrays(np.int64, rows, elements=st.integers(0, 2)))


def drawn(rows: int, seed: int = 0) -> tuple[Any, Any]:
    """Raw scores that are too sure of themselves by half, and labels."""
    random = np.random.default_rng(seed)
    raw = random.normal(0, 1.5, (rows, 3))
    truth = portable.softmax(raw / 1.5).cumsum(axis=1)
    return raw, (random.random(rows)[:, None] > truth).sum(axis=1).clip(0, 2)


@given(samples(), arrays(np.float64, (9, 3), elements=st.floats(-700, 700)))
def test_probabilities_of_classes_are_one_together(sample: tuple[Any, Any], raw: Any) -> None:
    """For any validation rows, a class that none of them has among them, and any later scores; a row's bits are its own."""
    calibrator = fit(*sample, SEVERAL)
    scores = calibrator.apply(raw)
    assert ((scores > 0) & (scores < 1)).all()
    assert np.abs(scores.sum(axis=1) - 1).max() <= 1e-15 * 3
    assert b"".join(calibrator.apply(raw[row : row + 1]).tobytes() for row in range(len(raw))) == scores.tobytes()
    assert calibrator.apply(raw[:0]).shape == (0, 3)


@settings(max_examples=fewer(2))
@given(samples())
def test_what_makes_scores_survives_its_file(sample: tuple[Any, Any]) -> None:
    """The canonical JSON, which rounds floats, loses nothing of it, and the kind of it is read again."""
    for made in (
        fit(*sample, SEVERAL),
        fit(sample[0][:, 0], sample[1] == 1, Binary("yes")),
        fit(sample[0][:, 0], sample[1], Regression("m")),
    ):
        with tempfile.TemporaryDirectory() as folder:
            write_json(path := Path(folder) / "calibrator.json", msgspec.to_builtins(made))
            read: Any = msgspec.json.decode(path.read_bytes(), type=Calibrator)
        assert (type(read), read) == (type(made), made)


def test_each_class_has_scikit_learns_isotonic_table() -> None:
    """Of the softmax of its column, in the bins that the table has; what they give is divided by its sum."""
    raw, label = drawn(10_000)
    calibrator = fit(raw, label, SEVERAL)
    assert isinstance(calibrator, Classes)
    shares = portable.softmax(raw)
    for place, table in enumerate(calibrator.tables):
        hits = (label == place)[np.argsort(shares[:, place], kind="stable")].reshape(100, 100).sum(axis=1)
        expected = IsotonicRegression().fit_transform(np.arange(100), (hits + (label == place).mean()) / 101).round(12)
        np.testing.assert_allclose(table.probability[1:-1], np.unique(expected), rtol=1e-8)
    alone = np.column_stack([table.apply(shares[:, place]) for place, table in enumerate(calibrator.tables)])
    np.testing.assert_allclose(calibrator.apply(raw), alone / alone.sum(axis=1, keepdims=True), rtol=1e-14)


def test_scores_that_were_too_sure_become_true() -> None:
    """On fresh rows the mean of each class's scores is its share, where it scores high as well, and the likelihood is better."""
    calibrator = fit(*drawn(20_000), SEVERAL)
    raw, label = drawn(20_000, seed=1)
    before, after = portable.softmax(raw), calibrator.apply(raw)
    for place in range(3):
        high = after[:, place] > 0.6
        assert (
            abs(after[high, place].mean() - (label[high] == place).mean())
            < 0.03
            < before[high, place].mean() - (label[high] == place).mean()
        )
    rows = np.arange(len(label))
    assert np.log(after[rows, label]).mean() > np.log(before[rows, label]).mean()


@pytest.mark.parametrize("loss", ["squared", "absolute", "poisson"])
def test_a_regression_needs_no_table(loss: Any) -> None:
    """Scores are the raw scores, bit for bit; their exponentials, of counts."""
    raw = np.random.default_rng(0).normal(size=50)
    scores = fit(raw, raw, Regression("m", loss)).apply(raw)
    assert scores.tobytes() == (portable.exp(raw) if loss == "poisson" else raw).tobytes()


def test_columns_are_not_made_into_shares_first() -> None:
    """The lines of the linear baseline are calibrated as they are: adding one number to all of a row changes its scores."""
    raw, label = drawn(2_000)
    tables = tuple(isotonic.fit(raw[:, place], label == place) for place in range(3))
    moved = raw + np.linspace(-1, 1, len(raw))[:, None]
    assert not np.array_equal(Columns(tables).apply(moved), Columns(tables).apply(raw))
    np.testing.assert_allclose(fit(raw, label, SEVERAL).apply(moved), fit(raw, label, SEVERAL).apply(raw), rtol=1e-9)


@pytest.mark.parametrize(
    "found", [{"type": "classes"}, {"type": "link", "link": "log"}, {"type": "columns", "tables": []}, {"type": "none"}]
)
def test_a_damaged_calibrator_is_refused(found: dict[str, Any]) -> None:
    """A kind or a link that there is not is noticed when it is read."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(found, Calibrator)
    assert isinstance(msgspec.convert({"type": "link", "link": "exp"}, Calibrator), Link)
