"""What each feature adds to the raw scores of rows: exact TreeSHAP, held to add up.

Of several classes the mean over them is taken off. What a feature adds to every class alike changes no probability: what is left
is the logarithm of a class's probability, as the softmax gives it, against the geometric mean of all.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.modeling.portable import totals
from interlock.modeling.score import Scorer

EXACT = 1e-9
Parts: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Attributed:
    """Rows with their scores, and each feature's part of each raw score: (n, raw scores, k + 1), last the expected raw score.

    `raw` are the raw scores that the parts add up to, (n, raw scores): of several classes centred, as the parts are.
    """

    scorer: Scorer
    features: pl.DataFrame
    scored: pl.DataFrame
    parts: Parts
    raw: Parts

    @classmethod
    def of(cls, scorer: Scorer, features: pl.DataFrame) -> "Attributed":
        """Raises ArtifactError where a row's contributions do not add up to its raw scores."""
        scored, task = scorer.score(features), scorer.model.task
        parts = scorer.contributions(features).reshape(features.height, len(task.raw), -1)
        raw = scored.select(task.raw).to_numpy()
        for place in range(raw.shape[1]):
            check(parts[:, place], raw[:, place].tolist())
        return cls(scorer, features, scored, centred(parts), centred(raw))

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of their parts."""
        return self.scorer.model.features

    def likeliest(self) -> NDArray[np.int64]:
        """For each row the place of its greatest score: 0 where a row has one."""
        scores = self.scored.select(self.scorer.model.task.final).to_numpy()
        found: NDArray[np.int64] = scores.argmax(axis=1)
        return found

    def means(self, place: int, rows: NDArray[np.int64] | None = None) -> list[float]:
        """Each feature's mean absolute part of the raw score at `place`, of all rows or some."""
        absolute = np.abs(self.parts[:, place, :-1] if rows is None else self.parts[rows, place, :-1])
        return [math.fsum(column) / len(absolute) for column in absolute.T.tolist()]

    def importance(self, rows: NDArray[np.int64] | None = None) -> dict[str, float]:
        """Each feature's mean absolute part, added up over the raw scores of a row."""
        each = [self.means(place, rows) for place in range(self.parts.shape[1])]
        return {name: math.fsum(parts) for name, *parts in zip(self.names, *each, strict=True)}

    def contributions(self, row: int, place: int) -> list[tuple[str, float]]:
        """The features with their parts of one raw score of one row, the largest first."""
        parts = zip(self.names, self.parts[row, place, :-1].tolist(), strict=True)
        return sorted(parts, key=lambda pair: (-abs(pair[1]), pair[0]))


def centred(values: Parts) -> Parts:
    """`values`, (n, raw scores, …), less their mean over the raw scores; as they are where there is one."""
    scores = values.shape[1]
    return values - (totals(values) / scores)[:, None] if scores > 1 else values


def check(parts: Parts, raw: list[float]) -> None:
    """Raise ArtifactError where the contributions of a row, (n, k + 1), do not add up to its raw score."""
    for row, (found, expected) in enumerate(zip(map(math.fsum, parts.tolist()), raw, strict=True)):
        if not abs(found - expected) <= EXACT * max(1.0, math.fsum(map(abs, parts[row].tolist()))):
            raise ArtifactError(f"row {row}: contributions add up to {found}, the raw score is {expected}", "train again")
