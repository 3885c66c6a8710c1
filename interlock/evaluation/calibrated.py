"""Calibration errors of many resamples at once."""

from dataclasses import dataclass

import numpy as np

from interlock.evaluation.bins import BINS
from interlock.evaluation.fixed import Fixed, Replicates, added, from_zero
from interlock.evaluation.ranks import Integers, Labels, Scores


@dataclass(frozen=True)
class Calibrated:
    """Rows by rising score: `end` is where those that tie with each end, `gap` how far its score lies above its label."""

    order: Integers
    end: Integers
    gap: Fixed

    @classmethod
    def of(cls, labels: Labels, scores: Scores, rows: Integers, parts: int = 1) -> "Calibrated":
        """The rows at the positions `rows`."""
        order = rows[np.argsort(scores[rows], kind="stable")]
        score = scores[order]
        return cls(order, np.searchsorted(score, score, "right"), Fixed.of(score - labels[order], len(labels), parts))

    def measure(self, counts: Integers) -> Replicates:
        """The error of every round of `counts`, (rounds, all rows); NaN where it drew no row."""
        drawn = np.take(counts, self.order, axis=1)
        return self.error(drawn, from_zero(drawn))

    def error(self, drawn: Integers, until: Integers) -> Replicates:
        """The same of counts in this order, and of their sums."""
        rows, cuts = until[:, -1], self._cuts(until)
        sums = [np.diff(np.take_along_axis(from_zero(drawn * part), cuts, axis=1), axis=1) for part in self.gap.parts]
        gaps = np.abs(self.gap.join(sums))
        with np.errstate(divide="ignore", invalid="ignore"):
            error: Replicates = added([gaps[:, k] for k in range(BINS)]) / rows
        return error

    def _cuts(self, until: Integers) -> Integers:
        """Where the deciles of each round begin, and where the last one ends."""
        rows = until[:, -1]
        cuts = np.zeros((len(rows), BINS + 1), np.int64)
        cuts[:, -1] = len(self.order)
        wanted = np.arange(1, BINS) * (rows[:, None] - 1) // BINS
        for number in np.flatnonzero(rows):
            cuts[number, 1:-1] = self.end[np.searchsorted(until[number, 1:], wanted[number], "right")]
        return cuts
