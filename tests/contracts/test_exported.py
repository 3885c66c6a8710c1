"""Contracts exported as JSON Schema, and the checker made from them: held against Pandera and a validator of JSON Schema."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import msgspec
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts.answers import Error
from interlock.contracts.check import check
from interlock.contracts.compatibility import compatible
from interlock.contracts.exported import beyond, exported
from interlock.contracts.microbatch import Checker
from interlock.contracts.reader import read
from interlock.errors import DeclarationError
from interlock.frames import ROW
from interlock.terms import severity, unique
from interlock.usecase import request, source, table_of
from tests.contracts.made import OWN, Everything, rows
from tests.examples import fewer

NAMES = ("everything", "request", "weather")
FEW = settings(max_examples=fewer(3))


@pytest.fixture(scope="session", params=NAMES)
def model(request: pytest.FixtureRequest, flights_schema: ModuleType) -> Any:
    return Everything if request.param == "everything" else getattr(flights_schema, request.param.capitalize())


def written(schema: dict[str, Any]) -> dict[str, Any]:
    """A contract as it comes out of a file."""
    found: dict[str, Any] = json.loads(json.dumps(schema, allow_nan=False))
    return found


def own(schema: dict[str, Any], error: Error) -> bool:
    """Whether a rule is one that JSON Schema has no word for."""
    return error.field in schema["properties"] and error.rule in schema["properties"][error.field][OWN]


def test_what_is_exported_is_json_schema(model: Any) -> None:
    """It keeps the meta-schema of draft 2020-12, names every field with its column type, and survives being written."""
    schema = exported(table_of(model))
    jsonschema_rs.meta.validate(schema)
    assert written(schema) == schema
    assert list(schema["properties"]) == list(table_of(model).types)
    assert all(said[OWN]["type"] for said in schema["properties"].values())


@FEW
@given(data=st.data())
def test_a_validator_of_json_schema_finds_what_the_checker_finds(model: Any, data: st.DataObject) -> None:
    """Row by row and field by field, over rows of any JSON: what differs is only what the contract marks as its own."""
    schema = written(exported(table_of(model)))
    batch = data.draw(st.lists(rows(schema), min_size=1, max_size=6))
    found = Checker(schema).rows(batch).errors
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for i, row in enumerate(batch):
        theirs = {error.instance_path[0] for error in validator.iter_errors(row) if error.instance_path}
        missing = {name for name in schema["required"] if name not in row}
        ours = {error.field for error in found if error.row == i}
        marked = {error.field for error in found if error.row == i and own(schema, error)}
        assert (theirs | missing) - marked == ours - marked
        assert validator.is_valid(row) == (not ours) or bool(marked)


@FEW
@given(data=st.data())
def test_rows_that_come_as_json_keep_the_contract_as_a_table_does(
    model: Any, pandera_says: Callable[..., set[Any]], data: st.DataObject
) -> None:
    """What the checker lets through, Pandera lets through on the model; the same rows typed break what they broke as JSON."""
    schema = exported(table_of(model))
    batch = data.draw(st.lists(rows(schema), max_size=6))
    found = Checker(schema).rows(batch)
    assert [i for i in range(len(batch)) if i not in {error.row for error in found.errors}] == found.numbers.to_list()
    assert pandera_says(model, found.rows.drop("spare", strict=False)) == set()
    assert Checker(schema).frame(found.rows).errors == []


@FEW
@given(data=st.data())
def test_the_checker_finds_in_a_typed_frame_what_pandera_finds_on_the_model(
    model: Any, pandera_says: Callable[..., set[Any]], data: st.DataObject
) -> None:
    """By row and field, values out of bounds and nulls where there may be none; and both say the same as the contract in training."""
    schema = exported(table_of(model))
    batch = data.draw(st.lists(rows(schema, hostile=False), min_size=1, max_size=6))
    loose = {**schema, "properties": {name: _typed_alone(said) for name, said in schema["properties"].items()}, "required": []}
    frame = Checker(loose).rows(batch).rows.drop("spare", strict=False)
    nothing = data.draw(st.lists(st.sampled_from(frame.columns), max_size=2, unique=True))
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col(name)).alias(name) for name in nothing)
    ours = {(error.row, error.field) for error in Checker(schema).frame(frame).errors}
    assert ours == {(row, column) for _, column, row in pandera_says(model, frame)}
    ledger = check(read(table_of(model)), frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64)).lazy()).ledger
    others = ["field_uniqueness", "multiple_fields_uniqueness", *(rule.name for rule in beyond(table_of(model)))]
    assert ours == set(ledger.filter(~pl.col("rule").is_in(others)).select(ROW, "column").iter_rows())


def _typed_alone(said: dict[str, Any]) -> dict[str, Any]:
    from interlock.contracts.kinds import kind

    alone = kind(said[OWN]["type"]).keywords
    return {**alone, "type": [alone["type"], "null"], OWN: {"type": said[OWN]["type"]}}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_without_end_break_a_frame_where_they_break_the_table(value: float) -> None:
    """JSON has no such number; in a frame it breaks what it breaks in training: a bound, or nothing where there is none."""
    schema = exported(table_of(Everything))
    assert {error.field for error in Checker(schema).frame(_with(schema, part=value, single=value)).errors} == {"part"}
    assert {error.field for error in Checker(schema).rows([{"part": value, "single": value}]).errors} >= {"part", "single"}


def _with(schema: dict[str, Any], **values: float) -> pl.DataFrame:
    good = {
        "text": "t", "small": 0, "whole": 0, "natural": 0, "three": 3, "not_three": 0, "part": 0.5, "number": 0, "single": None,
        "kind": None, "unlike": "x", "code": "A", "name": None, "exact": "ab", "holds": None, "ends": "$", "digits": "1", "flag": None,
        "at": None, "day": "2013-01-01", "clock": None, "local": None, "length": None,
    }  # fmt: skip
    made = Checker(schema).rows([good])
    assert made.errors == []
    return made.rows.with_columns(pl.lit(value, made.rows.schema[name]).alias(name) for name, value in values.items())


@request(by="some", as_of=None)
class Endless(pa.DataFrameModel):
    """Lists and bounds that hold a number without end, and numbers that a narrow column rounds."""

    some: float = pa.Field(isin=[1.0, math.inf])
    only: float = pa.Field(isin=[-math.inf])
    none_of: float = pa.Field(notin=[math.inf, 2.0], ne=-math.inf)
    most: float = pa.Field(ge=math.inf)
    least: float = pa.Field(lt=-math.inf)
    equal: pl.Float32 = pa.Field(eq=0.1)
    up_to: pl.Float32 = pa.Field(le=0.1)
    under: pl.Float32 = pa.Field(lt=0.1)
    least_of: pl.Float32 = pa.Field(ge=0.3)
    over: pl.Float32 = pa.Field(gt=0.3)
    other: pl.Float32 = pa.Field(ne=0.1)


VALUES = [0.1, 0.10000000149011612, 0.3, 0.30000001192092896, 1.0, 2.0, -2.0]


def test_rules_over_numbers_without_end_survive_being_written(pandera_says: Callable[..., set[Any]]) -> None:
    """In a typed frame they refuse what Pandera refuses, from a contract that was written to a file and read again."""
    schema = exported(table_of(Endless))
    assert written(schema) == schema
    assert msgspec.json.decode(msgspec.json.encode(schema)) == schema
    jsonschema_rs.meta.validate(schema)
    columns = table_of(Endless).types
    frame = pl.DataFrame({name: pl.Series([*VALUES, math.inf, -math.inf], dtype=kind) for name, kind in columns.items()})
    ours = {(error.row, error.field) for error in Checker(written(schema)).frame(frame).errors}
    assert ours == {(row, column) for _, column, row in pandera_says(Endless, frame)}
    assert compatible(schema, schema) == []


def test_a_validator_knows_the_rest_of_a_list_and_narrow_numbers() -> None:
    """Of JSON's numbers a validator and the checker refuse the same, also where the column rounds; a list without end is then its rest."""
    schema = written(exported(table_of(Endless)))
    validator = jsonschema_rs.validator_for(schema)
    for value in VALUES:
        row = dict.fromkeys(schema["properties"], value)
        theirs = {error.instance_path[0] for error in validator.iter_errors(row)}
        assert {error.field for error in Checker(schema).rows([row]).errors} == theirs | {"most", "least"}


def test_rules_that_refuse_no_row_are_named_and_not_checked() -> None:
    """A warning, and a failure with a tolerated share, leave rows in the table, so no request is refused for them; so are keys."""

    @source(
        key="a",
        rules=[
            severity("b", "less_than_or_equal_to", "warn"), severity("c", "less_than_or_equal_to", "fail", tolerate=0.1),
            severity("d", "less_than_or_equal_to", "fail", tolerate=0.0), severity("e", "not_nullable", "warn"), unique(("b", "c")),
        ],
    )  # fmt: skip
    class Graded(pa.DataFrameModel):
        a: int
        b: int = pa.Field(le=1)
        c: int = pa.Field(le=1)
        d: int = pa.Field(le=1)
        e: int

    schema = exported(table_of(Graded))
    assert [error.field for error in Checker(schema).rows([{"a": 1, "b": 2, "c": 2, "d": 2, "e": None}]).errors] == ["d"]
    assert {(each["rule"], each["field"]) for each in schema[OWN]["unsaid"]} == {
        ("less_than_or_equal_to(1)", "b"),
        ("less_than_or_equal_to(1)", "c"),
        ("not_nullable", "e"),
        ("field_uniqueness", "a"),
        ("unique", "b, c"),
    }


def test_a_column_without_a_form_in_json_is_refused() -> None:
    """A category has no one type of value; the message names the column type."""

    @source()
    class Kinds(pa.DataFrameModel):
        kind: pl.Categorical

    with pytest.raises(DeclarationError, match="Categorical"):
        exported(table_of(Kinds))


def test_checking_needs_neither_pandera_nor_a_use_case(tmp_path: Path) -> None:
    """From a file alone, in an empty folder: nothing of training is imported."""
    (tmp_path / "contract.json").write_text(json.dumps(exported(table_of(Everything))))
    code = (
        "import json, sys; from interlock.contracts.microbatch import Checker;"
        "print(len(Checker(json.load(open('contract.json'))).body(b'[{}]').errors));"
        "print(sorted({'pandera', 'pandas', 'interlock.usecase', 'usecases'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert ran.stdout.split("\n")[:2] == ["23", "[]"]
