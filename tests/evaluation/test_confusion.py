"""Chart data of several classes, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.confusion import confusion, of_classes
from interlock.modeling.groups import POOLED

RANDOM = np.random.default_rng(8)
NAMES = ("red", "green", "blue", "never")
LABELS = RANDOM.choice(4, 900, p=[0.5, 0.3, 0.2, 0])
SCORES = RANDOM.dirichlet([3, 2, 2, 1], 900) + np.eye(4)[LABELS] * 0.2
CALLED = SCORES.argmax(axis=1)
HOW = Evaluation(rounds=60)


def test_the_cells_are_those_of_scikit_learns_matrix() -> None:
    """Every pair in the order of the classes, those that are empty too, and its share of the class; of a class without rows none."""
    found = confusion(LABELS, SCORES, NAMES)
    matrix = oracle.confusion_matrix(LABELS, CALLED, labels=range(4))
    assert [point["rows"] for point in found] == matrix.ravel().tolist()
    assert [(point["actual"], point["predicted"]) for point in found[:5]] == [*(("red", name) for name in NAMES), ("green", "red")]
    for point in found:
        rows = matrix[NAMES.index(point["actual"])].sum()
        assert point["share"] == (pytest.approx(point["rows"] / rows) if rows else None)


def test_classes_beyond_fourteen_are_pooled() -> None:
    """The thirteen largest stand alone in their order, the others are one; no row is lost, and there are 196 cells."""
    labels = RANDOM.choice(40, 5000, p=np.arange(40) / 780)
    scores, names = RANDOM.dirichlet(np.ones(40), 5000), [f"class {k}" for k in range(40)]
    found = confusion(labels, scores, names)
    assert len(found) == 196
    sides = list(dict.fromkeys(point["actual"] for point in found))
    largest = sorted(np.argsort(-np.bincount(labels), kind="stable")[:13].tolist())
    assert sides == [*(names[k] for k in largest), POOLED]
    pooled = ~np.isin(labels, largest) & ~np.isin(scores.argmax(axis=1), largest)
    assert found[-1]["rows"] == pooled.sum()
    assert sum(point["rows"] for point in found) == 5000


def test_each_class_is_measured_against_the_rest() -> None:
    """Precision, recall and AUC are scikit-learn's, within their intervals; a class without rows has neither recall nor AUC."""
    found = {point["class"]: point for point in of_classes(LABELS, SCORES, NAMES, HOW)}
    assert list(found) == list(NAMES)
    for place, name in enumerate(NAMES[:3]):
        of, called = np.equal(LABELS, place), np.equal(CALLED, place)
        expected = {
            "precision": oracle.precision_score(of, called),
            "recall": oracle.recall_score(of, called),
            "auc": oracle.roc_auc_score(of, SCORES[:, place]),
        }
        assert found[name]["rows"] == of.sum()
        for metric, value in expected.items():
            assert found[name][metric] == pytest.approx(value, abs=1e-9)
            assert found[name][f"{metric}_low"] < value < found[name][f"{metric}_high"]
    never = found["never"]
    assert (never["rows"], never["recall"], never["auc"], never["auc_low"]) == (0, None, None, None)


def test_at_most_two_hundred_classes_are_shown() -> None:
    """Of more, those with most rows."""
    labels = np.concatenate([np.arange(300), np.arange(50, 250)])
    scores = np.eye(300)[labels]
    found = of_classes(labels, scores, [str(k) for k in range(300)], Evaluation(rounds=40))
    assert [point["class"] for point in found] == [str(k) for k in range(50, 250)]


def test_no_rows_have_no_figures() -> None:
    """Without rows there are the classes, and nothing of them."""
    assert {point["share"] for point in confusion(LABELS[:0], SCORES[:0], NAMES)} == {None}
    assert of_classes(LABELS[:0], SCORES[:0], NAMES, HOW)[0]["precision"] is None
