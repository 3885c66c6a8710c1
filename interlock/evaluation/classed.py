"""Metrics of a task of several classes on many resamples at once: counts of who is what and was called what, and a ranking a class."""

from dataclasses import dataclass

import numpy as np

from interlock.evaluation import multiclass
from interlock.evaluation.calibrated import Calibrated
from interlock.evaluation.fixed import Fixed, Replicates, added
from interlock.evaluation.ranking import Ranking
from interlock.evaluation.ranks import Flags, Integers, Scores


@dataclass(frozen=True)
class Classed:
    """Rows by class and by the one that is likeliest: where each pair of the two starts, and which it is.

    A class that has no row, or all, has no ranking.
    """

    order: Integers
    starts: Integers
    actual: Integers
    called: Integers
    rankings: tuple[Ranking | None, ...]
    calibrated: Calibrated
    loss: Fixed
    square: Fixed

    @classmethod
    def of(cls, labels: Integers, scores: Scores, rows: Integers | None = None) -> "Classed":
        """The rows at the positions `rows`, or all of them."""
        rows = np.arange(len(labels)) if rows is None else rows
        classes = scores.shape[1]
        pair = labels[rows] * classes + multiclass.likeliest(scores[rows])
        order = rows[np.argsort(pair, kind="stable")]
        pairs, starts = np.unique(np.sort(pair), return_index=True)
        label, score = labels[order], scores[order]
        means = (multiclass.losses(label, score), multiclass.distances(label, score))
        rankings = (_ranking(labels == place, scores[:, place], rows) for place in range(classes))
        calibrated = Calibrated.of(*multiclass.of_likeliest(labels, scores), rows)
        fixed = (Fixed.of(values, len(labels)) for values in means)
        return cls(order, starts, pairs // classes, pairs % classes, tuple(rankings), calibrated, *fixed)

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """Every metric of every round of `counts`, (rounds, all rows); NaN where the rows that it drew cannot bear it.

        A mean over classes is one over those that the rows themselves have: a round that lacks one of them has none.
        """
        drawn = np.take(counts, self.order, axis=1)
        right, rows, called = self._counted(drawn)
        of_class = self._of_class(counts, right, rows, called)
        everything, lacks = rows.sum(axis=1), self._lacks(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "accuracy": right.sum(axis=1) / everything,
                "balanced_accuracy": np.where(lacks, np.nan, _mean(of_class["recall"])),
                "macro_f1": np.where(lacks, np.nan, _mean(2 * right / (rows + called))),
                "auc": np.where(lacks, np.nan, _mean(of_class["auc"])),
                "log_loss": self.loss.total(drawn) / everything,
                "brier": self.square.total(drawn) / everything,
                "ece": self.calibrated.measure(counts),
            }

    def by_class(self, counts: Integers) -> dict[str, Replicates]:
        """Precision, recall and AUC of each class against the rest, (rounds, classes)."""
        return self._of_class(counts, *self._counted(np.take(counts, self.order, axis=1)))

    def _of_class(self, counts: Integers, right: Integers, rows: Integers, called: Integers) -> dict[str, Replicates]:
        nothing = np.full(len(counts), np.nan)
        auc = np.stack([nothing if ranking is None else ranking.draw(counts).auc() for ranking in self.rankings], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {"precision": right / called, "recall": right / rows, "auc": auc}

    def _lacks(self, rows: Integers) -> Flags:
        """Which rounds drew no row of a class that the rows have."""
        lacks: Flags = (rows[:, np.unique(self.actual)] == 0).any(axis=1)
        return lacks

    def _counted(self, drawn: Integers) -> tuple[Integers, Integers, Integers]:
        """Of each round and class: the rows that are and were called it, that are, and that were called it."""
        pairs = np.add.reduceat(drawn, self.starts, axis=1) if len(self.starts) else drawn
        places = np.arange(len(self.rankings))
        are, were = self.actual[:, None] == places, self.called[:, None] == places
        right, rows, called = (pairs @ which.astype(np.int64) for which in (are & were, are, were))
        return right, rows, called


def _ranking(labels: Flags, scores: Scores, rows: Integers) -> Ranking | None:
    positives = int(labels[rows].sum())
    return Ranking.of(labels, scores, rows) if 0 < positives < len(rows) else None


def _mean(values: Replicates) -> Replicates:
    """The mean of each row of `values`, of those that are numbers."""
    known = np.isfinite(values)
    total = added([np.where(known, values, 0.0)[:, place] for place in range(values.shape[1])])
    mean: Replicates = total / known.sum(axis=1)
    return mean
