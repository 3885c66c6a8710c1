"""How well positives are ranked above negatives, in many resamples at once: one sort, then cumulative counts in integers."""

from dataclasses import dataclass

import numpy as np

from interlock.evaluation.fixed import Replicates, from_zero
from interlock.evaluation.ranks import Flags, Integers, Scores

UNIT = 2.0**36


@dataclass(frozen=True)
class Ranking:
    """Rows by rising score: where those that tie with each positive start and end, and how many positives lie before these."""

    order: Integers
    positives: Integers
    start: Integers
    end: Integers
    positives_before: Integers
    positives_until: Integers

    @classmethod
    def of(cls, labels: Flags, scores: Scores, rows: Integers) -> "Ranking":
        """The rows at the positions `rows`."""
        order = rows[np.argsort(scores[rows], kind="stable")]
        score, label = scores[order], labels[order]
        positives = np.flatnonzero(label)
        until = np.concatenate(([0], np.cumsum(label)))
        start, end = np.searchsorted(score, score[positives], "left"), np.searchsorted(score, score[positives], "right")
        return cls(order, positives, start, end, until[start], until[end])

    def draw(self, counts: Integers) -> "Drawn":
        """The rows as every round of `counts`, (rounds, all rows), drew them."""
        drawn = np.take(counts, self.order, axis=1)
        of_positives = np.take(drawn, self.positives, axis=1)
        return Drawn(self, drawn, from_zero(drawn), of_positives, from_zero(of_positives))


@dataclass(frozen=True)
class Drawn:
    """Rounds: how often each row of a ranking was drawn, and each positive, and the sums of both."""

    of: Ranking
    counts: Integers
    until: Integers
    of_positives: Integers
    hits: Integers

    @property
    def rows(self) -> Integers:
        return self.until[:, -1]

    @property
    def positives(self) -> Integers:
        return self.hits[:, -1]

    def auc(self) -> Replicates:
        """Of each round; NaN where it drew no positive or no negative."""
        below = np.take(self.until, self.of.start, axis=1) - np.take(self.hits, self.of.positives_before, axis=1)
        upto = np.take(self.until, self.of.end, axis=1) - np.take(self.hits, self.of.positives_until, axis=1)
        pairs = 2 * self.positives * (self.rows - self.positives)
        with np.errstate(invalid="ignore"):
            auc: Replicates = np.einsum("ij,ij->i", self.of_positives, below + upto) / pairs
        return auc

    def average_precision(self) -> Replicates:
        """Of each round, precisions in units of 2⁻³⁶; NaN where it drew no positive."""
        found = self.positives[:, None] - np.take(self.hits, self.of.positives_before, axis=1)
        flagged = self.rows[:, None] - np.take(self.until, self.of.start, axis=1)
        precision = np.rint(found / np.maximum(flagged, 1) * UNIT).astype(np.int64)
        with np.errstate(invalid="ignore"):
            averaged: Replicates = np.einsum("ij,ij->i", self.of_positives, precision) / UNIT / self.positives
        return averaged
