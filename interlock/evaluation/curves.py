"""Chart data of a binary task: lists of records of at most some 200 points, in names that a reader of the chart understands."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from interlock.evaluation.binary import counts_above
from interlock.evaluation.ranks import Flags, Integers, Scores
from interlock.modeling.decision import Costs

Records: TypeAlias = list[dict[str, Any]]
POINTS = 200
BARS = 50


def roc(labels: Flags, scores: Scores) -> Records:
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


def precision_recall(labels: Flags, scores: Scores) -> Records:
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


def distribution(labels: Flags, scores: Scores) -> Records:
    """Of the positives and of the negatives, the share whose score lies in each fiftieth of [0, 1]."""
    bins = np.clip(np.floor(scores * BARS).astype(np.int64), 0, BARS - 1)
    counts = {name: np.bincount(bins[part], minlength=BARS) for name, part in (("positives", labels), ("negatives", ~labels))}
    return [
        {"score": (2 * k + 1) / (2 * BARS)} | {name: _share(int(count[k]), int(count.sum())) for name, count in counts.items()}
        for k in range(BARS)
    ]


def gain(labels: Flags, scores: Scores) -> Records:
    """Cumulative gain: the share of positives `found` among the share of rows `targeted`, those that score highest first.

    `perfect` is what a ranking without fault would find, `lift` how many times more than by chance (none where no row is targeted).
    """
    positives = int(labels.sum())
    if not positives:
        return []
    nothing = {"targeted": 0.0, "found": 0.0, "perfect": 0.0, "lift": None}
    return [nothing, *(_gained(hits, flagged, positives, len(labels)) for _, hits, flagged in _cuts(labels, scores))]


def thresholds(labels: Flags, scores: Scores, costs: Costs) -> Records:
    """What selecting from each threshold on would do: shares as in the report's `decision`, and the mean cost of a row."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    return [
        {
            "threshold": cut,
            "selected": flagged / len(labels),
            "precision": hits / flagged,
            "recall": _share(hits, positives),
            "false_positive_rate": _share(flagged - hits, negatives),
            "cost": (costs.false_positive * (flagged - hits) + costs.false_negative * (positives - hits)) / len(labels),
        }
        for cut, hits, flagged in _cuts(labels, scores)
    ]


def _cuts(labels: Flags, scores: Scores) -> Iterator[tuple[float, int, int]]:
    """Thresholds from the highest down, each with the positives and the rows that it selects: evenly many rows apart."""
    if not len(labels):
        return
    hits, flagged = counts_above(labels, scores)
    values = np.unique(scores)[::-1]
    yield from ((float(values[i]), int(hits[i]), int(flagged[i])) for i in _thin(flagged))


def _gained(hits: int, flagged: int, positives: int, rows: int) -> dict[str, Any]:
    perfect = min(flagged, positives) / positives
    return {"targeted": flagged / rows, "found": hits / positives, "perfect": perfect, "lift": hits * rows / (flagged * positives)}


def _roc_point(false: float, true: float, threshold: float | None) -> dict[str, Any]:
    return {"false_positive_rate": float(false), "true_positive_rate": float(true), "threshold": threshold}


def _share(part: int, everything: int) -> float | None:
    return part / everything if everything else None


def _thin(position: Integers) -> list[int]:
    """Indices of at most POINTS − 1 points, evenly far apart in `position` (which rises), the last among them."""
    last = int(position[-1])
    wanted = [last * k // (POINTS - 1) for k in range(1, POINTS)]
    return sorted(set(np.searchsorted(position, np.array(wanted), side="left").tolist()))
