"""Chart data: lists of records of at most some 200 points, in names that a reader of the chart understands."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from interlock.evaluation.metrics import BINS, counts_above, deciles
from interlock.evaluation.ranks import Integers, Labels, Scores

Records: TypeAlias = list[dict[str, Any]]
POINTS = 200
BARS = 50


def roc(labels: Labels, scores: Scores) -> Records:
    """The ROC curve from (0, 0) to (1, 1), with the threshold at each point (none at the first: nothing is flagged)."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return []
    hits, flagged = counts_above(labels, scores)
    thresholds = np.unique(scores)[::-1]
    points = [
        _roc_point((flagged[i] - hits[i]) / negatives, hits[i] / positives, float(thresholds[i]))
        for i in _thin(hits * negatives + (flagged - hits) * positives)
    ]
    return [_roc_point(0.0, 0.0, None), *points]


def precision_recall(labels: Labels, scores: Scores) -> Records:
    """Precision against recall, with the threshold at each point."""
    positives = int(labels.sum())
    if not positives:
        return []
    hits, flagged = counts_above(labels, scores)
    thresholds = np.unique(scores)[::-1]
    return [
        {"recall": hits[i] / positives, "precision": hits[i] / flagged[i], "threshold": float(thresholds[i])}
        for i in _thin(hits)
        if hits[i]
    ]


def calibration(labels: Labels, scores: Scores) -> Records:
    """Per decile of the score: its mean (`predicted`, and again as `perfect`), the share of positives, and the rows."""
    bins = deciles(scores) if len(scores) else np.zeros(0, np.int64)
    return [_reliability(labels[bins == k], scores[bins == k]) for k in range(BINS) if (bins == k).any()]


def distribution(labels: Labels, scores: Scores) -> Records:
    """Of the positives and of the negatives, the share whose score lies in each fiftieth of [0, 1]."""
    bins = np.clip(np.floor(scores * BARS).astype(np.int64), 0, BARS - 1)
    counts = {name: np.bincount(bins[part], minlength=BARS) for name, part in (("positives", labels), ("negatives", ~labels))}
    return [{"score": (2 * k + 1) / (2 * BARS)} | {name: _share(count, k) for name, count in counts.items()} for k in range(BARS)]


TABLE: Mapping[str, Mapping[str, Callable[[Labels, Scores], Records]]] = {
    "binary": {
        "roc": roc,
        "precision_recall": precision_recall,
        "calibration": calibration,
        "score_distribution": distribution,
    },
}


def _roc_point(false: float, true: float, threshold: float | None) -> dict[str, Any]:
    return {"false_positive_rate": float(false), "true_positive_rate": float(true), "threshold": threshold}


def _reliability(labels: Labels, scores: Scores) -> dict[str, Any]:
    predicted = math.fsum(scores.tolist()) / len(scores)
    observed = int(labels.sum()) / len(labels)
    return {"predicted": predicted, "observed": observed, "perfect": predicted, "rows": len(scores)}


def _share(count: Integers, k: int) -> float | None:
    everything = int(count.sum())
    return int(count[k]) / everything if everything else None


def _thin(position: Integers) -> list[int]:
    """Indices of at most POINTS − 1 points, evenly far apart in `position` (which rises), the last among them."""
    last = int(position[-1])
    wanted = [last * k // (POINTS - 1) for k in range(1, POINTS)]
    return sorted(set(np.searchsorted(position, np.array(wanted), side="left").tolist()))
