"""Metrics of a binary task on many resamples at once: one sort of the scores, then cumulative counts in integers.

Squares and gaps are whole multiples of 2⁻³⁶, so sums are exact in any order and lie within 10⁻¹¹ of those of the metrics' own.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from interlock.evaluation.metrics import BINS
from interlock.evaluation.ranks import Integers, Labels, Scores

UNIT = 2.0**36
Replicates: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """Rows by rising score: `start` and `end` bound the rows that tie with each; the `of_…` fields are for positives alone."""

    order: Integers
    end: Integers
    positives: Integers
    start_of_positives: Integers
    end_of_positives: Integers
    positives_before: Integers
    positives_until: Integers
    gap: Integers
    square: Integers

    @classmethod
    def of(cls, labels: Labels, scores: Scores, rows: Integers | None = None) -> "Ranked":
        """The rows at the positions `rows`, or all of them."""
        rows = np.arange(len(labels)) if rows is None else rows
        order = rows[np.argsort(scores[rows], kind="stable")]
        score, label = scores[order], labels[order]
        start, end = np.searchsorted(score, score, "left"), np.searchsorted(score, score, "right")
        until = np.concatenate(([0], np.cumsum(label)))
        positives = np.flatnonzero(label)
        first, last = start[positives], end[positives]
        gap = np.rint((score - label) * UNIT).astype(np.int64)
        square = np.rint((score - label) ** 2 * UNIT).astype(np.int64)
        return cls(order, end, positives, first, last, until[first], until[last], gap, square)

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """AUC, average precision, Brier score and skill, and calibration error of every round of `counts`, (rounds, all rows).

        NaN where a round drew no positive, no negative or no row.
        """
        drawn = np.take(counts, self.order, axis=1)
        until = _from_zero(drawn)
        of_positives = np.take(drawn, self.positives, axis=1)
        hits = _from_zero(of_positives)
        rows, positives = until[:, -1], hits[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            brier = (drawn @ self.square) / UNIT / rows
            rate = positives / rows
            return {
                "auc": self._auc(of_positives, until, hits),
                "average_precision": self._average_precision(of_positives, until, hits),
                "brier": brier,
                "brier_skill": 1 - brier / np.where((rate > 0) & (rate < 1), rate * (1 - rate), np.nan),
                "ece": self._ece(drawn, until),
            }

    def _auc(self, of_positives: Integers, until: Integers, hits: Integers) -> Replicates:
        below = np.take(until, self.start_of_positives, axis=1) - np.take(hits, self.positives_before, axis=1)
        upto = np.take(until, self.end_of_positives, axis=1) - np.take(hits, self.positives_until, axis=1)
        positives, negatives = hits[:, -1], until[:, -1] - hits[:, -1]
        auc: Replicates = (of_positives * (below + upto)).sum(axis=1) / (2 * positives * negatives)
        return auc

    def _average_precision(self, of_positives: Integers, until: Integers, hits: Integers) -> Replicates:
        found = hits[:, -1:] - np.take(hits, self.positives_before, axis=1)
        flagged = until[:, -1:] - np.take(until, self.start_of_positives, axis=1)
        precision = np.rint(found / np.maximum(flagged, 1) * UNIT).astype(np.int64)
        averaged: Replicates = (of_positives * precision).sum(axis=1) / UNIT / hits[:, -1]
        return averaged

    def _ece(self, drawn: Integers, until: Integers) -> Replicates:
        rows = until[:, -1]
        cuts = np.zeros((len(rows), BINS + 1), np.int64)
        cuts[:, -1] = len(self.order)
        wanted = np.arange(1, BINS) * (rows[:, None] - 1) // BINS
        for number in np.flatnonzero(rows):
            cuts[number, 1:-1] = self.end[np.searchsorted(until[number, 1:], wanted[number], "right")]
        gaps = np.take_along_axis(_from_zero(drawn * self.gap), cuts, axis=1)
        error: Replicates = np.abs(np.diff(gaps, axis=1)).sum(axis=1) / UNIT / rows
        return error


def _from_zero(values: Integers) -> Integers:
    """The sum of all values before each position, and of all of them at the end."""
    out = np.zeros((values.shape[0], values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out
