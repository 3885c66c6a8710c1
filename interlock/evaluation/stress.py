"""The vocabulary of `usecases/<name>/stress.py`: how scores must behave when features change.

A behaviour is a variable of that module; a leading underscore keeps one out. Changes are made to feature rows as the
model reads them: a feature that is derived from a changed one keeps its value unless it is changed too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.datatypes.classes import NumericType

from interlock.evaluation.ranks import Scores

Value: TypeAlias = pl.Expr | str | float | bool | None
Change: TypeAlias = Mapping[str, Value]
Broken: TypeAlias = Callable[[Scores, Scores], npt.NDArray[np.bool_]]
col = pl.col
UNSEEN = "\N{REPLACEMENT CHARACTER} unseen"
FEW = 250


@dataclass(frozen=True)
class Case:
    """A claim about scores before and after each of `changes`, on the rows that it alters and where `where` holds.

    `broken` tells the rows that break the claim, of which the share `tolerated` may; `most` bounds the rows tried.
    """

    claim: str
    broken: Broken
    changes: tuple[Change, ...]
    where: pl.Expr | None = None
    tolerated: float = 0.0
    most: int | None = None


def unchanged(claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0) -> Case:
    """The change must not matter: the score moves by no more than `within`."""
    return Case(claim, lambda before, after: ~(np.abs(after - before) <= within), (change,), where, tolerated)


def not_lower(claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0) -> Case:
    """The change must not lower the score, or by no more than `within`."""
    return Case(claim, lambda before, after: ~(after >= before - within), (change,), where, tolerated)


def not_higher(claim: str, change: Change, *, where: pl.Expr | None = None, within: float = 0.0, tolerated: float = 0.0) -> Case:
    """The change must not raise the score, or by no more than `within`."""
    return Case(claim, lambda before, after: ~(after <= before + within), (change,), where, tolerated)


def declared(module: ModuleType) -> dict[str, Case]:
    """The behaviours that a `stress.py` declares, by name."""
    return {name: value for name, value in vars(module).items() if isinstance(value, Case) and not name.startswith("_")}


def always(features: Mapping[str, pl.DataType]) -> dict[str, Case]:
    """What every model must bear: missing, unseen and extreme values, one feature at a time and all at once."""
    numbers = [(name, dtype) for name, dtype in features.items() if isinstance(dtype, NumericType)]
    unseen = {name: pl.lit(UNSEEN) for name, dtype in features.items() if dtype == pl.String}
    least = {name: dtype.min() for name, dtype in numbers}
    greatest = {name: dtype.max() for name, dtype in numbers}
    return {
        **_pair("missing", "Missing values leave the score a probability", {name: pl.lit(None) for name in features}),
        **_pair("unseen", "Categories never seen leave the score a probability", unseen),
        **_pair("extreme", "The least and greatest values leave the score a probability", least, greatest),
    }


def _pair(name: str, claim: str, *changes: Change) -> dict[str, Case]:
    single = tuple({feature: value} for change in changes for feature, value in change.items())
    if not single:
        return {}
    return {
        f"{name}_one": Case(f"{claim}, one feature at a time", _no_probability, single, most=FEW),
        f"{name}_all": Case(f"{claim}, all features at once", _no_probability, changes),
    }


def _no_probability(_: Scores, after: Scores) -> npt.NDArray[np.bool_]:
    return ~((after >= 0) & (after <= 1))
