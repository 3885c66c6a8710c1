"""What stands at the door of production: exported contracts, with the rules that a table states beside its model."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts.check import check
from interlock.contracts.reader import read
from interlock.errors import ArtifactError
from interlock.features import contracted, door, featureset
from interlock.features.contracting import contract
from interlock.features.declare import on_demand, view
from interlock.features.featureset import FeatureSet, Request
from interlock.frames import ROW
from interlock.terms import row
from interlock.usecase import col, source, table_of
from tests.examples import fewer
from tests.features.worlds import Log, feature_set

NOON = datetime(2013, 1, 1, 17, tzinfo=UTC)


@pytest.fixture(scope="session")
def weather() -> Any:
    """The weather of the flights, as its schema.py declares it."""
    from usecases.flights.schema import Weather

    return table_of(Weather)


def declared(**contracts: Any) -> FeatureSet:
    """Declarations that carry contracts and nothing else, as they come out of a file."""
    return msgspec.json.decode(
        msgspec.json.encode(FeatureSet(Request(("r",), None, {"r": "String"}), {}, {}, (), contracts)), type=FeatureSet
    )


@settings(max_examples=fewer(2))
@given(
    st.lists(
        st.fixed_dictionaries(
            {"origin": st.sampled_from(["EWR", "XXX"]), "hours": st.sampled_from([0, 0, 1]), "minutes": st.sampled_from([0, 0, 30])}
            | {name: st.sampled_from([None, 0.0, 50.0, 121.0]) for name in ("temp", "dewp", "wind_speed", "wind_gust")}
        ),
        min_size=1,
        max_size=6,
    )
)
def test_rules_across_fields_hold_at_the_door_as_they_do_in_training(weather: Any, drawn: list[dict[str, Any]]) -> None:
    """Every rule of the real weather, those over several columns included: the same rows break the same rules on both sides."""
    rows = [_observed(**each) for each in drawn]
    frame = pl.DataFrame(rows, schema=dict(weather.types))
    ours = door.checker(declared(weather=contract(weather)), "weather").frame(frame).errors
    ledger = check(read(weather), frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64)).lazy()).ledger
    theirs = ledger.filter(~pl.col("rule").str.ends_with("uniqueness")).select(ROW, "column").unique()
    assert {(error.row, error.field) for error in ours} == set(theirs.iter_rows())


def _observed(origin: str, hours: int, minutes: int, **values: float | None) -> dict[str, Any]:
    at = NOON + timedelta(minutes=minutes)
    local = NOON - timedelta(hours=5)
    spent = {"humid": 50.0, "wind_dir": 0, "precip": 0.0, "pressure": None, "visib": 10.0}
    return {"origin": origin, "year": 2013, "month": 1, "day": 1, "hour": local.hour + hours, "time_hour": at, **spent, **values}


def test_an_error_across_fields_tells_all_their_values(weather: Any) -> None:
    """The rule by its name, the fields and values in its order, and what was expected as the expression."""
    frame = pl.DataFrame([_observed("EWR", 0, 0, temp=10.0, dewp=50.0, wind_speed=0.0, wind_gust=None)], schema=dict(weather.types))
    (error,) = door.checker(declared(weather=contract(weather)), "weather").frame(frame).errors
    assert error == (0, "dewp, temp", "dew_point_below_temperature", "50.0, 10.0", "dewp <= temp")


def test_a_rule_that_cannot_be_exported_is_named_as_unsaid() -> None:
    """What the walker does not know, such as a logarithm, holds in training alone, and the contract says so."""

    @source(rules=[row("small", col("x").log() < 1), row("whole", col("x") != 3)])
    class Things(pa.DataFrameModel):
        x: float

    own = contract(table_of(Things))["x-interlock"]
    assert [rule["rule"] for rule in own["rows"]] == ["whole"]
    assert [(each["rule"], each["field"]) for each in own["unsaid"]] == [("small", "x")]


def test_a_feature_set_carries_the_contracts_of_what_it_reads() -> None:
    """Of requests and of each table that a history or lookup reads; they change no fingerprint."""
    features = feature_set({"n": view(Log).count("1h", "Rows"), "half": on_demand(col("c") / 2, "Half")})
    assert list(features.contracts) == contracted.names(features) == ["requests", "log"]
    assert msgspec.structs.replace(features, contracts={}).fingerprint == features.fingerprint


def test_declarations_without_contracts_are_held_to_their_types() -> None:
    """As they were exported before there were contracts: types and nulls of a request, types of what is read of a table."""
    features = msgspec.structs.replace(feature_set({"n": view(Log).count("1h", "Rows")}), contracts={})
    assert [error.field for error in door.checker(features, "requests").rows([{"rid": 1, "as_of": None, "a": None, "b": None, "c": None}]).errors] == ["rid", "as_of"]  # fmt: skip
    assert [error.field for error in door.checker(features, "log").rows([{"id": None, "a": 1, "at": None, "seen": None, "n": 1}]).errors] == ["a"]  # fmt: skip


@pytest.mark.parametrize(
    "damage", [{"properties": {"x": 1}}, {"properties": {"x": {"x-interlock": {"type": "Nothing"}}}}, {"title": "x"},
               {"properties": {}, "x-interlock": {"rows": [{"breaks": ["fn", "exec", [], {}]}]}}]
)  # fmt: skip
def test_damaged_contracts_are_refused_when_declarations_are_read(tmp_path: Path, damage: dict[str, Any]) -> None:
    """A contract that is none, of an unknown type, or with an expression that the walker does not know: an error, no traceback."""
    featureset.export(declared(x=damage), tmp_path / "featureset.json")
    with pytest.raises(ArtifactError):
        featureset.read(tmp_path / "featureset.json")
