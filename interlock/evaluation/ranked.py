"""Metrics of a binary task on many resamples at once. Squares, losses and gaps are in whole units, so sums are exact in any order."""

from dataclasses import dataclass

import numpy as np

from interlock.evaluation import binary
from interlock.evaluation.calibrated import Calibrated
from interlock.evaluation.fixed import Fixed, Replicates
from interlock.evaluation.ranking import Ranking
from interlock.evaluation.ranks import Flags, Integers, Scores


@dataclass(frozen=True)
class Ranked:
    """Rows by rising score, with what each adds to the metrics that are means."""

    ranking: Ranking
    calibrated: Calibrated
    loss: Fixed
    square: Fixed

    @classmethod
    def of(cls, labels: Flags, scores: Scores, rows: Integers | None = None) -> "Ranked":
        """The rows at the positions `rows`, or all of them."""
        rows = np.arange(len(labels)) if rows is None else rows
        ranking = Ranking.of(labels, scores, rows)
        label, score = labels[ranking.order], scores[ranking.order]
        loss, square = (Fixed.of(values, len(labels)) for values in (binary.losses(label, score), (score - label) ** 2))
        return cls(ranking, Calibrated.of(labels, scores, rows), loss, square)

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """Every metric of every round of `counts`, (rounds, all rows); NaN where a round drew no positive, no negative or no row."""
        drawn = self.ranking.draw(counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            brier, rate = self.square.total(drawn.counts) / drawn.rows, drawn.positives / drawn.rows
            return {
                "auc": drawn.auc(),
                "average_precision": drawn.average_precision(),
                "log_loss": self.loss.total(drawn.counts) / drawn.rows,
                "brier": brier,
                "brier_skill": 1 - brier / np.where((rate > 0) & (rate < 1), rate * (1 - rate), np.nan),
                "ece": self.calibrated.error(drawn.counts, drawn.until),
            }
