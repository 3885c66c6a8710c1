"""Chart data, against scikit-learn's curves."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as oracle

from interlock.evaluation import curves
from interlock.evaluation.metrics import auc, ece
from interlock.evaluation.ranks import Labels, Scores
from interlock.modeling.task import KINDS

RANDOM = np.random.default_rng(3)
MANY = (RANDOM.random(5000) < np.linspace(0, 0.6, 5000), np.linspace(0, 1, 5000))
TIED = (RANDOM.random(5000) < 0.3, np.round(RANDOM.random(5000), 1))
FEW = (np.array([True, False, True]), np.array([0.9, 0.9, 0.2]))
CASES = pytest.mark.parametrize(("labels", "scores"), [MANY, TIED, FEW], ids=["many", "tied", "few"])


@CASES
def test_roc_points_are_points_of_the_curve(labels: Labels, scores: Scores) -> None:
    """Every point is one that scikit-learn's curve has, from (0, 0) to (1, 1), and the area under them is the AUC."""
    false, true, _ = oracle.roc_curve(labels, scores, drop_intermediate=False)
    found = [(point["false_positive_rate"], point["true_positive_rate"]) for point in curves.roc(labels, scores)]
    assert set(found) <= set(zip(false.tolist(), true.tolist(), strict=True))
    assert (found[0], found[-1]) == ((0, 0), (1, 1))
    assert np.trapezoid([t for _, t in found], [f for f, _ in found]) == pytest.approx(auc(labels, scores), abs=1e-3)


@CASES
def test_precision_recall_points_are_points_of_the_curve(labels: Labels, scores: Scores) -> None:
    """Every point is one that scikit-learn's curve has, up to recall 1."""
    precision, recall, _ = oracle.precision_recall_curve(labels, scores)
    found = [(point["precision"], point["recall"]) for point in curves.precision_recall(labels, scores)]
    assert set(found) <= set(zip(precision.tolist(), recall.tolist(), strict=True))
    assert found[-1][1] == 1


@CASES
def test_the_calibration_curve_holds_every_row_and_the_calibration_error(labels: Labels, scores: Scores) -> None:
    """Its rows add up to all, and its gaps, weighted, to the expected calibration error; `perfect` is the diagonal."""
    found = curves.calibration(labels, scores)
    assert sum(point["rows"] for point in found) == len(labels)
    gaps = sum(abs(point["observed"] - point["predicted"]) * point["rows"] for point in found)
    assert gaps / len(labels) == pytest.approx(ece(labels, scores), abs=1e-12)
    assert all(point["perfect"] == point["predicted"] for point in found)


@CASES
def test_the_distribution_of_each_label_adds_up_to_one(labels: Labels, scores: Scores) -> None:
    """Fifty bins from 0 to 1, the scores 0 and 1 included; the shares of either label add up to 1."""
    found = curves.distribution(labels, scores)
    assert [len(found), found[0]["score"], found[-1]["score"]] == [50, 0.01, 0.99]
    assert [sum(point[name] for point in found) for name in ("positives", "negatives")] == pytest.approx([1, 1])


@pytest.mark.parametrize("curve", curves.TABLE["binary"].values(), ids=list(curves.TABLE["binary"]))
def test_every_chart_is_short_and_bears_one_class(curve: Callable[[Labels, Scores], curves.Records]) -> None:
    """At most 200 records, all of the same fields, and with one class alone no error and no NaN."""
    found = curve(*MANY)
    assert 0 < len(found) <= 200
    assert {tuple(record) for record in found} == {tuple(found[0])}
    alone = curve(np.full(4, False), np.linspace(0, 1, 4))
    assert all(value is None or math.isfinite(value) for record in alone for value in record.values())


def test_every_kind_of_task_has_charts() -> None:
    """A new kind of task needs its entry here."""
    assert set(curves.TABLE) == set(KINDS)
