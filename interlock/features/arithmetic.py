"""The arithmetic of windows, once for every executor: measures as integers, totals to values.

Integer addition is associative, so totals are the same in any order; the one conversion and the one division to a
float stand here. Squares are Int128: with at most 2³¹ rows and totals below 2⁶³ neither n·Σx² nor (Σx)² can wrap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.features import expressions
from interlock.features.featureset import Window
from interlock.features.operations import divided
from interlock.frames import unsigned

T = TypeVar("T", pl.Expr, NDArray[Any])


def kept(window: Window) -> pl.Expr:
    """True for the rows of a history that `window` counts: they pass its filter, and the measure is known."""
    passes = pl.lit(True) if window.where is None else expressions.build(window.where).fill_null(False)
    return passes if window.measure is None else passes & expressions.build(window.measure).is_not_null()


def measured(window: Window) -> pl.Expr:
    """The measure of each row as a whole number of units of its last decimal place."""
    assert window.measure is not None
    value = expressions.build(window.measure)
    return scaled(value, window.places).cast(pl.Int64) if window.places else value.cast(pl.Int64)


def scaled(value: pl.Expr, places: int) -> pl.Expr:
    """A float measure times 10^places, rounded to a whole number."""
    return (value.cast(pl.Float64) * 10.0**places).round(0)


def ranged(window: Window) -> pl.Expr:
    """What `min` and `max` compare: a zero without sign, NaN as null, since what is found of them depends on the order of rows."""
    assert window.measure is not None
    value = expressions.build(window.measure)
    return unsigned(value.fill_nan(None)) if window.dtype.startswith("Float") else value


def inexact(window: Window) -> pl.Expr:
    """True for rows whose measure breaks the declaration: more decimals than its places, or beyond its bound."""
    assert window.measure is not None
    value = expressions.build(window.measure)
    if value_is_exact(window):
        return pl.lit(False)
    wide = ~(value.cast(pl.Float64).abs() <= window.max_abs)
    fine = divided(scaled(value, window.places), pl.lit(10.0**window.places)) != value.cast(pl.Float64)
    return wide | fine


def value_is_exact(window: Window) -> bool:
    """A count and a share of a condition need no check."""
    return window.statistic in {"count", "share", "min", "max"}


def parts(window: Window) -> dict[str, pl.Expr]:
    """What each row adds to the running totals that `window` needs, named by what they are: windows share what they have in common.

    A name begins with n (rows counted), s (units of the measure) or q (their squares, Int128).
    """
    stem = expressions.digest([window.where, window.measure, window.places])[:16]
    counts = kept(window)
    found = {f"n{stem}": counts.cast(pl.Int64)}
    if window.statistic != "count":
        units = pl.when(counts).then(measured(window)).otherwise(0)
        found[f"s{stem}"] = units
        if window.statistic == "std":
            found[f"q{stem}"] = units.cast(pl.Int128) * units.cast(pl.Int128)
    return found


@dataclass(frozen=True)
class Numbers(Generic[T]):
    """What is written differently for expressions and for arrays: floats of numbers, whole numbers beyond 64 bits, the root."""

    real: Callable[[T], T]
    wide: Callable[[T], T]
    root: Callable[[T], T]


EXPRESSIONS = Numbers[pl.Expr](lambda x: x.cast(pl.Float64), lambda x: x.cast(pl.Int128), lambda x: x.sqrt())
# NOTE: integers of Python where 64 bits may not do; conversion, division and root are correctly rounded here as there.
ARRAYS = Numbers[NDArray[Any]](lambda x: x.astype(np.float64), lambda x: x.astype(object), np.sqrt)


def finished(window: Window) -> pl.Expr:
    """The value of a window from columns that hold the differences of its totals, named as `parts` says."""
    names = list(parts(window))
    totals = (pl.col(names[i]) if i < len(names) else pl.lit(0) for i in range(3))
    known, found = value(EXPRESSIONS, formula(window), 10**window.places, *totals)
    return found if known is None else pl.when(known).then(found)


def formula(window: Window) -> str:
    """The formula by which `value` finishes a window; a sum of whole numbers stays one."""
    return {"sum": "sum" if window.places else "total", "share": "mean"}.get(window.statistic, window.statistic)


def value(numbers: Numbers[T], by: str, unit: T | int, n: T, total: T, squares: T) -> tuple[T | None, T]:
    """Where windows of one formula have a value (None: everywhere), and the value.

    It comes from the count `n`, the total and the total of squares, in units of which `unit` make one. All are columns of integers, and every
    divisor is a column too, for the reason that `operations.divided` gives.
    """
    real = numbers.real
    match by:
        case "count":
            return None, n
        case "total":
            return n > 0, total
        case "sum":
            return n > 0, real(total) / real(n * 0 + unit)
        case "mean":
            return n > 0, real(total) / real(n * unit)
        case "std":
            many, wide = numbers.wide(n), numbers.wide(total)
            spread = numbers.root(real(many * squares - wide * wide) / real(many * (many - 1)))
            return n > 1, spread / real(n * 0 + unit)
    raise AssertionError(by)
