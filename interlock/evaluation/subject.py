"""A model under test: how it scores, what a score of its task is, and what may be asked of scores before and after a change."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import DeclarationError
from interlock.evaluation.robustness import Known, spread
from interlock.evaluation.stress import Case
from interlock.modeling.portable import totals
from interlock.modeling.task import Multiclass, Regression, Task

Scores: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
WHOLE = 1e-9
ASKED: Mapping[str, Callable[[Scores, Scores, float], Mask]] = {
    "not lower": lambda before, after, by: ~(after >= before - by),
    "not higher": lambda before, after, by: ~(after <= before + by),
    "at least": lambda _, after, by: ~(after >= by),
    "at most": lambda _, after, by: ~(after <= by),
    "valid": lambda _, after, __: np.zeros(after.shape, np.bool_),
}


@dataclass(frozen=True)
class Subject:
    """The model under test; `score` gives the scores of rows of its features, (n,) or (n, classes)."""

    task: Task
    known: Known
    score: Callable[[pl.DataFrame], Scores]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that each have a score; none where a row has one score."""
        return self.task.classes if isinstance(self.task, Multiclass) else ()

    def scores(self, rows: pl.DataFrame) -> Scores:
        """One column a score, (n, columns)."""
        return self.score(rows).reshape(rows.height, max(1, len(self.classes)))

    def unit(self, scores: Scores) -> float:
        """What moves of `scores` are measured in: probabilities as they are, other numbers by their spread."""
        return (spread(scores[:, 0]) or 1.0) if isinstance(self.task, Regression) else 1.0

    def invalid(self, scores: Scores) -> Mask:
        """The rows whose scores are none: no probabilities that add up to 1, or no finite number."""
        if isinstance(self.task, Regression):
            low = 0.0 if self.task.loss == "poisson" else -math.inf
            return _any(~(np.isfinite(scores) & (scores >= low)))
        wrong = _any(~((scores >= 0) & (scores <= 1)))
        return wrong | ~(np.abs(scores.sum(axis=1) - 1) <= WHOLE) if self.classes else wrong

    def broken(self, case: Case, before: Scores, after: Scores, unit: float) -> Mask:
        """The rows that break what `case` asks; a score that is none breaks every case."""
        if case.asks == "unchanged":
            return ~(self.moves(case, before, after) <= case.by * unit) | self.invalid(after)
        bound = case.by if case.asks in {"at least", "at most"} else case.by * unit
        columns = self.columns(case)
        return _any(ASKED[case.asks](before[:, columns], after[:, columns], bound)) | self.invalid(after)

    def moves(self, case: Case, before: Scores, after: Scores) -> Scores:
        """How far the scores of each row moved that `case` looks at, (n,): of all classes the probability that changed its class.

        That is half the sum of the absolute moves, the total variation distance, which of two classes is the move of either.
        """
        columns = self.columns(case)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            apart = np.abs(after[:, columns] - before[:, columns])
        return totals(apart) / 2 if len(columns) > 1 else apart[:, 0]

    def check(self, case: Case) -> None:
        """Raise DeclarationError where `case` must name a class, and does not, or bounds what no probability can break, or meet."""
        self.columns(case)
        if isinstance(self.task, Regression):
            return
        reaches = case.asks == "at least"
        if not (0 < case.by <= 1 if reaches else 0 <= case.by < 1):
            asked = "more than 0, and no more than 1" if reaches else "0 or more, and less than 1"
            raise DeclarationError(f"{case.place}: a bound of {case.by:g} says nothing of a probability", f"write {asked}")
        if case.on_average is not None and case.on_average >= 1:
            raise DeclarationError(
                f"{case.place}: on_average is {case.on_average:g}, and no probability moves further", "write less than 1"
            )

    def columns(self, case: Case) -> list[int]:
        """The columns of the scores that `case` looks at; raises DeclarationError where it must name a class, and does not."""
        if case.of is None and (not self.classes or case.asks in {"unchanged", "valid"}):
            return list(range(max(1, len(self.classes))))
        if case.of not in self.classes:
            asked = f"write of= with one of: {', '.join(self.classes)}" if self.classes else "leave out of=: the task has one score a row"
            raise DeclarationError(f"{case.place}: of is {case.of!r}", asked)
        return [self.classes.index(case.of)]


def _any(found: Mask) -> Mask:
    rows: Mask = np.any(found, axis=1)
    return rows
