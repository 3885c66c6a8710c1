"""The standard error of the AUC."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.evaluation import metrics
from interlock.evaluation.confidence import auc_error, interval

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=4, max_size=60)


@given(ROWS)
@settings(max_examples=100, deadline=None)
def test_the_error_is_that_of_delongs_structural_components(rows: list[tuple[bool, int]]) -> None:
    """By ranks or over all pairs, as the paper of 1988 defines it, the standard error is the same to 1e-12."""
    labels, scores = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
    assume(2 <= labels.sum() <= len(rows) - 2)
    wins = np.sign(scores[labels][:, None] - scores[~labels][None, :]) / 2 + 0.5
    variance = np.var(wins.mean(axis=1), ddof=1) / wins.shape[0] + np.var(wins.mean(axis=0), ddof=1) / wins.shape[1]
    assert auc_error(labels, scores) == pytest.approx(np.sqrt(variance), abs=1e-12)


def test_the_interval_covers_the_truth_about_nineteen_times_in_twenty() -> None:
    """Where P(positive | score) = score and scores are uniform, the AUC is 5/6; of 500 samples 92 to 98 % cover it."""
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(500):
        scores = random.random(300)
        labels = random.random(300) < scores
        found = metrics.measure("binary", labels, scores)
        low, high = found["auc_low"], found["auc_high"]
        assert low is not None
        assert high is not None
        covered += low <= 5 / 6 <= high
    assert 460 <= covered <= 490


@pytest.mark.parametrize("labels", [[True, False, False], [True, True, False], [True, True, True]])
def test_fewer_than_two_rows_of_a_class_have_no_error(labels: list[bool]) -> None:
    """One row of a class has no variance: there is no error and no interval."""
    assert auc_error(np.array(labels), np.arange(3.0)) is None
    assert interval(0.5, None) == (None, None)


def test_integers_do_not_wrap() -> None:
    """With a quarter of a million rows, whose squares no longer fit 64 bits when summed, the error is still right."""
    labels = np.arange(250_000) % 2 == 0
    scores = np.arange(250_000.0)
    m = 125_000
    # NOTE: each positive is above as many negatives as came before: components are 0/m … (m − 1)/m on both sides
    expected = np.sqrt(2 * (m + 1) / (12 * m) / m)
    assert auc_error(labels, scores) == pytest.approx(expected, rel=1e-9)
