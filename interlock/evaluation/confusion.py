"""Chart data of several classes: which is taken for which, and how well each is told from the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from interlock.evaluation.bootstrap import Evaluation, measured
from interlock.evaluation.classed import Classed
from interlock.evaluation.fixed import Replicates
from interlock.evaluation.multiclass import likeliest
from interlock.evaluation.ranks import Integers, Scores
from interlock.modeling.groups import POOLED

Records: TypeAlias = list[dict[str, Any]]
SIDE = 14
MOST = 200
TOLD = ("precision", "recall", "auc")


def confusion(labels: Integers, scores: Scores, classes: Sequence[str]) -> Records:
    """The rows of each class that were called each, and their share of the class; beyond 14 classes the smaller ones are pooled."""
    kept = _largest(labels, len(classes), SIDE if len(classes) <= SIDE else SIDE - 1)
    names = [*(classes[place] for place in kept), *([POOLED] if len(kept) < len(classes) else [])]
    place = np.full(len(classes), len(kept))
    place[kept] = np.arange(len(kept))
    pairs = np.bincount(place[labels] * len(names) + place[likeliest(scores)], minlength=len(names) ** 2).reshape(len(names), -1)
    return [
        {"actual": actual, "predicted": called, "rows": int(row[at]), "share": int(row[at]) / int(row.sum()) if row.any() else None}
        for actual, row in zip(names, pairs, strict=True)
        for at, called in enumerate(names)
    ]


def of_classes(labels: Integers, scores: Scores, classes: Sequence[str], how: Evaluation) -> Records:
    """The rows of each class, and its precision, recall and AUC against the rest, with the ends of their intervals.

    Of more than 200 classes the largest.
    """
    rows, kept = np.bincount(labels, minlength=len(classes)), _largest(labels, len(classes), MOST)
    found = measured(_OfClass(Classed.of(labels, scores)), len(labels), how) if len(labels) else {}
    told = [f"{name}{end}" for name in TOLD for end in ("", "_low", "_high")]
    return [{"class": classes[place], "rows": int(rows[place])} | {name: found.get(f"{place} {name}") for name in told} for place in kept]


@dataclass(frozen=True)
class _OfClass:
    classed: Classed

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        found = self.classed.by_class(counts)
        return {f"{place} {name}": found[name][:, place] for name in TOLD for place in range(len(self.classed.rankings))}


def _largest(labels: Integers, classes: int, most: int) -> list[int]:
    """The classes that have most rows, in their order."""
    rows = np.bincount(labels, minlength=classes)
    return sorted(np.argsort(-rows, kind="stable")[:most].tolist())
