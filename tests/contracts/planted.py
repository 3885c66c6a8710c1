"""Faults of every kind, each in a row after the good ones, and the entries that the ledger must have for them."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

Cells = dict[str, Any]
SCHEDULE, DEPARTED, ARRIVED = "hour, minute, sched_dep_time", "dep_time, sched_dep_time, dep_delay", "arr_time, sched_arr_time, arr_delay"
HOUR = "time_hour, year, month, day, hour"
MIDNIGHT = {"time_hour": datetime(2013, 12, 31, 5, tzinfo=UTC), "month": 12, "day": 31, "hour": 0}
# What makes a copy of a table's first row a row of its own, which breaks no rule.
NEW: dict[str, Cells] = {"flights": {"flight": 9999}, "weather": MIDNIGHT, "planes": {"tailnum": "N0NEW"}, "airports": {"faa": "ZZZ"}}
# What is wrong with that row, and which rule says so, by the columns that it is about.
FAULTS: list[tuple[str, Cells, dict[str, str]]] = [
    ("flights", {"year": 1913}, {"year": "equal_to(2013)", HOUR: "its_hour_in_new_york"}),
    ("flights", {"month": 2}, {HOUR: "its_hour_in_new_york"}),
    ("flights", {"day": 0}, {"day": "greater_than_or_equal_to(1)", HOUR: "its_hour_in_new_york"}),
    ("flights", {"dep_time": 575}, {"dep_time": "a_clock_time", DEPARTED: "delay_of_the_departure"}),
    ("flights", {"arr_time": 895}, {"arr_time": "a_clock_time", ARRIVED: "delay_of_the_arrival"}),
    ("flights", {"hour": 6}, {SCHEDULE: "hour_and_minute_of_the_schedule", HOUR: "its_hour_in_new_york"}),
    ("flights", {"dep_delay": 3}, {DEPARTED: "delay_of_the_departure"}),
    ("flights", {"arr_delay": -49}, {ARRIVED: "delay_of_the_arrival"}),
    ("flights", {"dep_delay": None}, {"dep_time, dep_delay": "left_with_a_delay"}),
    ("flights", {"dep_time": None, "dep_delay": None}, {"arr_time, dep_time": "left_before_it_landed"}),
    ("flights", {"tailnum": None}, {"dep_time, tailnum": "left_with_an_aircraft"}),
    ("flights", {"tailnum": "D942DN"}, {"tailnum": "str_matches('^N[0-9A-Z]{4,5}$')"}),
    ("flights", {"air_time": None}, {"arr_delay, air_time": "flew_if_it_arrived"}),
    ("flights", {"air_time": 899}, {"air_time, arr_time, dep_time": "in_the_air_between"}),
    ("flights", {"carrier": "United"}, {"carrier": "str_length(2, 2)"}),
    ("flights", {"origin": "EWK"}, {"origin": "isin(['EWR', 'JFK', 'LGA'])"}),
    ("flights", {"dest": None}, {"dest": "not_nullable"}),
    ("flights", {"distance": 6001}, {"distance": "less_than_or_equal_to(6000)"}),
    ("flights", {"time_hour": None}, {"time_hour": "not_nullable"}),
    ("flights", {"flight": None}, {"flight": "not_nullable"}),
    ("flights", {"flight": 1545}, {"time_hour, carrier, flight": "multiple_fields_uniqueness"}),
    ("weather", {"origin": "EWK"}, {"origin": "isin(['EWR', 'JFK', 'LGA'])"}),
    ("weather", {"wind_speed": 1048.36}, {"wind_speed": "less_than_or_equal_to(120)"}),
    ("weather", {"wind_speed": 9.0, "wind_gust": 5.0}, {"wind_gust, wind_speed": "gusts_above_the_wind"}),
    ("weather", {"dewp": 99.0}, {"dewp, temp": "dew_point_below_temperature"}),
    ("weather", {"precip": math.inf}, {"precip": "less_than_or_equal_to(5)"}),
    ("weather", {"pressure": math.nan}, {"pressure": "greater_than_or_equal_to(900)|less_than_or_equal_to(1100)"}),
    ("weather", {"visib": None}, {"visib": "not_nullable"}),
    ("weather", {"visib": math.nan}, {"visib": "greater_than_or_equal_to(0)|less_than_or_equal_to(10)|not_nullable"}),
    ("airports", {"faa": None}, {"faa": "not_nullable"}),
    ("weather", {"hour": 7}, {HOUR: "its_hour_in_new_york"}),
    ("weather", {"time_hour": datetime(2013, 12, 31, 5, 30, tzinfo=UTC)}, {"time_hour": "on_the_hour"}),
    ("weather", {"time_hour": datetime(2013, 1, 1, 6, tzinfo=UTC), "month": 1, "day": 1, "hour": 1},
     {"origin, time_hour": "multiple_fields_uniqueness"}),
    ("planes", {"tailnum": "N10156"}, {"tailnum": "field_uniqueness"}),
    ("planes", {"year": 2014}, {"year": "less_than_or_equal_to(2013)"}),
    ("planes", {"engines": 5}, {"engines": "less_than_or_equal_to(4)"}),
    ("airports", {"lat": 72.27}, {"lat": "less_than_or_equal_to(71.5)"}),
    ("airports", {"lon": 112.5}, {"lon": "west_of_greenwich"}),
    ("airports", {"tz": 8}, {"tz": "less_than_or_equal_to(-4)"}),
    ("airports", {"dst": "X"}, {"dst": "isin(['A', 'N', 'U'])"}),
]  # fmt: skip
EXPECTED = pl.Schema({"table": pl.String, "source_row": pl.Int64, "column": pl.String, "rule": pl.String})


def planted(tables: Mapping[str, pl.DataFrame]) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """The raw `tables` with the faults after their rows, and the entries (table, source row, column, rule) that come of them.

    The first row of each table must be the first of the real one, and be valid.
    """
    faulty, expected = dict(tables), []
    for table, cells, rules in FAULTS:
        rows = faulty[table]
        number = int(rows["source_row"].cast(pl.Int64).max() or 0) + 1  # type: ignore[arg-type]
        values = {**NEW[table], **cells, "source_row": number}
        bad = rows.head(1).with_columns(pl.lit(value, rows.schema[name]).alias(name) for name, value in values.items())
        faulty[table] = pl.concat([rows, bad])
        expected += [(table, number, column, rule) for column, broken in rules.items() for rule in broken.split("|")]
    return faulty, pl.DataFrame(expected, EXPECTED, orient="row")
