"""Columns as conf declares them: each value is converted exactly, or the first that cannot be is named."""

from collections.abc import Callable, Sequence

import polars as pl
import polars.selectors as cs
from polars.exceptions import PolarsError

from interlock.errors import SourceError
from interlock.frames import ROW
from interlock.sources import times
from interlock.sources.spec import NUMBERS, Table

MEND = "mend the source, or in conf/usecase/ list the value under nulls or declare another type"
LOGICAL = {"true": True, "false": False, "1": True, "0": False}


def convert(name: str, frame: pl.DataFrame, spec: Table) -> pl.DataFrame:
    """`frame` with its declared columns as declared, all moments in UTC microseconds, and the others as they are.

    Raises SourceError where a declared column is missing, a value does not fit or a moment has no time zone.
    """
    for column in (*spec.types, *spec.zones):
        if column not in frame.columns:
            raise SourceError(f"{name}: no column {column}; there are {', '.join(frame.columns)}", "mend conf/usecase/, or the source")
    if ROW in frame.columns:
        raise SourceError(f"{name}: {ROW} is the project's own name for the number of a row", "rename the column in the source")
    return pl.DataFrame([_column(name, values, spec.types.get(values.name), spec.zones.get(values.name)) for values in frame])


def blanked(frame: pl.DataFrame, nulls: Sequence[str]) -> pl.DataFrame:
    """`frame` with null for each text that stands for null."""
    text = cs.string() | cs.categorical() | cs.enum()
    return frame.with_columns(pl.when(~text.cast(pl.String).is_in(nulls)).then(text.cast(pl.String)).name.keep()) if nulls else frame


def _column(name: str, values: pl.Series, kind: str | None, zone: str | None) -> pl.Series:
    if isinstance(values.dtype, pl.Categorical | pl.Enum | pl.Null):
        values = values.cast(pl.String)
    if kind is None and zone is None and not isinstance(values.dtype, pl.Datetime):
        return values
    kind = kind or "Datetime"
    try:
        converted = CONVERTERS[kind](values, zone) if kind in CONVERTERS else _number(values, getattr(pl, kind)())
    except PolarsError as error:
        raise SourceError(f"{name}: column {values.name} holds {values.dtype}, which is no {kind}", MEND) from error
    if converted.null_count() > values.null_count():
        raise _misfit(name, values, converted, kind, zone)
    return converted


def _number(values: pl.Series, kind: pl.DataType) -> pl.Series:
    """Numbers, null where the value is none or would change: whole numbers stay whole, and in range."""
    if values.dtype == pl.String:
        read = values.cast(kind, strict=False)
        return read if read.null_count() == values.null_count() else values.str.strip_chars().cast(kind, strict=False)
    if kind.is_float() and not values.dtype.is_integer():
        return values.cast(kind)
    return _same(values, values.cast(kind, strict=False))


def _same(values: pl.Series, converted: pl.Series) -> pl.Series:
    kept = converted.cast(values.dtype, strict=False).eq_missing(values)
    return pl.select(pl.when(kept).then(converted)).to_series().alias(values.name)


def _moment(values: pl.Series, zone: str | None) -> pl.Series:
    if values.dtype == pl.String:
        return times.moments(values, zone)
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        return values.dt.cast_time_unit("us").dt.convert_time_zone("UTC")
    if not values.dtype.is_temporal():
        raise pl.exceptions.InvalidOperationError("a number is no moment")
    clock = values.cast(pl.Datetime("us"))
    return times.localized(clock, zone) if zone else pl.repeat(None, len(values), dtype=times.UTC, eager=True).alias(values.name)


def _logical(values: pl.Series, zone: str | None) -> pl.Series:  # noqa: ARG001 - converters are called alike
    if values.dtype == pl.String:
        return values.str.to_lowercase().replace_strict(LOGICAL, default=None, return_dtype=pl.Boolean)
    return _same(values, values.cast(pl.Boolean))


def _date(values: pl.Series, zone: str | None) -> pl.Series:  # noqa: ARG001 - converters are called alike
    return times.dates(values) if values.dtype == pl.String else _same(values, values.dt.date())


def _clock(values: pl.Series, zone: str | None) -> pl.Series:  # noqa: ARG001 - converters are called alike
    return times.clocks(values) if values.dtype == pl.String else _same(values, values.dt.time())


def _text(values: pl.Series, zone: str | None) -> pl.Series:  # noqa: ARG001 - converters are called alike
    return values.cast(pl.String)


CONVERTERS: dict[str, Callable[[pl.Series, str | None], pl.Series]] = {
    "Boolean": _logical,
    "String": _text,
    "Date": _date,
    "Time": _clock,
    "Datetime": _moment,
}


def _misfit(name: str, values: pl.Series, converted: pl.Series, kind: str, zone: str | None) -> SourceError:
    bad = values.is_not_null() & converted.is_null()
    row = bad.arg_max() or 0
    why, remedy = f"is not {'a number of type ' if kind in NUMBERS else 'a '}{kind}", MEND
    if kind == "Datetime" and (values.dtype != pl.String or times.local(values[row : row + 1]).null_count() == 0):
        why = f"does not occur exactly once in {zone}, where clocks are changed" if zone else "has no time zone"
        remedy = "give the times an offset in the source" if zone else f"declare zones: {{{values.name}: …}} in conf/usecase/"
    more = f", and {bad.sum() - 1} more" if bad.sum() > 1 else ""
    return SourceError(f"{name}: column {values.name}, row {row} (the first is 0): {str(values[row])!r} {why}{more}", remedy)
