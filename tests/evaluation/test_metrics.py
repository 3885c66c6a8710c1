"""The metrics of a binary task, against scikit-learn."""

import math
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from interlock.errors import ConfigError
from interlock.evaluation import binary, metrics
from interlock.evaluation.ranks import Labels, Scores, doubled

EXACT = 1e-12
# Few distinct scores, so that ties within and across the classes are the rule.
ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.3, 1 / 3, 0.7, 1.0]) | st.floats(0, 1)), min_size=1, max_size=60
)


def arrays(rows: list[tuple[bool, float]]) -> tuple[Labels, Scores]:
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, bool), np.array(scores, float)


@given(ROWS)
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    """AUC, average precision, log loss and Brier score are scikit-learn's to 1e-12, ties included, wherever both classes are there."""
    labels, scores = arrays(rows)
    assume(labels.any() and not labels.all())
    found = metrics.measure("binary", labels, scores)
    assert found["auc"] == pytest.approx(oracle.roc_auc_score(labels, scores), abs=EXACT)
    assert found["average_precision"] == pytest.approx(oracle.average_precision_score(labels, scores), abs=EXACT)
    assert found["log_loss"] == pytest.approx(oracle.log_loss(labels, scores), rel=EXACT, abs=EXACT)
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(labels, scores), abs=EXACT)
    assert found["brier_skill"] == pytest.approx(oracle.d2_brier_score(labels, scores), abs=1e-9)


@given(ROWS)
def test_calibration_error_is_that_of_bins_between_numpys_quantiles(rows: list[tuple[bool, float]]) -> None:
    """The expected calibration error is the weighted gap over bins cut as scikit-learn cuts them with strategy="quantile"."""
    labels, scores = arrays(rows)
    assume((len(rows) - 1) % 10)  # where an edge falls on a score, the rounding of a percentile decides its bin
    edges = np.percentile(scores, np.linspace(0, 100, 11))
    bins = np.searchsorted(edges[1:-1], scores)
    gaps = [abs(scores[bins == k].mean() - labels[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins)]
    assume(all(np.min(np.abs(scores - edge)) == 0 or np.min(np.abs(scores - edge)) > EXACT for edge in edges[1:-1]))
    assert binary.ece(labels, scores) == pytest.approx(sum(gaps), abs=EXACT)


@given(ROWS)
def test_the_auc_is_the_share_of_pairs_in_the_right_order_to_the_last_bit(rows: list[tuple[bool, float]]) -> None:
    """Counted pair by pair in integers, ties half, the AUC is the same float."""
    labels, scores = arrays(rows)
    assume(labels.any() and not labels.all())
    pairs = [(a > b) * 2 + (a == b) for a in scores[labels] for b in scores[~labels]]
    assert binary.auc(labels, scores) == sum(map(int, pairs)) / (2 * len(pairs))


@given(ROWS, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows(rows: list[tuple[bool, float]], random: Random) -> None:
    """Shuffled rows give the same bits."""
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert metrics.measure("binary", *arrays(shuffled)) == metrics.measure("binary", *arrays(rows))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_doubled_ranks_are_twice_scipys_average_ranks(values: list[float]) -> None:
    """Integers, equal to twice the average rank."""
    from scipy.stats import rankdata

    assert doubled(np.array(values)).tolist() == (2 * rankdata(values)).tolist()


@pytest.mark.parametrize("label", [True, False])
def test_one_class_alone_has_no_ranking_and_no_skill(label: bool) -> None:
    """What rows of one class cannot bear is None, not 0, 1 or NaN; what they can is there."""
    found = metrics.measure("binary", np.full(5, label), np.linspace(0, 1, 5))
    assert found["auc"] is found["brier_skill"] is None
    assert found["rows"] == 5
    assert found["base_rate"] == float(label)
    assert found["brier"] == pytest.approx(0.375)
    expected = oracle.log_loss([label] * 5, np.linspace(0, 1, 5), labels=[False, True])
    assert found["log_loss"] == pytest.approx(expected, rel=EXACT)


@given(st.booleans(), st.sampled_from([0.0, 1.0, 5e-324, 1e-17, 1 - 2.0**-53]))
def test_the_log_loss_of_certainty_is_that_of_scikit_learn(label: bool, score: float) -> None:
    """Probabilities of 0 and 1, and what a float cannot tell from them, are clipped at 2⁻⁵²: the loss is 36.04 at most, and never infinite."""
    found = binary.log_loss(np.array([label]), np.array([score]))
    assert found == pytest.approx(oracle.log_loss([label], [score], labels=[False, True]), rel=EXACT, abs=EXACT)


def test_no_rows_have_no_metrics() -> None:
    """Without rows every metric but their number is None."""
    found = metrics.measure("binary", np.zeros(0, bool), np.zeros(0))
    assert found.pop("rows") == 0
    assert set(found.values()) == {None}


def test_no_metric_is_ever_nan() -> None:
    """Whatever the scores, a metric is a finite number or None, so that a comparison with it means something."""
    labels = np.array([True, False, True, False])
    for scores in ([0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]):
        found = metrics.measure("binary", labels, np.array(scores, float))
        assert all(value is None or math.isfinite(value) for value in found.values())


def test_another_kind_of_task_is_refused_by_name() -> None:
    """A kind that no table holds names itself and those that are known."""
    with pytest.raises(ConfigError, match=r"kind: no metrics for ranking tasks\n.*binary"):
        metrics.measure("ranking", np.array([True]), np.array([0.5]))


def test_metrics_cost_no_more_than_numpy() -> None:
    """Computing metrics imports neither Polars, nor LightGBM, nor SciPy."""
    code = "import sys, interlock.evaluation.metrics; print(sorted({'polars', 'lightgbm', 'scipy', 'pandas'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
