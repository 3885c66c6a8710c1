"""The metrics of several classes, against scikit-learn."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from interlock.evaluation.metrics import measure
from interlock.evaluation.ranks import Integers, Scores

EXACT = 1e-9
CLASSES = 4
# Eighths add up to 1 without rounding; few distinct ones make ties of classes and of rows the rule.
SHARES = st.sampled_from([(8, 0, 0, 0), (2, 2, 2, 2), (4, 2, 1, 1), (0, 4, 4, 0), (1, 1, 1, 5), (0, 3, 3, 2), (0, 0, 8, 0)])
ROWS = st.lists(st.tuples(st.integers(0, CLASSES - 1), SHARES), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, tuple[int, ...]]]) -> tuple[Integers, Scores]:
    labels, shares = zip(*rows, strict=True)
    return np.array(labels, np.int64), np.array(shares) / 8


def expected(labels: Integers, scores: Scores) -> dict[str, float]:
    """What scikit-learn says of rows that hold two classes at least."""
    called, classes = scores.argmax(axis=1), np.arange(scores.shape[1])
    there = [place for place in classes if 0 < (labels == place).sum() < len(labels)]
    return {
        "accuracy": oracle.accuracy_score(labels, called),
        "macro_f1": oracle.f1_score(labels, called, average="macro", zero_division=0),
        "balanced_accuracy": float(np.mean([oracle.recall_score(labels == k, called == k) for k in there])),
        "auc": float(np.mean([oracle.roc_auc_score(labels == k, scores[:, k]) for k in there])),
        "log_loss": oracle.log_loss(labels, scores, labels=classes),
        "brier": oracle.brier_score_loss(labels, scores, labels=classes, scale_by_half=False),
    }


@given(ROWS)
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[int, tuple[int, ...]]]) -> None:
    """With ties, certainties and classes that are missing, whatever two classes bear is scikit-learn's to 1e-9."""
    labels, scores = arrays(rows)
    assume(len(set(labels.tolist())) > 1)
    found = measure("multiclass", labels, scores)
    for name, value in expected(labels, scores).items():
        assert found[name] == pytest.approx(value, rel=EXACT, abs=EXACT), name


def test_metrics_of_a_fitted_model_equal_those_of_scikit_learn() -> None:
    """On wines that a logistic regression tells apart, all of them, its own macro one-vs-rest AUC and balanced accuracy among them."""
    table, labels = load_wine(return_X_y=True)
    train, test, known, truth = train_test_split(table[:, :4], labels, random_state=1)
    scores = LogisticRegression(max_iter=5000).fit(train, known).predict_proba(test)
    found = measure("multiclass", truth.astype(np.int64), scores)
    for name, value in expected(truth, scores).items():
        assert found[name] == pytest.approx(value, rel=EXACT), name
    assert found["auc"] == pytest.approx(oracle.roc_auc_score(truth, scores, multi_class="ovr"), rel=EXACT)
    assert found["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(truth, scores.argmax(axis=1)), rel=EXACT)
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    assert found["ece"] == measure("binary", right, confidence)["ece"]


def test_rows_of_one_class_have_no_ranking() -> None:
    """The AUC is None, not 1 and not 0; recall, F1 and the distances are what the rows say."""
    labels, scores = np.full(4, 2), np.array([[0, 0, 1, 0], [0.5, 0, 0.5, 0], [0, 0.25, 0.5, 0.25], [1, 0, 0, 0]], float)
    found = measure("multiclass", labels, scores)
    assert found["auc"] is None
    assert (found["accuracy"], found["balanced_accuracy"]) == (0.5, 0.5)
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(labels, scores, labels=range(4), scale_by_half=False))
    assert found["log_loss"] == pytest.approx(oracle.log_loss(labels, scores, labels=range(4)), rel=EXACT)


def test_no_rows_have_no_metrics() -> None:
    """Without rows every metric but their number is None."""
    found = measure("multiclass", np.zeros(0, np.int64), np.zeros((0, 3)))
    assert found.pop("rows") == 0
    assert set(found.values()) == {None}


@given(ROWS, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows_or_is_nan(rows: list[tuple[int, tuple[int, ...]]], random: Random) -> None:
    """Shuffled rows give the same bits, and every metric is a finite number or None."""
    shuffled = rows.copy()
    random.shuffle(shuffled)
    found = measure("multiclass", *arrays(rows))
    assert measure("multiclass", *arrays(shuffled)) == found
    assert all(value is None or math.isfinite(value) for value in found.values())
