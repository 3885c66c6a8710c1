"""People who pass the sensors of Auckland's city centre: what each table holds and the part it plays.

The counts come with a business day from 6:00 to 5:59 and hours as text, on the clocks of Auckland.
"""

from datetime import datetime
from functools import reduce
from operator import or_

import pandera.polars as pa
import polars as pl

from interlock.terms import nulls, refers, row, rows, stable
from interlock.usecase import Utc, col, history, outcome, reference, request, source

ZONE = "Pacific/Auckland"
MOST = 20_000

# Hours that more than one row has: of each day's, one row says the hour of another. Which one shows only in its place in the file.
TWICE = [
    datetime(2024, 9, 28, 6),
    datetime(2025, 1, 3, 3),
    datetime(2025, 1, 4, 4),
    datetime(2025, 1, 5, 5),
    datetime(2025, 1, 5, 6),
]
# Clocks were put forward, and labels were not until the end of the month: each of these counts is of one hour later.
LATE = [(datetime(2023, 9, 24, 2), datetime(2023, 10, 1, 5)), (datetime(2025, 9, 28, 2), datetime(2025, 10, 1, 5))]
# Zeros for two days and nights or longer, first and last: sensors that were off.
OFF = [
    ("1 Courthouse Lane", datetime(2021, 7, 12, 15), datetime(2021, 8, 11, 9)),
    ("1 Courthouse Lane", datetime(2021, 8, 20, 13), datetime(2021, 9, 1, 5)),
    ("107 Quay Street", datetime(2019, 4, 1, 6), datetime(2022, 3, 1, 5)),
    ("150 K Road", datetime(2020, 5, 27, 0), datetime(2020, 6, 1, 5)),
    ("150 K Road", datetime(2022, 4, 19, 15), datetime(2022, 4, 23, 15)),
    ("183 K Road", datetime(2020, 8, 27, 3), datetime(2020, 9, 1, 5)),
    ("261 Queen Street", datetime(2020, 3, 25, 8), datetime(2020, 4, 4, 10)),
    ("297 Queen Street", datetime(2020, 4, 10, 9), datetime(2020, 4, 29, 7)),
    ("297 Queen Street", datetime(2021, 8, 29, 11), datetime(2021, 9, 1, 5)),
    ("30 Queen Street", datetime(2021, 8, 26, 2), datetime(2021, 9, 1, 5)),
    ("7 Custom Street East", datetime(2021, 8, 26, 2), datetime(2021, 9, 1, 5)),
]

_hour = col("hour").str.replace(":.*", "").str.to_integer(strict=False)
clock = col("date").cast(pl.Datetime("us"), strict=False) + pl.duration(days=(_hour < 6).cast(pl.Int64, strict=False), hours=_hour)
started = clock.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
_again = clock.dt.replace_time_zone(ZONE, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
there = col("starts").dt.convert_time_zone(ZONE)
_lead = col("starts") - col("as_of")


def any_of(conditions: list[pl.Expr]) -> pl.Expr:
    """Whether one of the `conditions` holds."""
    return reduce(or_, conditions)


@reference(by="Address", fixed=["Latitude", "Longitude"], rules=[rows(21, shrink=0)])
class Places(pa.DataFrameModel):
    """Where the sensors stand."""

    Address: str = pa.Field(unique=True)
    Latitude: float = pa.Field(ge=-37, le=-36)
    Longitude: float = pa.Field(ge=174, le=175)


@reference(by="day", fixed=["name"], rules=[rows(shrink=0)])
class Holidays(pa.DataFrameModel):
    """Public holidays in Auckland, known long before: the law says them, and their Mondays; the one of 2022 was declared two weeks ahead."""

    day: pl.Date = pa.Field(unique=True)
    name: str


@source(
    key=["date", "hour", "sensor"],
    rules=[
        row("year_of_its_date", col("date").dt.year() == col("year")),
        row("whole_people", col("people").floor() == col("people")),
        row("an_hour_that_was_once", started.is_not_null() & (started == _again)),
        row("labelled_with_its_own_hour", ~any_of([clock.is_between(first, last) for first, last in LATE])),
        row("one_row_an_hour", ~clock.is_in(TWICE)),
        row("switched_on", ~any_of([(col("sensor") == sensor) & clock.is_between(first, last) for sensor, first, last in OFF])),
        nulls("people", at_most=0.06),  # two sensors were not there before September 2022, one was away in that year
        refers("sensor", to=Places, severity="fail"),
        rows(shrink=0),
        stable("people", at_most=0.1),
    ],
)
class Hours(pa.DataFrameModel):
    """One row an hour and sensor; `date` is the day on which the business day began."""

    date: pl.Date
    hour: str = pa.Field(isin=[f"{hour}:00-{hour}:59" for hour in range(24)])
    year: int
    sensor: str
    people: float = pa.Field(ge=0, le=MOST, nullable=True)


@request(
    by=["sensor", "starts"],
    rules=[
        row("on_the_hour", col("starts").dt.truncate("1h") == col("starts")),
        row("at_most_seven_days_ahead", (_lead > pl.duration(hours=0)) & (_lead <= pl.duration(days=7))),
        row("its_day_in_auckland", there.dt.date() == col("day")),
        row("its_weekday_in_auckland", there.dt.weekday() == col("weekday")),
        row("its_hour_in_auckland", there.dt.hour() == col("hour")),
    ],
)
class Request(pa.DataFrameModel):
    """An hour at a sensor, up to seven days ahead, with its day, weekday (1 = Monday) and hour on the clocks of Auckland."""

    sensor: str
    starts: Utc
    as_of: Utc
    day: pl.Date
    weekday: pl.Int8 = pa.Field(ge=1, le=7)
    hour: pl.Int8 = pa.Field(ge=0, le=23)


@outcome(horizon="169h")
class Outcome(pa.DataFrameModel):
    """Those who passed in that hour, known when the hour is over: of one that is asked seven days ahead, 169 hours after the question."""

    passed: int = pa.Field(ge=0, le=MOST)


# A count is known when its hour is over.
local = started.dt.convert_time_zone(ZONE)
Counts = history(
    of=Hours, by="sensor", id=pl.concat_str([col("sensor"), started.dt.timestamp("ms")], separator="-"), time=started,
    available=started + pl.duration(hours=1), lateness="1h", where=col("people").is_not_null(),
    columns=[
        local.dt.weekday().alias("weekday"), local.dt.hour().alias("at_hour"), col("people").cast(pl.Int32, strict=False),
    ],
)  # fmt: skip
