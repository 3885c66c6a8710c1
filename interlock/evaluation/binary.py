"""The metrics of a binary task: labels are Booleans, a score is the probability of a positive."""

import math

import numpy as np

from interlock.evaluation.bins import BINS, binned
from interlock.evaluation.ranks import Flags, Integers, Scores, doubled, total
from interlock.modeling import portable

LEAST = float(np.finfo(np.float64).eps)


def base_rate(labels: Flags, _: Scores) -> float | None:
    """The share of positives."""
    return int(labels.sum()) / len(labels) if len(labels) else None


def auc(labels: Flags, scores: Scores) -> float | None:
    """The chance that a positive scores above a negative, ties counting half (Mann and Whitney, 1947): exact."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return None
    return (total(doubled(scores)[labels]) - positives * (positives + 1)) / (2 * positives * negatives)


def average_precision(labels: Flags, scores: Scores) -> float | None:
    """Precision averaged over the steps in recall, without interpolation."""
    positives = int(labels.sum())
    if not positives:
        return None
    hits, flagged = counts_above(labels, scores)
    gained = np.diff(hits, prepend=0)
    steps = zip(gained.tolist(), hits.tolist(), flagged.tolist(), strict=True)
    return math.fsum(gain * hit / all_ for gain, hit, all_ in steps) / positives


def log_loss(labels: Flags, scores: Scores) -> float | None:
    """The mean of −ln of the probability that was given to what came true (Good, "Rational Decisions", 1952)."""
    return math.fsum(losses(labels, scores).tolist()) / len(labels) if len(labels) else None


def losses(labels: Flags, scores: Scores) -> Scores:
    """The log loss of each row. A probability of 0 or 1 is taken for 2⁻⁵² or 1 − 2⁻⁵², as scikit-learn does: 36 at most."""
    return surprise(np.where(labels, scores, 1 - scores))


def surprise(probability: Scores) -> Scores:
    """−ln of each, clipped."""
    return -portable.log(np.clip(probability, LEAST, 1 - LEAST))


def brier(labels: Flags, scores: Scores) -> float | None:
    """The mean squared distance of score and label (Brier, 1950)."""
    return math.fsum(((scores - labels) ** 2).tolist()) / len(labels) if len(labels) else None


def brier_skill(labels: Flags, scores: Scores) -> float | None:
    """The part of the Brier score of always saying the base rate that the model removes: 1 is perfect, 0 no better."""
    rate, score = base_rate(labels, scores), brier(labels, scores)
    return None if rate is None or score is None or rate in {0.0, 1.0} else 1 - score / (rate * (1 - rate))


def ece(labels: Flags, scores: Scores) -> float | None:
    """Expected calibration error: |mean score − share of positives| over deciles of the score, weighted by their rows."""
    if not len(labels):
        return None
    bins = binned(scores)
    gaps = (abs(math.fsum(scores[bins == k].tolist()) - int(labels[bins == k].sum())) for k in range(BINS))
    return math.fsum(gaps) / len(labels)


def counts_above(labels: Flags, scores: Scores) -> tuple[Integers, Integers]:
    """At each distinct score, from the highest down: the positives, and all rows, that score at least as much."""
    values, place = np.unique(scores, return_inverse=True)
    everything = np.bincount(place, minlength=len(values))[::-1]
    positives = np.bincount(place[labels], minlength=len(values))[::-1]
    return np.cumsum(positives), np.cumsum(everything)
