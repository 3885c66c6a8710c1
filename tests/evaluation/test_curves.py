"""Chart data of a binary task, against scikit-learn's curves."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as oracle

from interlock.evaluation import curves
from interlock.evaluation.binary import auc
from interlock.evaluation.ranks import Flags, Scores
from interlock.modeling.decision import Costs

RANDOM = np.random.default_rng(3)
MANY = (RANDOM.random(5000) < np.linspace(0, 0.6, 5000), np.linspace(0, 1, 5000))
TIED = (RANDOM.random(5000) < 0.3, np.round(RANDOM.random(5000), 1))
FEW = (np.array([True, False, True]), np.array([0.9, 0.9, 0.2]))
CASES = pytest.mark.parametrize(("labels", "scores"), [MANY, TIED, FEW], ids=["many", "tied", "few"])
COSTS = Costs(2.0, 5.0)
CURVES: dict[str, Callable[[Flags, Scores], curves.Records]] = {
    "roc": curves.roc,
    "precision_recall": curves.precision_recall,
    "distribution": curves.distribution,
    "gain": curves.gain,
    "thresholds": lambda labels, scores: curves.thresholds(labels, scores, COSTS),
}


@CASES
def test_roc_points_are_points_of_the_curve(labels: Flags, scores: Scores) -> None:
    """Every point is one that scikit-learn's curve has, from (0, 0) to (1, 1), and the area under them is the AUC."""
    false, true, _ = oracle.roc_curve(labels, scores, drop_intermediate=False)
    found = [(point["false_positive_rate"], point["true_positive_rate"]) for point in curves.roc(labels, scores)]
    assert set(found) <= set(zip(false.tolist(), true.tolist(), strict=True))
    assert (found[0], found[-1]) == ((0, 0), (1, 1))
    assert np.trapezoid([t for _, t in found], [f for f, _ in found]) == pytest.approx(auc(labels, scores), abs=1e-3)


@CASES
def test_precision_recall_points_are_points_of_the_curve(labels: Flags, scores: Scores) -> None:
    """Every point is one that scikit-learn's curve has, up to recall 1."""
    precision, recall, _ = oracle.precision_recall_curve(labels, scores)
    found = [(point["precision"], point["recall"]) for point in curves.precision_recall(labels, scores)]
    assert set(found) <= set(zip(precision.tolist(), recall.tolist(), strict=True))
    assert found[-1][1] == 1


@CASES
def test_the_distribution_of_each_label_adds_up_to_one(labels: Flags, scores: Scores) -> None:
    """Fifty bins from 0 to 1, the scores 0 and 1 included; the shares of either label add up to 1."""
    found = curves.distribution(labels, scores)
    assert [len(found), found[0]["score"], found[-1]["score"]] == [50, 0.01, 0.99]
    assert [sum(point[name] for point in found) for name in ("positives", "negatives")] == pytest.approx([1, 1])


@CASES
def test_a_threshold_does_what_scikit_learn_measures_of_it(labels: Flags, scores: Scores) -> None:
    """Selecting from each threshold on: the share, precision, recall, false positive rate and mean cost, down to selecting all."""
    found = curves.thresholds(labels, scores, COSTS)
    assert [point["threshold"] for point in found] == sorted({point["threshold"] for point in found}, reverse=True)
    assert found[-1]["selected"] == found[-1]["recall"] == 1
    for point in found[:: max(1, len(found) // 10)]:
        selected = scores >= point["threshold"]
        left, alarms, missed, hits = oracle.confusion_matrix(labels, selected, labels=[False, True]).ravel()
        expected = {
            "selected": selected.mean(),
            "precision": oracle.precision_score(labels, selected),
            "recall": oracle.recall_score(labels, selected),
            "false_positive_rate": alarms / (alarms + left),
            "cost": (2 * alarms + 5 * missed) / len(labels),
        }
        assert {name: point[name] for name in expected} == pytest.approx(expected, abs=1e-12)
        assert hits


@CASES
def test_the_gain_is_the_share_of_positives_among_the_highest_scores(labels: Flags, scores: Scores) -> None:
    """From nothing to everything: found is the recall of as many rows, no more than a perfect ranking finds, and lift their ratio."""
    found = curves.gain(labels, scores)
    assert found[0] == {"targeted": 0.0, "found": 0.0, "perfect": 0.0, "lift": None}
    assert (found[-1]["targeted"], found[-1]["found"], found[-1]["lift"]) == (1, 1, pytest.approx(1))
    ordered = np.sort(scores)[::-1]
    for point in found[1:]:
        cut = ordered[round(point["targeted"] * len(labels)) - 1]
        assert point["found"] == pytest.approx(oracle.recall_score(labels, scores >= cut), abs=1e-12)
        assert point["found"] <= point["perfect"] == pytest.approx(min(1, point["targeted"] / labels.mean()))
        assert point["lift"] == pytest.approx(point["found"] / point["targeted"])


@pytest.mark.parametrize("name", CURVES)
def test_every_chart_is_short_and_bears_one_class_and_none(name: str) -> None:
    """At most 200 records, all of the same fields, and with one class alone or no row no error and no NaN."""
    found = CURVES[name](*MANY)
    assert 0 < len(found) <= 200
    assert {tuple(record) for record in found} == {tuple(found[0])}
    for labels in (np.full(4, False), np.full(4, True), np.zeros(0, bool)):
        alone = CURVES[name](labels, np.linspace(0, 1, len(labels)))
        assert all(value is None or math.isfinite(value) for record in alone for value in record.values())
