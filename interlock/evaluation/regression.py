"""The metrics of a regression: labels and scores are numbers in its unit, (n,)."""

import math

import numpy as np

from interlock.evaluation.bins import BINS, binned
from interlock.evaluation.ranks import Scores


def mean(labels: Scores, _: Scores) -> float | None:
    """The mean label."""
    return _mean(labels)


def r2(labels: Scores, scores: Scores) -> float | None:
    """The part of the labels' variance that the scores explain: 1 is perfect, 0 as good as their mean; None where labels are all the same."""
    if not len(labels) or (labels == labels[0]).all():
        return None
    middle = math.fsum(labels.tolist()) / len(labels)
    varied = math.fsum(((labels - middle) ** 2).tolist())
    return 1 - math.fsum(((scores - labels) ** 2).tolist()) / varied if varied else None


def rmse(labels: Scores, scores: Scores) -> float | None:
    """The square root of the mean squared error."""
    square = _mean((scores - labels) ** 2)
    return None if square is None else math.sqrt(square)


def mae(labels: Scores, scores: Scores) -> float | None:
    """The mean absolute error."""
    return _mean(np.abs(scores - labels))


def bias(labels: Scores, scores: Scores) -> float | None:
    """The mean of score − label: above 0 where scores are too high."""
    return _mean(scores - labels)


def calibration_error(labels: Scores, scores: Scores) -> float | None:
    """|mean score − mean label| over deciles of the score, weighted by their rows."""
    if not len(labels):
        return None
    bins, errors = binned(scores), scores - labels
    return math.fsum(abs(math.fsum(errors[bins == k].tolist())) for k in range(BINS)) / len(labels)


def _mean(values: Scores) -> float | None:
    return math.fsum(values.tolist()) / len(values) if len(values) else None
