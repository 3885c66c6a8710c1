"""From the tables to requests and outcomes (offline only)."""

import polars as pl

from interlock.frames import ROW
from interlock.usecase import col
from usecases.flights import schema


def requests(flights: pl.LazyFrame, airports: pl.LazyFrame) -> pl.LazyFrame:
    """Every scheduled flight, two hours before it should leave."""
    scheduled = flights.join(airports.select("faa", zone="tzone"), left_on="dest", right_on="faa", how="left")
    for name, step in schema.clock_to_utc(col("sched_arr_time"), schema.zone, schema.departs).items():
        scheduled = scheduled.with_columns(step.alias(name))
    return scheduled.select(
        ROW,
        "carrier",
        "flight",
        "tailnum",
        "origin",
        "dest",
        "distance",
        flight_id=schema.flight_id,
        as_of=schema.departs - pl.duration(hours=2),
        departs=schema.departs,
        arrives="moment",
    )


def outcomes(flights: pl.LazyFrame) -> pl.LazyFrame:
    """Late by more than 15 minutes, for flights that arrived where they should."""
    arrived = flights.filter(col("arr_delay").is_not_null())
    return arrived.select(flight_id=schema.flight_id, as_of=schema.departs - pl.duration(hours=2), late=col("arr_delay") > 15)
