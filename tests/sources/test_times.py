"""Times in UTC: as Python's own calendar and time zones have them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.errors import ConfigError, SourceError
from interlock.sources.columns import convert
from interlock.sources.spec import FilesTable
from interlock.sources.times import moments

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
CLOCKS = st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 30))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(CLOCKS, OFFSETS, st.sampled_from("T "), st.sampled_from(ZONES))
def test_an_offset_counts_whatever_the_zone(clock: datetime, offset: timezone, between: str, zone: str) -> None:
    """A time that carries an offset is that moment, with or without a declared zone."""
    text = clock.replace(tzinfo=offset).isoformat(sep=between)
    for declared in (None, zone):
        assert moments(pl.Series([text]), declared).to_list() == [clock.replace(tzinfo=offset).astimezone(UTC)]


@given(CLOCKS, st.sampled_from(ZONES))
@example(datetime(2013, 11, 3, 1, 30), "America/New_York")
@example(datetime(2013, 3, 10, 2, 30), "America/New_York")
@example(datetime(2011, 12, 30, 12), "Pacific/Apia")
def test_a_clock_time_is_in_its_zone(clock: datetime, zone: str) -> None:
    """A time without an offset is the one moment at which clocks of the zone show it; null where there are none or two."""
    twice = {clock.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = [moment for moment in twice if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == clock]
    assert moments(pl.Series([clock.isoformat()]), zone).to_list() == [shown[0] if len(shown) == 1 else None]


def test_forms_may_mix() -> None:
    """Seconds, fractions and the T may be left out, a date alone is its midnight; each value is read by itself."""
    texts = ["2024-01-01", "2024-01-01 00:00", "2024-01-01T00:00:00", "2023-12-31 23:00:00.000000Z", "2024-01-01T05:00+0600", None]
    midnight = datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert moments(pl.Series(texts), "Europe/Berlin").to_list() == [midnight] * 5 + [None]


@pytest.mark.parametrize("clock", ["2013-11-03T01:30:00", "2013-03-10T02:30:00"])
def test_a_changed_clock_is_said(clock: str) -> None:
    """A local time that a clock change leaves out or repeats is refused, with the reason."""
    spec = FilesTable(path="", zones={"c": "America/New_York"})
    with pytest.raises(SourceError, match=rf"column c, row 1 .*'{clock}' does not occur exactly once in America/New_York"):
        convert("a.csv", pl.DataFrame({"c": ["2013-01-01T00:00", clock]}), spec)


def test_an_unknown_zone_is_said() -> None:
    """A zone that does not exist is a mistake in conf, and named."""
    with pytest.raises(ConfigError, match="'Mars/Olympus' is not a time zone"):
        convert("a.csv", pl.DataFrame({"c": ["2013-01-01T00:00"]}), FilesTable(path="", zones={"c": "Mars/Olympus"}))
