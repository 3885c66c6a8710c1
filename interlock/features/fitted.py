"""Columns of files in the types of a contract: text as JSON would write it, and other types only where no value changes."""

import re
from collections.abc import Callable, Sequence

import polars as pl

from interlock.contracts.kinds import Kind
from interlock.contracts.moments import Misfit

OFFSET, ZEROS = re.compile(r"(:[0-9.]+[+-][0-9]{2})([0-9]{2})$"), re.compile(r"\.([0-9]*?)0+(?=$|[Z+-])")


def fitted(values: pl.Series, of: Kind) -> pl.Series:
    """The column as of `of`, null where a value is none of it: it has another form, would change, or has no end."""
    if values.dtype == of.dtype:
        return values
    if values.dtype in (pl.String, pl.Categorical, pl.Enum):
        return _text(values.cast(pl.String), of)
    family = next((same for same in FAMILIES if same(values.dtype) and same(of.dtype)), None)
    if family is None:
        return pl.Series(values.name, [None] * len(values), dtype=of.dtype)
    made = values.cast(of.dtype, strict=False)
    if of.dtype.is_float():
        return _where(made, made.is_finite() == values.is_finite())
    return _where(made, made.cast(values.dtype, strict=False) == values)


def _zoned(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


def _unzoned(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is None


def _length(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Duration)


FAMILIES: Sequence[Callable[[pl.DataType], bool]] = (lambda dtype: dtype.is_numeric(), _zoned, _unzoned, _length)


def _text(values: pl.Series, of: Kind) -> pl.Series:
    if of.dtype == pl.String:
        return values
    if of.dtype == pl.Boolean:
        return values.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if not of.temporal:
        return _number(values, of)
    if _length(of.dtype):
        return _number(values, Kind(pl.Int64(), of.words, of.keywords, of.read)).cast(of.dtype)
    return _read([None if value is None else _plain(value) for value in values], of).alias(values.name)


def _number(values: pl.Series, of: Kind) -> pl.Series:
    if of.dtype.is_float():
        made = values.cast(of.dtype, strict=False)
        return _where(made, made.is_finite())
    made = values.cast(of.dtype, strict=False)
    if made.null_count() == values.null_count():
        return made
    parts = values.cast(pl.Float64, strict=False)
    whole = _where(parts, (parts == parts.floor()) & (parts.abs() < 2**53)).cast(of.dtype, strict=False)
    return made.fill_null(whole)


def _plain(text: str) -> str:
    """A moment as other programs write it in the form of JSON: a T, a colon in the offset, no zeros at the end of a fraction."""
    text = OFFSET.sub(r"\1:\2", text[:10] + text[10:].replace(" ", "T", 1))
    return ZEROS.sub(lambda found: f".{found[1]}" if found[1] else "", text, count=1)


def _read(values: Sequence[str | None], of: Kind) -> pl.Series:
    """Texts as a column; those that do not fit are found by halves, and null."""
    try:
        return of.read(values)
    except Misfit:
        if len(values) == 1:
            return of.read([None])
    half = len(values) // 2
    return pl.concat([_read(values[:half], of), _read(values[half:], of)])


def _where(values: pl.Series, kept: pl.Series) -> pl.Series:
    return pl.select(pl.when(kept).then(values)).to_series().alias(values.name)
