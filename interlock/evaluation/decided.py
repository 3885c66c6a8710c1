"""Rates of a decision on many resamples at once: rows by whether they should be selected, and whether they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from interlock.evaluation.fixed import Replicates
from interlock.evaluation.ranks import Flags, Integers

BOTH = (False, True)


@dataclass(frozen=True)
class Decided:
    """The positions of rows by (should be selected, is selected)."""

    cells: Mapping[tuple[bool, bool], Integers]

    @classmethod
    def of(cls, positive: Flags, selected: Flags, rows: Integers | None = None) -> "Decided":
        """The rows at the positions `rows`, or all of them."""
        rows = np.arange(len(positive)) if rows is None else rows
        return cls({(label, flag): rows[(positive[rows] == label) & (selected[rows] == flag)] for label in BOTH for flag in BOTH})

    def counted(self, counts: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """Of every round of `counts`, (rounds, all rows): hits, false alarms, missed ones, and those rightly left."""
        n = {cell: np.take(counts, rows, axis=1).sum(axis=1) for cell, rows in self.cells.items()}
        return n[True, True], n[False, True], n[True, False], n[False, False]

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """The rates of every round; NaN where a round has no row that a rate is of."""
        hits, alarms, missed, left = self.counted(counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "selection_rate": (hits + alarms) / (hits + alarms + missed + left),
                "true_positive_rate": hits / (hits + missed),
                "false_positive_rate": alarms / (alarms + left),
                "precision": hits / (hits + alarms),
            }
