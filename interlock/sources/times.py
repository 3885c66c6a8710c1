"""Text and local clock times become UTC microseconds, dates and times of day; what cannot becomes null."""

from collections.abc import Sequence

import polars as pl
from polars.exceptions import ComputeError

from interlock.errors import ConfigError

UTC = pl.Datetime("us", "UTC")
CLOCKS = ("%H:%M:%S%.f", "%H:%M")
DAYS = ("%Y-%m-%d",)
LOCAL = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
OFFSET = tuple(f"{form}%#z" for form in LOCAL[:-1])


def moments(values: pl.Series, zone: str | None) -> pl.Series:
    """ISO 8601 text as UTC microseconds: its own offset counts, a time without one is in `zone`, null where there is none.

    Finer fractions than a microsecond are cut off.
    """
    carried = _parsed(values, UTC, OFFSET)
    if zone is None or carried.null_count() == values.null_count():
        return carried
    return carried.fill_null(localized(local(values), zone))


def local(values: pl.Series) -> pl.Series:
    """ISO 8601 text without an offset as a clock time."""
    return _parsed(values, pl.Datetime("us"), LOCAL)


def localized(clock: pl.Series, zone: str) -> pl.Series:
    """Clock times in `zone` as UTC microseconds; null where the clock was put forward over the time, or back to it."""
    try:
        here = clock.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    except ComputeError as error:
        raise ConfigError(
            f"{zone!r} is not a time zone", "write one such as UTC or America/New_York under zones in conf/usecase/"
        ) from error
    return here.dt.convert_time_zone("UTC")


def outside(values: pl.Series) -> pl.Series:
    """True for each date or moment of a year that calendars do not write, before 1 or after 9999."""
    return values.is_not_null() & ~values.dt.year().is_between(1, 9999).fill_null(value=False)


def dates(values: pl.Series) -> pl.Series:
    return _parsed(values, pl.Date(), DAYS)


def clocks(values: pl.Series) -> pl.Series:
    return _parsed(values, pl.Time(), CLOCKS)


def _parsed(values: pl.Series, kind: pl.Date | pl.Time | pl.Datetime, forms: Sequence[str]) -> pl.Series:
    """`values` in the first of the `forms` that reads each of them."""
    parsed = values.str.strptime(kind, forms[0], strict=False)
    for form in forms[1:]:
        if parsed.null_count() == values.null_count():
            break
        parsed = parsed.fill_null(values.str.strptime(kind, form, strict=False))
    return parsed
