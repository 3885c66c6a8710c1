"""The rows that a trace shows are the rows that count: recomputed from the raw tables in plain Python."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interlock import frames
from interlock.contracts import ledger
from interlock.features import featureset
from interlock.features.featureset import Latest, Window
from interlock.frames import ROW
from interlock.lineage.trace import trace
from interlock.lineage.tree import Feature, Trace
from interlock.releases.registry import Release
from interlock.serving import predictions
from tests.features import brute
from tests.features.test_counted import contributing
from tests.lineage import traced
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures
Flown = tuple[Release, list[str]]
ALL = None


def features(found: Trace) -> dict[str, Feature]:
    return {feature.name: feature for feature in found.features}


def numbers(feature: Feature) -> list[int]:
    assert feature.rows is not None
    assert feature.rows.count == len(feature.rows.shown)
    return sorted(row.row for row in feature.rows.shown if row.row is not None)


def left(flight: dict[str, Any]) -> datetime | None:
    """When a flight really left: the hour of its schedule in UTC, its minute, and its delay."""
    late = flight["dep_delay"]
    return None if late is None else flight["time_hour"] + timedelta(minutes=flight["minute"] + late)


def test_windows_over_departures_counted_the_very_flights_that_left_in_them(flown: Flown) -> None:
    """By the airlines' own columns and a loop: same numbers of rows, for windows of three lengths, three keys and one week ago."""
    flights = [(at, flight) for flight in ledger.valid("flights").collect().to_dicts() if (at := left(flight))]
    windows = {
        "origin_delay_3h": (3, 0, ["origin"]), "origin_traffic_2h": (2, 0, ["origin"]), "carrier_late_1d": (24, 0, ["carrier"]),
        "city_delay_1d": (24, 0, []), "_traffic_last_week": (2, 7 * 24, ["origin"]), "hull_flights_1d": (24, 0, ["tailnum"]),
    }  # fmt: skip
    for one in flown[1][:4]:
        found = trace(predictions.one(one), ALL)
        for name, (hours, ago, keys) in windows.items():
            end = found.request["as_of"] - timedelta(hours=ago)
            mine = [
                flight[ROW]
                for at, flight in flights
                if end - timedelta(hours=hours) <= at < end and all(flight[key] == found.request[key] for key in keys)
            ]
            assert numbers(features(found)[name]) == sorted(mine), (one, name)
        assert numbers(features(found)["city_delay_1d"])


def test_every_feature_that_looks_back_counted_what_an_oracle_counts(flown: Flown) -> None:
    """Each latest and window over departures, arrivals and weather: by looking at every raw row, and interpreting the declarations."""
    declared = featureset.read(Path("models/bundle/featureset.json"))
    found = trace(predictions.one(flown[1][1]), ALL)
    until = pl.col("time_hour") < found.request["as_of"] + timedelta(days=1)
    tables = {name: ledger.valid(name) for name in declared.tables}
    near = {name: (rows.filter(until) if name in {"flights", "weather"} else rows).collect() for name, rows in tables.items()}
    oracle = brute.World(declared, {name: rows.to_dicts() for name, rows in near.items()})
    counted = 0
    for feature in declared.features:
        if isinstance(feature, Latest | Window):
            mine = contributing(oracle, feature, found.request)
            shown = features(found)[feature.name].rows
            assert shown is not None
            assert sorted(row.id for row in shown.shown) == sorted(str(row[brute.ID]) for row in mine), feature.name
            counted += len(mine)
    assert counted > 100


def test_the_rows_alone_give_the_recorded_values_and_another_value_is_noticed(flown: Flown) -> None:
    """To the bit, for each feature by itself; a record that says otherwise is told at the feature and for the whole."""
    found = trace(predictions.one(flown[1][0]))
    agree = [feature.rows.agree for feature in found.features if feature.public and feature.rows and feature.rows.history]
    assert len(agree) > 20
    assert all(agree)
    assert (found.differ, found.unreached) == ((), ())
    one = predictions.one(flown[1][0])
    assert one.prediction is not None
    one.prediction.values["city_delay_1d"] += 1e-12
    told = trace(one)
    assert told.differ == ("city_delay_1d",)
    rows = features(told)["city_delay_1d"].rows
    assert rows is not None
    assert rows.agree is False


def test_rows_in_place_are_those_of_the_raw_table(flown: Flown) -> None:
    """Every row that is named stands beside its table, value by value as ingest wrote it, and no row that was set aside."""
    found = trace(predictions.one(flown[1][0]))
    for table in found.tables:
        raw = {row.pop(ROW): row for row in frames.read(Path(f"data/raw/{table.name}.parquet")).to_dicts()}
        assert all(raw[number] == values for number, values in table.rows.items())
    named = {(feature.rows.table, row.row) for feature in found.features if feature.rows for row in feature.rows.shown}
    assert named <= {(table.name, number) for table in found.tables for number in table.rows}
    assert not {row for table, row in named if table == "flights"} & set(frames.read(Path("data/quarantine/flights.parquet"))[ROW])


def test_the_first_rows_are_shown_and_all_on_request(flown: Flown) -> None:
    """The count is that of all; without a limit each of them is there, in the order of time."""
    some, every = (features(trace(predictions.one(flown[1][2]), most))["city_delay_1d"].rows for most in (2, None))
    assert some is not None
    assert every is not None
    assert (len(some.shown), some.count) == (2, len(every.shown))
    assert [row.time for row in every.shown] == sorted(row.time for row in every.shown)
    assert some.shown == every.shown[:2]


def test_the_source_rows_of_a_training_request_are_known(flown: Flown) -> None:
    """events.py joins airports and selects other columns; the flight and the airport of the request are still named, and are right."""
    flights = {row[ROW]: row for row in frames.read(Path("data/raw/flights.parquet")).to_dicts()}
    airports = {row[ROW]: row for row in frames.read(Path("data/raw/airports.parquet")).to_dicts()}
    for one in flown[1][:2]:
        found = trace(predictions.one(one))
        rows = {origin.table: origin.row for origin in found.origins}
        flight = flights[rows["flights"]]
        assert {name: flight[name] for name in ("carrier", "flight", "tailnum", "origin", "dest")} == {
            name: found.request[name] for name in ("carrier", "flight", "tailnum", "origin", "dest")
        }
        assert flight["time_hour"] + timedelta(minutes=flight["minute"]) == found.request["departs"]
        assert airports[rows["airports"]]["faa"] == found.request["dest"]


def test_a_request_that_somebody_sent_is_its_own_origin(flown: Flown) -> None:
    """One that the training data do not hold, and one that differs from the row that has its key."""
    sent = traced.requests(500).with_columns(flight_id=pl.lit("of-a-file"))
    changed = traced.requests(500).with_columns(distance=pl.lit(1, pl.Int32))
    new, other = (trace(predictions.one(one)) for one in traced.predict(flown[0], pl.concat([sent, changed])))
    assert (new.origins, new.origin) == ((), "the request itself, as the caller sent it")
    assert other.origins == ()
    assert other.origin.endswith("one of the training data has its key, with another distance")


@pytest.mark.parametrize("kind", ["lookup", "latest", "window", "on_demand"])
def test_every_kind_of_feature_is_told(flown: Flown, kind: str) -> None:
    """With description, logic, the columns it reads, and rows where it reads rows."""
    mine = [feature for feature in trace(predictions.one(flown[1][3])).features if feature.kind == kind and feature.public]
    assert mine
    assert all(feature.description and feature.logic for feature in mine)
    assert all((feature.rows is None) == (kind == "on_demand") for feature in mine)
    if kind == "lookup":
        assert any(
            feature.rows and feature.rows.shown[0].values["faa"]
            for feature in mine
            if feature.rows and feature.rows.count and feature.rows.table == "airports"
        )
