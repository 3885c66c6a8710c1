"""Metrics of a regression on many resamples at once. Numbers are in whole units of two parts, so sums are exact in any order."""

from dataclasses import dataclass

import numpy as np

from interlock.evaluation import regression
from interlock.evaluation.calibrated import Calibrated
from interlock.evaluation.fixed import Fixed, Replicates, from_zero
from interlock.evaluation.ranks import Integers, Scores

PARTS = 2
HARDLY = 1e-6


@dataclass(frozen=True)
class Valued:
    """Rows by rising score: their errors, and how far their labels lie from the median one."""

    calibrated: Calibrated
    labels: Scores
    scores: Scores
    size: Fixed
    square: Fixed
    away: Fixed
    away_square: Fixed

    @classmethod
    def of(cls, labels: Scores, scores: Scores, rows: Integers | None = None) -> "Valued":
        """The rows at the positions `rows`, or all of them."""
        rows = np.arange(len(labels)) if rows is None else rows
        calibrated = Calibrated.of(labels, scores, rows, PARTS)
        label, score = labels[calibrated.order], scores[calibrated.order]
        error, away = score - label, label - (np.sort(label)[len(label) // 2] if len(label) else 0.0)
        numbers = (Fixed.of(values, len(labels), PARTS) for values in (np.abs(error), error**2, away, away**2))
        return cls(calibrated, label, score, *numbers)

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """Every metric of every round of `counts`, (rounds, all rows); NaN where a round drew no row, and r2 where labels are all the same."""
        drawn = np.take(counts, self.calibrated.order, axis=1)
        until = from_zero(drawn)
        rows = until[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            square = self.square.total(drawn)
            return {
                "r2": self._r2(drawn, rows, square),
                "rmse": np.sqrt(square / rows),
                "mae": self.size.total(drawn) / rows,
                "bias": self.calibrated.gap.total(drawn) / rows,
                "calibration_error": self.calibrated.error(drawn, until),
            }

    def _r2(self, drawn: Integers, rows: Integers, square: Replicates) -> Replicates:
        away, of_squares = self.away.total(drawn), self.away_square.total(drawn)
        varied = of_squares - away * away / rows
        found: Replicates = np.where(of_squares > 0, 1 - square / varied, np.nan)
        # NOTE: where a difference of large numbers leaves hardly anything, the rows themselves are measured
        for number in np.flatnonzero((varied <= HARDLY * of_squares) & (of_squares > 0)):
            again = np.repeat(np.arange(drawn.shape[1]), drawn[number])
            value = regression.r2(self.labels[again], self.scores[again])
            found[number] = np.nan if value is None else value
        return found
