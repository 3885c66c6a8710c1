"""Chart data of a regression: how scores and labels are spread, and what is left between them."""

import math
from typing import Any, TypeAlias

import numpy as np

from interlock.evaluation.bins import binned
from interlock.evaluation.ranks import Integers, Scores

Records: TypeAlias = list[dict[str, Any]]
BARS = 50
BINS = 20
PER_CENT = (10, 50, 90)
BEYOND = 200


def residuals(labels: Scores, scores: Scores) -> Records:
    """Per twentieth of the score: its mean (`predicted`), and of label − score the mean and three percentiles, and the rows."""
    bins, left = binned(scores, BINS), labels - scores
    return [_left(left[bins == k], scores[bins == k]) for k in range(BINS) if (bins == k).any()]


def distribution(labels: Scores, scores: Scores) -> Records:
    """Of the scores (`predicted`) and of the labels (`actual`), the share in each fiftieth of the range of both together.

    The range leaves out half of a per cent at either end: what lies beyond is counted in the outermost bars.
    """
    if not len(labels):
        return []
    low, high = _range(np.sort(np.concatenate([labels, scores])))
    if low == high:
        return [{"score": low, "predicted": 1.0, "actual": 1.0}]
    width = (high - low) / BARS
    predicted, actual = (_counts((values - low) / width) for values in (scores, labels))
    return [
        {"score": low + (k + 0.5) * width, "predicted": int(predicted[k]) / len(labels), "actual": int(actual[k]) / len(labels)}
        for k in range(BARS)
    ]


def _left(values: Scores, scores: Scores) -> dict[str, Any]:
    ordered = np.sort(values)
    parts = {f"p{part}": float(ordered[(len(values) - 1) * part // 100]) for part in PER_CENT}
    predicted, mean = (math.fsum(numbers.tolist()) / len(values) for numbers in (scores, values))
    return {"predicted": predicted, "mean": mean, **parts, "rows": len(values)}


def _range(ordered: Scores) -> tuple[float, float]:
    """All but the outermost values or, where these are all the same, all."""
    beyond = len(ordered) // BEYOND
    low, high = float(ordered[beyond]), float(ordered[-1 - beyond])
    return (low, high) if low < high else (float(ordered[0]), float(ordered[-1]))


def _counts(place: Scores) -> Integers:
    return np.bincount(np.clip(np.floor(place), 0, BARS - 1).astype(np.int64), minlength=BARS)
