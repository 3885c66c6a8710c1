"""The metrics of a task of several classes: labels are their positions, (n,), scores their probabilities, (n, classes).

As scikit-learn defines them; of rows that lack a class each says what it averages over.
"""

import math

import numpy as np

from interlock.evaluation import binary
from interlock.evaluation.ranks import Flags, Integers, Scores


def likeliest(scores: Scores) -> Integers:
    """The class of the highest score, the first of equal ones."""
    first: Integers = scores.argmax(axis=1)
    return first


def counted(labels: Integers, scores: Scores) -> tuple[Integers, Integers, Integers]:
    """Of each class: the rows that are and were called it, those that are, and those that were called it."""
    called, classes = likeliest(scores), scores.shape[1]
    return (
        np.bincount(labels[labels == called], minlength=classes),
        np.bincount(labels, minlength=classes),
        np.bincount(called, minlength=classes),
    )


def accuracy(labels: Integers, scores: Scores) -> float | None:
    """The share of rows whose likeliest class is theirs."""
    return int((labels == likeliest(scores)).sum()) / len(labels) if len(labels) else None


def balanced_accuracy(labels: Integers, scores: Scores) -> float | None:
    """The mean recall of the classes that have rows."""
    right, rows, _ = counted(labels, scores)
    return _mean([hits / of for hits, of in zip(right.tolist(), rows.tolist(), strict=True) if of])


def macro_f1(labels: Integers, scores: Scores) -> float | None:
    """The mean F1 of the classes that a row has or was called."""
    of = zip(*(counts.tolist() for counts in counted(labels, scores)), strict=True)
    return _mean([2 * right / (rows + called) for right, rows, called in of if rows + called])


def auc(labels: Integers, scores: Scores) -> float | None:
    """The mean AUC of each class against the rest, over the classes that have both (Provost and Domingos, 2000, unweighted)."""
    found = (binary.auc(labels == place, scores[:, place]) for place in range(scores.shape[1]))
    return _mean([value for value in found if value is not None])


def log_loss(labels: Integers, scores: Scores) -> float | None:
    """The mean of −ln of the probability that was given to the class that came true, clipped as that of a binary task."""
    return _mean(losses(labels, scores).tolist())


def losses(labels: Integers, scores: Scores) -> Scores:
    """The log loss of each row."""
    return binary.surprise(_of_label(labels, scores))


def brier(labels: Integers, scores: Scores) -> float | None:
    """The mean over rows of the squared distances of score and label, summed over classes (Brier, 1950): from 0 to 2."""
    return _mean(distances(labels, scores).tolist())


def distances(labels: Integers, scores: Scores) -> Scores:
    """The squared distance of each row's scores from its label, added class by class."""
    found = np.zeros(len(labels))
    for place in range(scores.shape[1]):
        found = found + (scores[:, place] - (labels == place)) ** 2
    return found


def ece(labels: Integers, scores: Scores) -> float | None:
    """Expected calibration error of the likeliest class (Guo et al., "On Calibration of Modern Neural Networks", 2017), in deciles."""
    return binary.ece(*of_likeliest(labels, scores))


def of_likeliest(labels: Integers, scores: Scores) -> tuple[Flags, Scores]:
    """Whether each row's likeliest class is right, and its score."""
    return labels == likeliest(scores), scores.max(axis=1)


def _of_label(labels: Integers, scores: Scores) -> Scores:
    return np.take_along_axis(scores, labels[:, None], axis=1)[:, 0]


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
