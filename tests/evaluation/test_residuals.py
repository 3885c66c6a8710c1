"""Chart data of a regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.evaluation.regression import bias
from interlock.evaluation.residuals import distribution, residuals

RANDOM = np.random.default_rng(6)
SCORES = RANDOM.normal(100, 20, 5000)
LABELS = SCORES + RANDOM.normal(-3, 5, 5000)
NUMBERS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0]) | st.floats(-1e6, 1e6)), max_size=60)


def test_residuals_are_labels_less_scores_in_twentieths_of_the_score() -> None:
    """Equal rows a bin; each says NumPy's mean and, as rows that are there, its percentiles of label − score."""
    found = residuals(LABELS, SCORES)
    assert {point["rows"] for point in found} <= {249, 250, 251}
    edges = np.sort(SCORES)[[k * 4999 // 20 for k in range(1, 20)]]
    bins = np.searchsorted(edges, SCORES)
    for k, point in enumerate(found):
        left = (LABELS - SCORES)[bins == k]
        assert point["predicted"] == pytest.approx(SCORES[bins == k].mean())
        assert point["mean"] == pytest.approx(left.mean())
        for part in (10, 50, 90):
            assert point[f"p{part}"] == np.percentile(left, part, method="lower")


def test_the_mean_residual_is_the_bias_turned_around() -> None:
    """Weighted by rows, the means add up to what the bias says, with the other sign: here labels lie three below scores."""
    found = residuals(LABELS, SCORES)
    mean = sum(point["mean"] * point["rows"] for point in found) / 5000
    assert mean == pytest.approx(-(bias(LABELS, SCORES) or 0)) == pytest.approx(-3, abs=0.3)


@given(NUMBERS)
def test_every_row_is_in_one_bar_and_one_bin(rows: list[tuple[float, float]]) -> None:
    """Whatever the numbers, ties and constants among them: shares add up to 1, rows to all, and bars rise."""
    labels, scores = np.array([label for label, _ in rows]), np.array([score for _, score in rows])
    bars = distribution(labels, scores)
    assert sum(point["rows"] for point in residuals(labels, scores)) == len(rows)
    assert len(bars) in ({1, 50} if rows else {0})
    for name in ("predicted", "actual") if rows else ():
        assert sum(bar[name] for bar in bars) == pytest.approx(1)
    assert [bar["score"] for bar in bars] == sorted(bar["score"] for bar in bars)


def test_an_outlier_does_not_squeeze_the_bars() -> None:
    """A label a million times the others is counted in the last bar, and the bars are those of the others."""
    labels = np.append(LABELS[1:], 1e9)
    found = distribution(labels, SCORES)
    assert found[-1]["score"] < 200
    assert max(bar["actual"] for bar in found) < 0.1
