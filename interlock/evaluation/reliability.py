"""The calibration curve: what was predicted, and what was seen, in bins of the score."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from interlock.evaluation.bins import BINS, binned
from interlock.evaluation.multiclass import of_likeliest
from interlock.evaluation.ranks import Flags, Labels, Scores

NORMAL = 1.959963984540054
Ends: TypeAlias = tuple[float | None, float | None]
Records: TypeAlias = list[dict[str, Any]]


def of_shares(labels: Flags, scores: Scores) -> Records:
    """Per decile of the score: its mean (`predicted`, and again as `perfect`), the share of positives with its interval, and the rows."""
    return _curve(labels, scores, lambda seen: wilson(int(seen.sum()), len(seen)))


def of_classes(labels: Labels, scores: Scores) -> Records:
    """The same of the score of the likeliest class, and how often that is right."""
    return of_shares(*of_likeliest(labels, scores))


def of_means(labels: Scores, scores: Scores) -> Records:
    """The same of a number: its mean, with the normal interval of a mean."""
    return _curve(labels, scores, normal)


CALIBRATION: Mapping[str, Callable[[Labels, Scores], Records]] = {
    "binary": of_shares,
    "multiclass": of_classes,
    "regression": of_means,
}


def wilson(hits: int, rows: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, "Probable Inference", 1927)."""
    share, square = hits / rows, NORMAL * NORMAL
    middle = share + square / (2 * rows)
    half = NORMAL * math.sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    low, high = ((middle + sign * half) / (1 + square / rows) for sign in (-1, 1))
    return (low if hits else 0.0), (high if hits < rows else 1.0)


def normal(values: Scores) -> Ends:
    """The mean and 1.96 of its standard errors to either side; None of a single value."""
    if len(values) < 2:
        return None, None
    mean = math.fsum(values.tolist()) / len(values)
    error = math.sqrt(math.fsum(((values - mean) ** 2).tolist()) / (len(values) - 1) / len(values))
    return mean - NORMAL * error, mean + NORMAL * error


def _curve(labels: Labels, scores: Scores, interval: Callable[[Labels], Ends]) -> Records:
    bins = binned(scores)
    return [_point(labels[bins == k], scores[bins == k], interval) for k in range(BINS) if (bins == k).any()]


def _point(labels: Labels, scores: Scores, interval: Callable[[Labels], Ends]) -> dict[str, Any]:
    predicted, observed = (math.fsum(values.astype(np.float64).tolist()) / len(scores) for values in (scores, labels))
    low, high = interval(labels)
    ends = {"observed_low": low, "observed_high": high}
    return {"predicted": predicted, "observed": observed, **ends, "perfect": predicted, "rows": len(scores)}
