"""What the parts of a behaviour may be; every mistake is told with the line where it stands."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interlock.errors import DeclarationError, shown
from interlock.features import expressions
from interlock.loading import demand, place

JUST = math.nextafter(1.0, 0.0)


def one_of(name: str, value: Any, known: Sequence[str]) -> None:
    if value not in known:
        raise DeclarationError(f"{place()}: {name} is {shown(value)}", f"write one of: {', '.join(known)}")


def bounded(name: str, value: Any, low: float, high: float) -> None:
    """Raise DeclarationError where `value` is no finite number from `low` to `high`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and low <= value <= high):
        raise DeclarationError(f"{place()}: {name} is {shown(value)}", f"write {_asked(low, high)}")


def change(values: Any) -> None:
    """Raise DeclarationError where `values` are not what features become, by name."""
    for name, value in demand("the change", values, Mapping, "a dictionary of values by feature").items():
        what = f"{demand('a feature', name, str, 'its name')!r} of the change"
        if not isinstance(value, pl.Expr):
            demand(what, value, (str, int, float, type(None)), "a value, or an expression of the same row")
        if isinstance(value, float) and math.isnan(value):
            raise DeclarationError(f"{place()}: {what} is NaN", "write None for what is missing")
        _of_one_row(what, value)
    if not values:
        raise DeclarationError(f"{place()}: the change is empty", "name a feature and its new value")


def condition(where: Any) -> None:
    """Raise DeclarationError where `where` is no expression of one row."""
    _of_one_row("where", demand("where", where, pl.Expr, 'an expression such as col("age") > 30'))


def _of_one_row(what: str, value: Any) -> None:
    try:
        if isinstance(value, pl.Expr):
            expressions.parse(value)
    except DeclarationError as error:
        raise DeclarationError(f"{place()}: {what}: {error.found}", error.remedy) from error


def _asked(low: float, high: float) -> str:
    if math.isinf(low):
        return "a finite number"
    if math.isinf(high):
        return f"a number of {low:g} or more"
    return f"a share from {low:g} to less than 1" if high == JUST else f"a number between {low:g} and {high:g}"
