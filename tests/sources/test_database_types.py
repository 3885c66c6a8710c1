"""Types of databases: each value arrives as it is, as its digits or text, or is refused by name; never as another."""

# ruff: noqa: S608 - the statements are the tests' own

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from interlock.sources import canonical, pins
from interlock.sources.read import read
from interlock.sources.spec import DatabaseTable
from tests.examples import fewer
from tests.sources.databases import VARIABLE, Database, embedded, found, refusal

Ask = Callable[..., DatabaseTable]
UTC = pl.Datetime("us", "UTC")
MOMENT = dt.datetime(2013, 1, 1, 3, 0, 0, 123456, dt.UTC)
DIGITS = "12345678901234567890.0123456789"
# The SQL of a value, the type that it has here, and the value.
POSTGRESQL: dict[str, tuple[str, Any, Any]] = {
    "small": ("(-32768)::smallint", pl.Int16, -32768),
    "whole": ("2147483647::integer", pl.Int32, 2147483647),
    "large": ("(-9223372036854775808)::bigint", pl.Int64, -(2**63)),
    "single": ("0.1::real", pl.Float32, pl.Series([0.1], dtype=pl.Float32).item()),
    "double": ("0.1::float8", pl.Float64, 0.1),
    "infinite": ("'-Infinity'::float8", pl.Float64, -math.inf),
    "zero": ("'-0'::float8", pl.Float64, 0.0),
    "flag": ("true", pl.Boolean, True),
    "words": ("'naïve ☂'::text", pl.String, "naïve ☂"),
    "empty": ("''::varchar(5)", pl.String, ""),
    "padded": ("'x'::char(3)", pl.String, "x"),
    "raw": ("'\\x00ff'::bytea", pl.Binary, b"\x00\xff"),
    "day": ("date '0001-01-01'", pl.Date, dt.date(1, 1, 1)),
    "clock": ("time '23:59:59.999999'", pl.Time, dt.time(23, 59, 59, 999999)),
    "moment": ("timestamptz '2013-01-01 05:00:00.123456+02'", UTC, MOMENT),
    "local": ("timestamp '2013-01-01 04:00:00.123456'", UTC, MOMENT),
    "before": ("timestamptz '1850-01-01 00:00+00'", UTC, dt.datetime(1850, 1, 1, tzinfo=dt.UTC)),
    "digits": (f"{DIGITS}::numeric(38,10)", pl.String, DIGITS),
    "nearest": ("0.1::numeric", pl.Float64, 0.1),
    "counted": ("(SELECT sum(n) FROM generate_series(1::bigint, 3) n)", pl.Int64, 6),
    "mood": ("'ok'::mood", pl.String, "ok"),
    "positive": ("7::positive", pl.Int32, 7),
    "key": ("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", pl.String, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "tree": ("""'{"b": [1], "a":2}'::json""", pl.String, '{"b": [1], "a":2}'),
    "sorted_tree": ("""'{"b": [1], "a":2}'::jsonb""", pl.String, '{"a": 2, "b": [1]}'),
    "unknown": ("NULL", pl.String, None),
}  # fmt: skip
DUCKDB: dict[str, tuple[str, Any, Any]] = {
    "tiny": ("(-128)::TINYINT", pl.Int8, -128),
    "whole": ("2147483647::INTEGER", pl.Int32, 2147483647),
    "large": ("(-9223372036854775808)::BIGINT", pl.Int64, -(2**63)),
    "count": ("18446744073709551615::UBIGINT", pl.UInt64, 2**64 - 1),
    "single": ("0.1::REAL", pl.Float32, pl.Series([0.1], dtype=pl.Float32).item()),
    "double": ("0.1::DOUBLE", pl.Float64, 0.1),
    "infinite": ("'-Infinity'::DOUBLE", pl.Float64, -math.inf),
    "zero": ("'-0'::DOUBLE", pl.Float64, 0.0),
    "flag": ("true", pl.Boolean, True),
    "words": ("'naïve ☂'", pl.String, "naïve ☂"),
    "empty": ("''", pl.String, ""),
    "raw": ("'\\x00\\xFF'::BLOB", pl.Binary, b"\x00\xff"),
    "day": ("DATE '0001-01-01'", pl.Date, dt.date(1, 1, 1)),
    "clock": ("TIME '23:59:59.999999'", pl.Time, dt.time(23, 59, 59, 999999)),
    "moment": ("TIMESTAMPTZ '2013-01-01 05:00:00.123456+02'", UTC, MOMENT),
    "local": ("TIMESTAMP '2013-01-01 04:00:00.123456'", UTC, MOMENT),
    "nano": ("TIMESTAMP_NS '2013-01-01 04:00:00.123456789'", UTC, MOMENT),
    "digits": (f"{DIGITS}::DECIMAL(38,10)", pl.String, DIGITS),
    "nearest": ("0.1::DECIMAL(4,1)", pl.Float64, 0.1),
    "counted": ("(SELECT sum(n) FROM range(4) t(n))", pl.Int64, 6),
    "mood": ("'ok'::ENUM('sad', 'ok')", pl.String, "ok"),
    "key": ("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::UUID", pl.String, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "tree": ("""'{"b": [1], "a":2}'::JSON""", pl.String, '{"b": [1], "a":2}'),
    "unknown": ("NULL", pl.String, None),
}  # fmt: skip
SQLITE: dict[str, tuple[str, Any, Any]] = {
    "large": ("(-9223372036854775807 - 1)", pl.Int64, -(2**63)),
    "double": ("0.1", pl.Float64, 0.1),
    "zero": ("-0.0", pl.Float64, 0.0),
    "infinite": ("-9e999", pl.Float64, -math.inf),
    "flag": ("1", pl.Boolean, True),
    "words": ("'naïve ☂'", pl.String, "naïve ☂"),
    "empty": ("''", pl.String, ""),
    "raw": ("X'00ff'", pl.Binary, b"\x00\xff"),
    "day": ("'0001-01-01'", pl.Date, dt.date(1, 1, 1)),
    "moment": ("'2013-01-01T05:00:00.123456+02:00'", UTC, MOMENT),
    "local": ("'2013-01-01 04:00:00.123456'", UTC, MOMENT),
    "nearest": ("'0.1'", pl.Float64, 0.1),
    "unknown": ("NULL", pl.String, None),
}
CASES = {"postgresql": POSTGRESQL, "duckdb": DUCKDB, "sqlite": SQLITE}
DECLARED = {"digits": "String", "nearest": "Float64", "counted": "Int64"}
TEXTS = {"flag": "Boolean", "day": "Date", "moment": "Datetime"}
ORDER = ["id"]


def test_values_keep_their_types(database: Database, ask: Ask, tmp_path: Path) -> None:
    """A value of each type that an engine has arrives as stated here, and a null beside it as null of that type."""
    if database.engine == "postgresql":
        database.do("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS integer CHECK (value > 0);")
    cases = CASES[database.engine]
    types = {name: kind for name, kind in (DECLARED | (TEXTS if database.engine == "sqlite" else {})).items() if name in cases}
    one = "SELECT 1 AS id, " + ", ".join(f"{value} AS {name}" for name, (value, _, _) in cases.items())
    query = f"SELECT * FROM ({one}) AS one UNION ALL SELECT 2, {', '.join('NULL' for _ in cases)}"
    if database.engine == "sqlite":
        query = f"{one} UNION ALL SELECT 2, {', '.join('NULL' for _ in cases)}"
    table = found(
        ask(
            query=query,
            order_by=ORDER,
            types=types,
            zones={"local": "Europe/Berlin", "nano": "Europe/Berlin"} if "nano" in cases else {"local": "Europe/Berlin"},
        ),
        tmp_path,
    )
    assert table.select(*cases).schema == {name: kind for name, (_, kind, _) in cases.items()}
    assert table.select(*cases).row(0) == tuple(value for _, _, value in cases.values())
    assert math.copysign(1, table["zero"][0]) == 1
    assert table.select(*cases).row(1) == (None,) * len(cases)


def test_not_a_number_is_kept(database: Database, ask: Ask, tmp_path: Path) -> None:
    """NaN is a value of its own, beside null; SQLite has none, and stores null for it."""
    value = "9e999 - 9e999" if database.engine == "sqlite" else "CAST('NaN' AS DOUBLE PRECISION)"
    table = found(ask(query=f"SELECT 1.5 + 0e0 AS a UNION ALL SELECT {value} UNION ALL SELECT NULL"), tmp_path)
    assert table["a"].null_count() == (2 if database.engine == "sqlite" else 1)
    assert table["a"].is_nan().sum() == (0 if database.engine == "sqlite" else 1)


@pytest.mark.parametrize("kind", ["numeric(38,10)", "numeric"])
def test_decimal_numbers_are_never_rounded_unasked(warehouse: Database, ask: Ask, tmp_path: Path, kind: str) -> None:
    """A decimal number without a declared type is refused with the choices; as Int64 it must be whole."""
    warehouse.do(f"CREATE TABLE events (price {kind}); INSERT INTO events VALUES ({DIGITS});")
    error = refusal(ask(table="events"), tmp_path / "a")
    assert error.found == "table events: column price holds decimal numbers, which are never rounded without being told to"
    assert error.remedy.startswith("declare types.price")
    assert "12345678901234567890.0123456789" in refusal(ask(table="events", types={"price": "Int64"}), tmp_path / "b").found


@pytest.mark.parametrize(("engine", "value", "kind"), [
    ("postgresql", "array[1, 2]", "_int4"), ("postgresql", "interval '1 day'", "interval"), ("postgresql", "row(1, 2)", "record"),
    ("postgresql", "'1'::money", "money"), ("postgresql", "int4range(1, 2)", "int4range"), ("postgresql", "timetz '12:00+01'", "timetz"),
    ("duckdb", "[1, 2]", "INTEGER[]"), ("duckdb", "{'a': 1}", "STRUCT"), ("duckdb", "INTERVAL 1 DAY", "INTERVAL"), ("duckdb", "MAP {'a': 1}", "MAP"),
])  # fmt: skip
def test_what_has_no_column_is_refused(  # noqa: PLR0917 - the cases, and the fixtures it takes
    engine: str,
    value: str,
    kind: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    ask: Ask,
    tmp_path: Path,
) -> None:
    """Arrays, records, intervals and the like are refused by column and type, and a cast in the query lets them in as text."""
    if engine == "postgresql":
        request.getfixturevalue("warehouse")
    else:
        monkeypatch.setenv(VARIABLE, embedded(engine, folder).uri)
    error = refusal(ask(query=f"SELECT {value} AS a"), tmp_path / "a")
    assert error.found.startswith(f"table events: column a is {kind}")
    assert "cast it" in error.remedy
    assert found(ask(query=f"SELECT CAST({value} AS VARCHAR) AS a"), tmp_path / "b").schema["a"] == pl.String


@pytest.mark.parametrize(
    "value", ["timestamptz 'infinity'", "timestamp '-infinity'", "date 'infinity'", "timestamptz '20000-01-01'", "date '0001-01-01 BC'"]
)
def test_moments_without_a_year_are_refused(warehouse: Database, ask: Ask, tmp_path: Path, value: str) -> None:  # noqa: ARG001 - the server is asked
    """Infinity, and years that no calendar here has, are refused by column, with what to write instead."""
    error = refusal(ask(query=f"SELECT {value} AS a, timestamp '2020-01-01' AS b"), tmp_path)
    assert error.found == "table events: column a holds a moment outside of the years 1 to 9999"
    assert "nullif" in error.remedy


def test_a_time_without_a_zone_needs_one(warehouse: Database, ask: Ask, tmp_path: Path) -> None:  # noqa: ARG001 - the server is asked
    """A timestamp without a zone is refused until its zone is declared, like a time in a file."""
    error = refusal(ask(query="SELECT timestamp '2020-01-01' AS a"), tmp_path)
    assert "column a, row 0" in error.found
    assert "zones: {a:" in error.remedy


@pytest.mark.parametrize(("values", "kind"), [
    ("(NULL), (NULL), ('x')", pl.String), ("(1), (2.5)", pl.Float64), ("(NULL), (1)", pl.Int64), ("(NULL)", pl.String), ("(X'00')", pl.Binary),
])  # fmt: skip
def test_sqlite_columns_are_of_the_type_of_all_their_values(
    values: str, kind: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, tmp_path: Path
) -> None:
    """A column whose first thousands of values are null has the type of the value that follows."""
    made = sqlite(folder, monkeypatch)
    made.do(f"CREATE TABLE events (id INTEGER PRIMARY KEY, a); INSERT INTO events (a) VALUES {', '.join(['(NULL)'] * 3000)}, {values};")
    assert found(ask(table="events", order_by=["id"]), tmp_path).schema["a"] == kind


@pytest.mark.parametrize("values", ["(1), ('x')", "(1.5), (X'00')", "(1.5), (9007199254740993)"])
def test_sqlite_columns_of_several_types_are_refused(
    values: str, folder: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, tmp_path: Path
) -> None:
    """Text beside numbers, and whole numbers that a float cannot hold beside floats, are refused; cast to text they are read."""
    made = sqlite(folder, monkeypatch)
    made.do(f"CREATE TABLE events (a); INSERT INTO events VALUES {values};")
    assert "column a holds " in refusal(ask(table="events"), tmp_path / "a").found
    assert found(ask(query="SELECT CAST(a AS TEXT) AS a FROM events"), tmp_path / "b").schema["a"] == pl.String


def sqlite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    made = embedded("sqlite", folder)
    monkeypatch.setenv(VARIABLE, made.uri)
    return made


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\r'\",;\\"), max_size=8)
VALUES = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | TEXT,
    st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
)


@settings(max_examples=fewer(3), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=st.lists(VALUES, min_size=1, max_size=12), data=st.data())
def test_any_values_come_back_in_any_order(
    rows: list[tuple[Any, ...]], data: st.DataObject, database: Database, ask: Ask, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever numbers, texts and moments are stored, in whatever order, they come back exactly, sorted, and with the same hash."""
    text, real = ("TEXT", "REAL") if database.engine == "sqlite" else ("TIMESTAMP", "DOUBLE PRECISION")
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Float64, "c": pl.String, "d": pl.Datetime("us")}, orient="row")
    spec = ask(table="events", zones={"d": "UTC"}, types={"a": "Int64", "b": "Float64", "d": "Datetime"})
    pinned = []
    for order in (rows, data.draw(st.permutations(rows))):
        database.store("events", {"a": "BIGINT", "b": real, "c": "TEXT", "d": text}, order)
        pin, files = pins.examine("events", spec, tmp_path_factory.mktemp("scratch"))
        pinned.append(pin)
        expected = frame.with_columns(pl.col("d").dt.replace_time_zone("UTC"), pl.col("b") + 0.0).sort(frame.columns)
        assert_frame_equal(read("events", spec, files).drop("source_row"), expected, check_exact=True)
    assert pinned[0] == pinned[1]


ROWS = st.lists(st.tuples(*[st.none() | st.sampled_from(["", "a", 'a"', ",", "\n", "null", '","'])] * 2), min_size=1, max_size=4)


@given(ones=ROWS, others=ROWS, cut=st.integers(0, 4))
def test_canonical_text_is_of_the_values_alone(ones: list[tuple[str | None, ...]], others: list[tuple[str | None, ...]], cut: int) -> None:
    """Two frames have the same canonical text just where their values are the same, however they are cut into batches."""
    schema = {"a": pl.String, "b": pl.String}
    one, other = (pl.DataFrame(rows, schema=schema, orient="row") for rows in (ones, others))
    assert (canonical.lines(one) == canonical.lines(other)) == (ones == others)
    assert canonical.lines(one[:cut]) + canonical.lines(one[cut:]) == canonical.lines(one)
