"""Columns as conf declares them: each value is converted exactly, or the first that cannot be is named."""

from collections import Counter
from collections.abc import Callable, Sequence

import polars as pl
import polars.selectors as cs
from polars.exceptions import PolarsError

from interlock.errors import SourceError, listed, shown
from interlock.frames import ROW
from interlock.sources import times
from interlock.sources.spec import NUMBERS, Table

MEND = "mend the source, or in conf/usecase/ list the value under nulls or declare another type"
ENCODING = "save the file as UTF-8, with line ends \\n and names that can be read"
LOGICAL = {"true": True, "false": False, "1": True, "0": False}


def convert(name: str, frame: pl.DataFrame, spec: Table) -> pl.DataFrame:
    """`frame` with its declared columns as declared, all moments in UTC microseconds, and the others as they are.

    Raises SourceError where a column has no proper name, a declared one is missing, a value does not fit or a moment has
    no time zone.
    """
    named(name, frame.columns)
    there = set(frame.columns)
    if missing := next((declared for declared in (*spec.types, *spec.zones) if declared not in there), None):
        raise SourceError(f"{name}: no column {missing}; there are {listed(frame.columns)}", "mend conf/usecase/, or the source")
    return pl.DataFrame([column(name, values, spec.types.get(values.name), spec.zones.get(values.name)) for values in frame])


def named(name: str, columns: Sequence[str]) -> None:
    """Raise SourceError where a column of the file `name` has no name, one that others have too, or one that does not show."""
    if blank := next((number for number, each in enumerate(columns, 1) if not each.strip()), 0):
        raise SourceError(f"{name}: column {blank} has no name in the header", "give each column its own name")
    if twice := next((each for each, times in Counter(columns).items() if times > 1), None):
        raise SourceError(f"{name}: column {twice} occurs twice in the header", "give each column its own name")
    if odd := next((each for each in columns if not each.isprintable()), None):
        raise SourceError(f"{name}: the header is not text: {shown(odd)}", ENCODING)
    if ROW in columns:
        raise SourceError(f"{name}: {ROW} is the project's own name for the number of a row", "rename the column in the source")


def blanked(frame: pl.DataFrame, nulls: Sequence[str]) -> pl.DataFrame:
    """`frame` with null for each text that stands for null."""
    text = cs.string() | cs.categorical() | cs.enum()
    return frame.with_columns(pl.when(~text.cast(pl.String).is_in(nulls)).then(text.cast(pl.String)).name.keep()) if nulls else frame


def column(name: str, values: pl.Series, kind: str | None, zone: str | None) -> pl.Series:
    """`values` as of the declared `kind`; raises SourceError where one does not fit."""
    if isinstance(values.dtype, pl.Categorical | pl.Enum | pl.Null):
        values = values.cast(pl.String)
    if kind is None and zone is None and not isinstance(values.dtype, pl.Datetime | pl.Date):
        return values
    kind = kind or ("Date" if values.dtype == pl.Date else "Datetime")
    try:
        converted = _written(values, CONVERTERS[kind](values, zone) if kind in CONVERTERS else _number(values, getattr(pl, kind)()))
    except PolarsError as error:
        raise SourceError(f"{name}: column {values.name} holds {values.dtype}, which is no {kind}", MEND) from error
    if converted.null_count() > values.null_count():
        raise _misfit(name, values, converted, kind, zone)
    return converted


def _written(values: pl.Series, converted: pl.Series) -> pl.Series:
    """`converted`, null where the value is a finite number beyond its type, or of a year that calendars do not write."""
    if isinstance(converted.dtype, pl.Datetime | pl.Date):
        beyond = times.outside(values if isinstance(values.dtype, pl.Datetime | pl.Date) else converted)
    elif converted.dtype.is_float():
        endless = values.str.contains("(?i)inf") if values.dtype == pl.String else values.cast(pl.Float64, strict=False).is_infinite()
        beyond = converted.is_infinite() & ~endless
    else:
        return converted
    return pl.select(pl.when(~beyond).then(converted)).to_series().alias(values.name) if beyond.any() else converted


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
    value, (why, remedy) = values[row : row + 1], _reason(values[row : row + 1], kind, zone)
    # NOTE: Python has no moment of such a year to show
    text = value.cast(pl.String)[0] if isinstance(value.dtype, pl.Datetime | pl.Date) else str(value[0])
    more = f", and {bad.sum() - 1} more" if bad.sum() > 1 else ""
    return SourceError(f"{name}: column {values.name}, row {row} (the first is 0): {shown(text)} {why}{more}", remedy)


def _reason(value: pl.Series, kind: str, zone: str | None) -> tuple[str, str]:
    """Why the one `value` is not of `kind`, and what to do."""
    if kind in NUMBERS:
        return f"is not a number of type {kind}", MEND
    if isinstance(value.dtype, pl.Datetime | pl.Date) and times.outside(value).item():
        return "is of no year from 1 to 9999", MEND
    if kind != "Datetime" or (value.dtype == pl.String and times.local(value).null_count()):
        return f"is not a {kind}", MEND
    if zone:
        return f"does not occur exactly once in {zone}, where clocks are changed", "give the times an offset in the source"
    return "has no time zone", f"declare zones: {{{value.name}: …}} in conf/usecase/"
