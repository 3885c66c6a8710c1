"""The vocabulary of `usecases/<name>/stress.py`: how scores must behave when features change.

A behaviour is a variable of that module; a leading underscore keeps one out. Changes are made to feature rows as the
model reads them: a feature that is derived from a changed one keeps its value unless it is changed too. Whatever else a
behaviour asks, a score must stay one: a probability, or a finite number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from interlock.errors import DeclarationError, shown
from interlock.features import expressions
from interlock.loading import demand, place

Value: TypeAlias = pl.Expr | str | float | bool | None
Change: TypeAlias = Mapping[str, Value]
Against: TypeAlias = Literal["noise", "missing", "unseen", "extremes", "stale"]
Asks: TypeAlias = Literal["unchanged", "not lower", "not higher", "at least", "at most", "valid"]
col = pl.col
NOISE = 0.01


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with the features `names`, or with those that stand on the histories `names`; with all where none is named.

    `share` is the largest noise as a part of a feature's spread; `one_by_one` troubles each feature alone.
    """

    against: Against
    names: tuple[str, ...] = ()
    share: float = NOISE
    one_by_one: bool = False


@dataclass(frozen=True, eq=False)
class Case:
    """A claim about scores before and after `changes`, on the rows that they alter and where `where` holds.

    `by` bounds what is asked: how far a score may move, or what it must reach. The share `tolerated` of rows may break it, and
    the mean of all moves may be `on_average`. `of` is the class that is looked at, `given` the one row that is tried instead
    of real ones; `most` bounds the rows tried, and `place` is where it is declared, empty for what always runs.
    """

    kind: str
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
    place: str = ""


def unchanged(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not matter: no score of a row moves by more than `within`."""
    return _held(Case("invariance", claim, "unchanged", (change,), where, by=within, tolerated=tolerated, of=of, place=place()))


def not_lower(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not lower the score (of the class `of`), or by no more than `within`."""
    return _held(Case("direction", claim, "not lower", (change,), where, by=within, tolerated=tolerated, of=of, place=place()))


def not_higher(
    claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """The change must not raise the score (of the class `of`), or by no more than `within`."""
    return _held(Case("direction", claim, "not higher", (change,), where, by=within, tolerated=tolerated, of=of, place=place()))


def at_least(
    claim: str, score: float, *, where: pl.Expr | None = None, given: Change | None = None, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """A clear case: rows where `where` holds, or one of the values `given` and nothing else known, score so much or more."""
    return _clear(_held(Case("clear case", claim, "at least", (), where, given, score, tolerated, of=of, place=place())))


def at_most(
    claim: str, score: float, *, where: pl.Expr | None = None, given: Change | None = None, tolerated: float = 0.0, of: str | None = None
) -> Case:
    """A clear case: rows where `where` holds, or one of the values `given` and nothing else known, score so much or less."""
    return _clear(_held(Case("clear case", claim, "at most", (), where, given, score, tolerated, of=of, place=place())))


def robust(
    claim: str, against: Against, names: Sequence[str] = (), *, share: float = NOISE, one_by_one: bool = False,
    where: pl.Expr | None = None, within: float | None = None, tolerated: float = 0.0, on_average: float | None = None,
) -> Case:  # fmt: skip
    """Scores bear noise, missing, unseen or extreme values, or a history that went stale, and move no further than is said.

    `names` are features or, for `stale`, histories: all where none is named. Noise is at most `share` of a feature's spread.
    """
    if against not in get_args(Against):
        raise DeclarationError(f"{place()}: against is {shown(against)}", f"write one of: {', '.join(get_args(Against))}")
    named = tuple(demand("names", names, (list, tuple), "a list of names"))
    trouble = Trouble(against, named, _bounded("share", share, 0.0, 1.0), one_by_one)
    asks: Asks = "valid" if within is None else "unchanged"
    return _held(Case("robustness", claim, asks, trouble, where, None, within or 0.0, tolerated, on_average, place=place()))


def declared(module: ModuleType) -> dict[str, Case]:
    """The behaviours that a `stress.py` declares, by name."""
    return {name: value for name, value in vars(module).items() if isinstance(value, Case) and not name.startswith("_")}


def _held(case: Case) -> Case:
    """`case`; raises DeclarationError where an argument of it is none."""
    demand("claim", case.claim, str, "what must hold, in words")
    demand("of", case.of, (str, type(None)), "the name of a class")
    _bounded("the bound on scores", case.by, -math.inf if case.kind == "clear case" else 0.0, math.inf)
    _bounded("on_average", 0.0 if case.on_average is None else case.on_average, 0.0, math.inf)
    _bounded("tolerated", case.tolerated, 0.0, 1.0)
    if case.changes == ({},):
        raise DeclarationError(f"{place()}: the change is empty", "name a feature and its new value")
    for change in [*(case.changes if isinstance(case.changes, tuple) else ()), *([] if case.given is None else [case.given])]:
        for name, value in demand("the change", change, Mapping, "a dictionary of values by feature").items():
            _checked(f"{demand('a feature', name, str, 'its name')!r} of the change", value)
    if case.where is not None:
        _checked("where", demand("where", case.where, pl.Expr, 'an expression such as col("age") > 30'))
    return case


def _clear(case: Case) -> Case:
    if (case.where is None) == (case.given is None):
        raise DeclarationError(f"{case.place}: a clear case needs rows", "write where=, an expression, or given=, the values of one row")
    return case


def _bounded(name: str, value: Any, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and low <= value <= high):
        asked = (
            "a finite number"
            if math.isinf(low)
            else f"a number of {low:g} or more"
            if math.isinf(high)
            else f"between {low:g} and {high:g}"
        )
        raise DeclarationError(f"{place()}: {name} is {shown(value)}", f"write {asked}")
    return float(value)


def _checked(what: str, value: Any) -> None:
    """Raise DeclarationError where `value` is no plain value, nor an expression of one row alone."""
    if not isinstance(value, pl.Expr):
        demand(what, value, (str, int, float, type(None)), "a value, or an expression of the same row")
        if isinstance(value, float) and math.isnan(value):
            raise DeclarationError(f"{place()}: {what} is NaN", "write None for what is missing")
        return
    try:
        expressions.parse(value)
    except DeclarationError as error:
        raise DeclarationError(f"{place()}: {what}: {error.found}", error.remedy) from error
