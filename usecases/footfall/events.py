"""From the tables to requests and outcomes (offline only)."""

import polars as pl

from interlock.frames import ROW
from interlock.usecase import col
from usecases.footfall import schema

ONE_IN = 6
SPREAD = 2**32


def requests(hours: pl.LazyFrame) -> pl.LazyFrame:
    """One hour in six of every sensor, each asked about once, from 1 to 168 hours ahead: a multiplicative hash of its row draws both."""
    drawn = col(ROW) * 2_654_435_761 % SPREAD
    ahead = drawn * ONE_IN * 168 // SPREAD + 1
    return hours.filter(drawn * ONE_IN < SPREAD).select(
        ROW,
        "sensor",
        starts=schema.started,
        as_of=schema.started - pl.duration(hours=ahead),
        day=schema.local.dt.date(),
        weekday=schema.local.dt.weekday(),
        hour=schema.local.dt.hour(),
    )


def outcomes(requests: pl.LazyFrame, hours: pl.LazyFrame) -> pl.LazyFrame:
    """The count itself; none where the sensor sent none."""
    counted = hours.filter(col("people").is_not_null())
    known = counted.select("sensor", starts=schema.started, passed=col("people").cast(pl.Int64))
    return requests.select("sensor", "starts", "as_of").join(known, on=["sensor", "starts"])
