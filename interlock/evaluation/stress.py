"""The vocabulary of `usecases/<name>/stress.py`: how scores must behave when features change.

A behaviour is a variable of that module, or a value of a dictionary there; a leading underscore keeps one out.
Changes are made to feature rows as the model reads them: a feature that is derived from a changed one keeps its value
unless it is changed too. Whatever else a behaviour asks, a score must stay one: a probability, or a finite number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import polars as pl

from interlock import loading
from interlock.errors import DeclarationError
from interlock.evaluation import stated
from interlock.loading import demand

__all__ = ["at_least", "at_most", "col", "not_higher", "not_lower", "robust", "unchanged"]

Value: TypeAlias = pl.Expr | str | float | bool | None
Change: TypeAlias = Mapping[str, Value]
Against: TypeAlias = Literal["noise", "missing", "unseen", "extremes", "stale"]
Kind: TypeAlias = Literal["invariance", "direction", "clear case", "robustness"]
Asks: TypeAlias = Literal["unchanged", "not lower", "not higher", "at least", "at most", "valid"]
col = pl.col
NOISE = 0.01


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with the features `names`, or with those that stand on the histories `names`; with all where none is named.

    `share` is the largest noise as a part of a feature's spread, and of the value itself; `one_by_one` troubles each feature alone.
    """

    against: Against
    names: tuple[str, ...] = ()
    share: float = NOISE
    one_by_one: bool = False

    def __post_init__(self) -> None:
        stated.one_of("against", self.against, get_args(Against))
        for name in demand("names", self.names, tuple, "a tuple of names"):
            demand("a name", name, str, "the name of a feature, or of a history")
        stated.bounded("share", self.share, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Case:
    """A claim about scores before and after `changes`, on the rows that they alter and where `where` holds.

    `by` bounds what is asked: how far a score may move, or what it must reach. The share `tolerated` of rows may break it, and
    the mean of all moves may be `on_average`. `of` is the class that is looked at, `given` the one row that is tried instead
    of real ones; `most` bounds the rows tried, and `place` is where it is declared, empty for what always runs.
    """

    kind: Kind
    claim: str
    asks: Asks
    changes: tuple[Change, ...] | Trouble = ()
    where: pl.Expr | None = None
    given: Change | None = None
    by: float = 0.0
    tolerated: float = 0.0
    on_average: float | None = None
    of: str | None = None
    most: int | None = None
    place: str = field(default_factory=loading.place)

    def __post_init__(self) -> None:
        """Raise DeclarationError where a part of it is none."""
        stated.one_of("kind", self.kind, get_args(Kind))
        stated.one_of("asks", self.asks, get_args(Asks))
        demand("claim", self.claim, str, "what must hold, in words")
        demand("of", self.of, (str, type(None)), "the name of a class")
        demand("most", self.most, (int, type(None)), "a number of rows")
        reached = self.asks in {"at least", "at most"}
        stated.bounded("the bound on scores", self.by, -math.inf if reached else 0.0, math.inf)
        stated.bounded("on_average", 0.0 if self.on_average is None else self.on_average, 0.0, math.inf)
        stated.bounded("tolerated", self.tolerated, 0.0, stated.JUST)
        if self.where is not None:
            stated.condition(self.where)
        self._check_rows(reached=reached)
        MADE.append(self)

    def _check_rows(self, *, reached: bool) -> None:
        changes = demand("changes", self.changes, (tuple, Trouble), "a tuple of changes, or a trouble")
        if reached and ((self.where is None) == (self.given is None) or self.changes):
            raise DeclarationError(
                f"{loading.place()}: a clear case needs rows", "write where=, an expression, or given=, the values of one row"
            )
        if not reached and (self.given is not None or not self.changes):
            raise DeclarationError(
                f"{loading.place()}: the case changes nothing", "write it with unchanged, not_lower, not_higher or robust"
            )
        for change in () if isinstance(changes, Trouble) else (*changes, *([] if self.given is None else [self.given])):
            stated.change(change)


# Every case of this process, where it is declared: what a `stress.py` makes and binds to no name is found here.
MADE: list[Case] = []


def unchanged(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not matter: no score of a row moves by more than `within`."""
    return Case("invariance", claim, "unchanged", (change,), where, by=within, tolerated=tolerated, of=of)


def not_lower(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not lower the score (of the class `of`), or by no more than `within`."""
    return Case("direction", claim, "not lower", (change,), where, by=within, tolerated=tolerated, of=of)


def not_higher(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not raise the score (of the class `of`), or by no more than `within`."""
    return Case("direction", claim, "not higher", (change,), where, by=within, tolerated=tolerated, of=of)


def at_least(
    claim: str, score: float, *, where: pl.Expr | None = None, given: Change | None = None, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """A clear case: rows where `where` holds, or one of the values `given` and nothing else known, score so much or more."""
    return Case("clear case", claim, "at least", (), where, given, score, tolerated, of=of)


def at_most(
    claim: str, score: float, *, where: pl.Expr | None = None, given: Change | None = None, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """A clear case: rows where `where` holds, or one of the values `given` and nothing else known, score so much or less."""
    return Case("clear case", claim, "at most", (), where, given, score, tolerated, of=of)


def robust(
    claim: str, against: Against, names: Sequence[str] = (), *, share: float = NOISE, one_by_one: bool = False,
    where: pl.Expr | None = None, within: float | None = None, tolerated: float = 0.0, on_average: float | None = None,
) -> Case:  # fmt: skip
    """Scores bear noise, missing, unseen or extreme values, or a history that went stale, and move no further than is said.

    `names` are features or, for `stale`, histories: all where none is named. Noise is at most `share` of a feature's spread and of the value.
    """
    named = tuple(demand("names", names, (list, tuple), "a list of names"))
    trouble = Trouble(against, named, share, one_by_one)
    asks: Asks = "valid" if within is None else "unchanged"
    return Case("robustness", claim, asks, trouble, where, None, 0.0 if within is None else within, tolerated, on_average)
