"""Moments, days and times of day in JSON: the texts that are allowed, and what they mean.

A moment is written as RFC 3339 says, with a capital T, its offset, and no leap second; days and times without a zone leave
out what they lack. Years are 1000 to 8999 (1700 to 2199 where a column counts nanoseconds), and fractions of a second no
finer than the column, nor than a microsecond.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

import polars as pl

YEARS, YEARS_OF_NANOSECONDS = "[1-8][0-9]{3}", "(1[7-9]|2[01])[0-9]{2}"
MONTH_AND_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
OFFSET = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1)
EPOCH_UTC = EPOCH.replace(tzinfo=UTC)
PER_MICROSECOND = {"ns": (1000, 1), "us": (1, 1), "ms": (1, 1000)}
Values: TypeAlias = Sequence[Any]


class Misfit(Exception):  # noqa: N818 - of a value, not of the program
    """A value that its column cannot hold: the keyword that it breaks, and what was expected, in words."""

    def __init__(self, rule: str, expected: str) -> None:
        super().__init__(expected)
        self.rule, self.expected = rule, expected


@dataclass(frozen=True)
class Form:
    """How values of one type are written; `number` reads one as its column counts it."""

    dtype: Any
    words: str
    core: str
    format: str | None
    number: Callable[[str, Any], int]

    @property
    def keywords(self) -> dict[str, Any]:
        return {"type": "string", **({"format": self.format} if self.format else {}), "pattern": f"^{self.core}$"}

    def read(self, values: Values) -> pl.Series:
        """Parsed values and nulls as a column; raises Misfit where one is not written so, or is in no calendar."""
        if not set(map(type, values)) <= {str, type(None)}:
            raise Misfit("type", self.words)
        fits = re.compile(self.core).fullmatch
        try:
            numbers = [None if value is None else self.number(value, self.dtype) for value in values if value is None or fits(value)]
        except ValueError:
            raise Misfit("format" if self.format else "pattern", f"{self.words}, of the calendar") from None
        if len(numbers) < len(values):
            raise Misfit("pattern", self.words)
        return pl.Series(numbers, dtype=pl.Int32 if self.dtype == pl.Date else pl.Int64).cast(self.dtype)


def form(dtype: Any) -> Form:
    """How values of `dtype` are written: a Datetime, Date or Time."""
    unit = getattr(dtype, "time_unit", "us")
    day = f"{YEARS_OF_NANOSECONDS if unit == 'ns' else YEARS}-{MONTH_AND_DAY}"
    clock = rf"{CLOCK}(\.[0-9]{{1,{3 if unit == 'ms' else 6}}})?"
    if dtype == pl.Date:
        return Form(dtype, "a day as 2013-01-31", day, "date", _day)
    if dtype == pl.Time:
        return Form(dtype, "a time of day as 14:05:00", clock, None, _clock)
    if dtype.time_zone is None:
        return Form(dtype, "a time without a zone as 2013-01-31T14:05:00", f"{day}[T ]{clock}", None, _moment)
    return Form(dtype, "a moment as 2013-01-31T14:05:00Z", f"{day}T{clock}{OFFSET}", "date-time", _moment)


def text(value: Any, dtype: Any) -> Any:
    """How JSON writes a value of a temporal type: as text or, for a length of time, as a whole number."""
    column = pl.Series([value]).cast(dtype)
    if isinstance(dtype, pl.Duration):
        return column.to_physical().item()
    if isinstance(dtype, pl.Datetime):
        zone = "Z" if dtype.time_zone else ""
        return (column.dt.convert_time_zone("UTC") if zone else column).dt.to_string(f"%Y-%m-%dT%H:%M:%S%.f{zone}").item()
    return column.dt.to_string("%Y-%m-%d" if dtype == pl.Date else "%H:%M:%S%.f").item()


def _moment(said: str, dtype: Any) -> int:
    moment = datetime.fromisoformat(said)
    times, parts = PER_MICROSECOND[dtype.time_unit]
    return (moment - (EPOCH if moment.tzinfo is None else EPOCH_UTC)) // MICROSECOND * times // parts


def _day(said: str, _: Any) -> int:
    return date.fromisoformat(said).toordinal() - EPOCH.toordinal()


def _clock(said: str, _: Any) -> int:
    return (datetime.combine(EPOCH, time.fromisoformat(said)) - EPOCH) // MICROSECOND * 1000
