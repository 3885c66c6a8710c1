"""Rows as a change leaves them. A new value is of its feature's type as it stands: a cast would try another than was written."""

import math
from collections.abc import Iterator

import polars as pl

from interlock.errors import shown
from interlock.evaluation.robustness import Altered, Known, Noise


def altered(frame: pl.DataFrame, keys: pl.Series, step: Altered, known: Known) -> pl.DataFrame:
    """`frame` after the change `step`; raises PolarsError where a feature is not there, or cannot hold its new value."""
    if unknown := [name for name in step if name not in known.types]:
        raise pl.exceptions.ColumnNotFoundError(f"no feature of the model is called {unknown[0]!r}")
    noisy = [value.of(frame[name], keys) for name, value in step.items() if isinstance(value, Noise)]
    return frame.with_columns(*noisy, *_typed(frame, step, known))


def _typed(frame: pl.DataFrame, step: Altered, known: Known) -> Iterator[pl.Expr]:
    for name, value in step.items():
        dtype = known.types[name]
        if isinstance(value, pl.Expr):
            found = frame.lazy().select(value.alias(name)).collect_schema()[name]
            if not _fits(found, dtype):
                raise pl.exceptions.SchemaError(f"{name} is {dtype}, and what it becomes is {found}")
            yield value.cast(dtype).alias(name)
        elif not isinstance(value, Noise):
            if not _holds(dtype, value):
                raise pl.exceptions.SchemaError(f"{name} is {dtype}, which cannot hold {shown(value)}")
            yield pl.lit(value).cast(dtype).alias(name)


def _fits(found: pl.DataType, dtype: pl.DataType) -> bool:
    """Whether a cast keeps every value, rounds it as floats do, or fails."""
    widens = dtype.is_float() and (found.is_integer() or found.is_float())
    return found == dtype or found == pl.Null() or widens or (found.is_integer() and dtype.is_integer())


def _holds(dtype: pl.DataType, value: str | float | bool | None) -> bool:
    if value is None or isinstance(value, bool):
        return value is None or dtype == pl.Boolean()
    if isinstance(value, str):
        return dtype == pl.String()
    return _whole(dtype, value) if dtype.is_integer() else dtype.is_float() and _real(dtype, value)


def _whole(dtype: pl.DataType, value: float) -> bool:
    low, high = pl.select(low=dtype.min(), high=dtype.max()).row(0)  # type: ignore[attr-defined] # a type of integers
    return (isinstance(value, int) or value.is_integer()) and low <= value <= high


def _real(dtype: pl.DataType, value: float) -> bool:
    """Whole numbers exactly, others as near as floats come."""
    try:
        held = pl.Series([float(value)]).cast(dtype).item()
    except OverflowError:
        return False
    return bool(held == value) if isinstance(value, int) else math.isinf(value) or math.isfinite(held)
