"""The metrics of each kind of task, in one table. A metric that its rows cannot bear is None, never a guess.

Nothing transcendental, and no float is summed in an order that could change: integers, or `math.fsum`.
"""

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from interlock.errors import ConfigError
from interlock.evaluation.ranks import Integers, Labels, Scores, doubled, total

Value: TypeAlias = float | int | None
Metric: TypeAlias = Callable[[Labels, Scores], Value]
BINS = 10


def rows(labels: Labels, _: Scores) -> int:
    """How many rows were scored."""
    return len(labels)


def base_rate(labels: Labels, _: Scores) -> float | None:
    """The share of positives."""
    return int(labels.sum()) / len(labels) if len(labels) else None


def auc(labels: Labels, scores: Scores) -> float | None:
    """The chance that a positive scores above a negative, ties counting half (Mann and Whitney, 1947): exact."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return None
    return (total(doubled(scores)[labels]) - positives * (positives + 1)) / (2 * positives * negatives)


def average_precision(labels: Labels, scores: Scores) -> float | None:
    """Precision averaged over the steps in recall, without interpolation."""
    positives = int(labels.sum())
    if not positives:
        return None
    hits, flagged = counts_above(labels, scores)
    gained = np.diff(hits, prepend=0)
    steps = zip(gained.tolist(), hits.tolist(), flagged.tolist(), strict=True)
    return math.fsum(gain * hit / all_ for gain, hit, all_ in steps) / positives


def brier(labels: Labels, scores: Scores) -> float | None:
    """The mean squared distance of score and label (Brier, 1950)."""
    return math.fsum(((scores - labels) ** 2).tolist()) / len(labels) if len(labels) else None


def brier_skill(labels: Labels, scores: Scores) -> float | None:
    """The part of the Brier score of always saying the base rate that the model removes: 1 is perfect, 0 no better."""
    rate, score = base_rate(labels, scores), brier(labels, scores)
    return None if rate is None or score is None or rate in {0.0, 1.0} else 1 - score / (rate * (1 - rate))


def ece(labels: Labels, scores: Scores) -> float | None:
    """Expected calibration error: |mean score − share of positives| over deciles of the score, weighted by their rows."""
    if not len(labels):
        return None
    bins = deciles(scores)
    gaps = (abs(math.fsum(scores[bins == k].tolist()) - int(labels[bins == k].sum())) for k in range(BINS))
    return math.fsum(gaps) / len(labels)


TABLE: Mapping[str, Mapping[str, Metric]] = {
    "binary": {
        "rows": rows,
        "base_rate": base_rate,
        "auc": auc,
        "average_precision": average_precision,
        "brier": brier,
        "brier_skill": brier_skill,
        "ece": ece,
    },
}


def measure(kind: str, labels: Labels, scores: Scores) -> dict[str, Value]:
    """Every metric of tasks of `kind`, by name."""
    if kind not in TABLE:
        raise ConfigError(f"usecase.task.kind: no metrics for {kind} tasks", f"known are: {', '.join(TABLE)}")
    return {name: metric(labels, scores) for name, metric in TABLE[kind].items()}


def counts_above(labels: Labels, scores: Scores) -> tuple[Integers, Integers]:
    """At each distinct score, from the highest down: the positives, and all rows, that score at least as much."""
    values, place = np.unique(scores, return_inverse=True)
    everything = np.bincount(place, minlength=len(values))[::-1]
    positives = np.bincount(place[labels], minlength=len(values))[::-1]
    return np.cumsum(positives), np.cumsum(everything)


def deciles(scores: Scores) -> Integers:
    """The decile 0 to 9 of each score; equal scores share one, so with ties a decile may be larger, or empty."""
    ordered = np.sort(scores)
    edges = [ordered[k * (len(scores) - 1) // BINS] for k in range(1, BINS)]
    return np.searchsorted(np.array(edges), scores, side="left")
