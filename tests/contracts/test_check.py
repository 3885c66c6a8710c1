"""Tables held to their contracts: the real flights, planted faults, and frames that Hypothesis makes."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts.check import check, misfits
from interlock.contracts.reader import read
from interlock.errors import ArtifactError
from interlock.usecase import Utc, source, table_of

TABLES = ("flights", "weather", "planes", "airports")
FAULTS: list[tuple[str, dict[str, Any] | None, str, list[str]]] = [
    ("flights", {"year": 1913}, "year", ["equal_to(2013)"]),
    ("flights", {"month": 13}, "month", ["less_than_or_equal_to(12)"]),
    ("flights", {"day": 0}, "day", ["greater_than_or_equal_to(1)"]),
    ("flights", {"carrier": "United"}, "carrier", ["str_length(2, 2)"]),
    ("flights", {"origin": "EWK"}, "origin", ["isin(['EWR', 'JFK', 'LGA'])"]),
    ("flights", {"tailnum": "D942DN"}, "tailnum", ["str_matches('^N[0-9A-Z]{4,5}$')"]),
    ("flights", {"dest": None}, "dest", ["not_nullable"]),
    ("flights", {"time_hour": None}, "time_hour", ["not_nullable"]),
    ("flights", None, "time_hour, carrier, flight", ["multiple_fields_uniqueness"]),
    ("weather", {"wind_speed": 1048.36}, "wind_speed", ["less_than_or_equal_to(120)"]),
    ("weather", {"humid": math.nan}, "humid", ["greater_than_or_equal_to(0)", "less_than_or_equal_to(100)"]),
    ("weather", {"visib": math.nan}, "visib", ["greater_than_or_equal_to(0)", "less_than_or_equal_to(10)", "not_nullable"]),
    ("weather", {"precip": math.inf}, "precip", ["less_than_or_equal_to(5)"]),
    ("weather", None, "origin, time_hour", ["multiple_fields_uniqueness"]),
    ("planes", None, "tailnum", ["field_uniqueness"]),
    ("airports", {"faa": None}, "faa", ["not_nullable"]),
]
NEW_KEY: dict[str, dict[str, Any]] = {
    "flights": {"flight": 9999},
    "weather": {"time_hour": datetime(2014, 2, 1, tzinfo=UTC)},
    "airports": {"faa": "ZZZ"},
}


@source(key="id")
class Things(pa.DataFrameModel):
    id: int = pa.Field(nullable=True)
    code: str = pa.Field(unique=True, nullable=True, notin=["x"])
    size: float = pa.Field(ge=0, nullable=True)
    spare: str | None = pa.Field(isin=["a"], unique=True)

    class Config:
        unique: ClassVar = ["code", "size"]


THINGS = read(table_of(Things))
ROWS = st.tuples(
    st.integers(0, 3) | st.none(),
    st.sampled_from(["a", "b", "x", ""]) | st.none(),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan]) | st.none(),
)


@pytest.mark.parametrize("name", TABLES)
def test_the_real_tables_break_what_pandera_says_they_break(
    name: str, real: dict[str, pl.DataFrame], flights_schema: ModuleType, pandera_says: Callable[..., set[Any]]
) -> None:
    """On every row of the real tables the ledger and Pandera agree on rule, column and row; keys are unique as they come."""
    model = getattr(flights_schema, name.capitalize())
    found = check(read(table_of(model)), real[name].lazy())
    assert set(found.ledger.select("rule", "column", "source_row").iter_rows()) == pandera_says(model, real[name])
    assert found.rows == real[name].height


def test_the_contract_of_the_flights_finds_what_is_wrong_in_them(real: dict[str, pl.DataFrame], flights_schema: ModuleType) -> None:
    """An impossible wind, four misspelt registrations, and three airports off the map: their rows, and no others, are set aside."""
    ledgers = [check(read(table_of(getattr(flights_schema, name.capitalize()))), real[name].lazy()).ledger for name in TABLES]
    assert [[(column, value) for _, _, column, value in ledger.rows()] for ledger in ledgers] == [
        [("tailnum", "D942DN")] * 4,
        [("wind_speed", "1048.36058")],
        [],
        [("tz", "8"), ("lat", "72.270833"), ("tz", "8")],
    ]


@pytest.mark.parametrize(("name", "fault", "column", "rules"), FAULTS)
def test_a_planted_fault_is_caught_by_its_rules_and_nothing_else_is(
    *, name: str, fault: dict[str, Any] | None, column: str, rules: list[str], real: dict[str, pl.DataFrame], flights_schema: ModuleType
) -> None:
    """A bad row after the good ones (a second copy where no value is at fault) joins the ledger alone, under the named rules."""
    contract = read(table_of(getattr(flights_schema, name.capitalize())))
    good = real[name].head(2000)
    values = {} if fault is None else NEW_KEY[name] | fault
    bad = good.head(1).with_columns(pl.lit(value, good.schema[key]).alias(key) for key, value in values.items())
    before = check(contract, good.lazy())
    after = check(contract, pl.concat([good, bad.with_columns(source_row=pl.lit(good.height, pl.Int64))]).lazy())
    planted = after.ledger.filter(pl.col("source_row") == good.height)
    assert planted.select("column", "rule").rows() == [(column, rule) for rule in rules]
    assert after.ledger.height - planted.height == before.ledger.height
    assert after.quarantined == before.quarantined + 1
    more = {(rule.column, rule.name) for (rule, count), (_, old) in zip(after.broken, before.broken, strict=True) if count == old + 1}
    assert more == {(column, rule) for rule in rules}


def test_values_and_not_only_types_are_checked() -> None:
    """The canary: Pandera passes bad values of a LazyFrame, by design; the ledger does not."""
    frame = pl.LazyFrame({"id": [1, 2], "code": ["a", "x"], "size": [1.0, -1.0], "source_row": [0, 1]})
    assert Things.validate(frame.drop("source_row")) is not None
    assert check(THINGS, frame).ledger.rows() == [
        (1, "notin(['x'])", "code", "x"),
        (1, "greater_than_or_equal_to(0)", "size", "-1.0"),
    ]


def _expected(rows: list[tuple[int | None, str | None, float | None]]) -> set[tuple[int, str]]:
    """Row by row, in plain Python: (row, column) of the row rules, then of each group over the rows that are left."""
    found = set()
    for row, (number, code, size) in enumerate(rows):
        found |= {(row, "id")} if number is None else set()
        found |= {(row, "code")} if code == "x" else set()
        found |= {(row, "size")} if size is not None and not size >= 0 else set()
    left = [row for row in range(len(rows)) if row not in {row for row, _ in found}]
    for column, position in (("code", 1), ("id", 0)):
        seen: set[Any] = set()
        for row in list(left):
            if rows[row][position] in seen:
                found.add((row, column))
                left.remove(row)
            seen.add(rows[row][position])
    return found


@settings(max_examples=100, deadline=None)
@given(st.lists(ROWS, max_size=14), st.randoms(use_true_random=False))
def test_groups_are_decided_among_the_rows_that_are_left(rows: list[Any], order: Any) -> None:
    """The first copy by source row number stays, whatever the order of the frame; a copy of a row that left is none."""
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "code": pl.String, "size": pl.Float64}, orient="row")
    frame = frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64))
    shuffled = frame[order.sample(range(len(rows)), len(rows))] if rows else frame
    found = check(THINGS, shuffled.lazy())
    assert set(found.ledger.select("source_row", "column").iter_rows()) == _expected(rows)
    assert found.quarantined == len({row for row, _ in _expected(rows)})
    assert sum(count for _, count in found.broken) == found.ledger.height


def test_the_rows_that_are_left_satisfy_pandera() -> None:
    """What the ledger leaves is a table that Pandera accepts, uniqueness included."""
    frame = pl.DataFrame({"id": [1, 1, 2, None, 3, 4], "code": ["a", "b", "a", "c", "d", "x"], "size": [0.0, 1.0, 2.0, 3.0, -1.0, 1.0]})
    found = check(THINGS, frame.with_columns(source_row=pl.int_range(6, dtype=pl.Int64)).lazy())
    left = frame[[row for row in range(6) if row not in found.ledger["source_row"]]]
    assert Things.validate(left, lazy=True).height == left.height == 1


def test_an_optional_column_is_checked_where_it_is_there() -> None:
    """Without the column its rules are not among what was asked; with it they are."""
    frame = pl.LazyFrame({"id": [1, 2], "code": ["a", "b"], "size": [1.0, 1.0], "source_row": [0, 1]})
    assert "spare" not in {rule.column for rule, _ in check(THINGS, frame).broken}
    found = check(THINGS, frame.with_columns(spare=pl.lit("a")))
    assert found.ledger.rows() == [(1, "field_uniqueness", "spare", "a")]


def test_a_ledger_says_the_value_as_text() -> None:
    """Numbers, moments, lengths of time and nulls have a text; several columns are told one after the other."""

    @source(key=["moment", "length"])
    class Spans(pa.DataFrameModel):
        moment: Utc = pa.Field(lt=datetime(2013, 1, 1, tzinfo=UTC))
        length: Annotated[pl.Duration, "us"] = pa.Field(lt=timedelta(days=1))

    new_year, day = datetime(2013, 1, 1, tzinfo=UTC), timedelta(days=1)
    frame = pl.LazyFrame(
        {"moment": [new_year, new_year - day, new_year - day], "length": [day, day - day, day - day], "source_row": [0, 1, 2]},
        schema={"moment": pl.Datetime("us", "UTC"), "length": pl.Duration("us"), "source_row": pl.Int64},
    )
    assert check(read(table_of(Spans)), frame).ledger.select("source_row", "column", "value").rows() == [
        (0, "length", "P1D"),
        (0, "moment", "2013-01-01 00:00:00.000000+00:00"),
        (2, "moment, length", "2012-12-31 00:00:00.000000+00:00, PT0S"),
    ]


def test_misfits_name_the_column_and_what_was_found() -> None:
    """A missing column comes with the one that was renamed, a wrong type with both types; others only where strict."""

    @source()
    class Closed(pa.DataFrameModel):
        carrier: str
        delay: int

        class Config:
            strict = True

    contract = read(table_of(Closed))
    assert list(misfits(contract, pl.Schema({"carriers": pl.String(), "delay": pl.Int16(), "source_row": pl.Int64()}))) == [
        "closed: column carrier is missing; it has carriers",
        "closed: column delay is Int16, the contract says Int64",
        "closed: column carriers is not in the contract, which allows no others",
    ]
    assert list(misfits(THINGS, pl.Schema({"id": pl.Int64(), "code": pl.String(), "size": pl.Float64(), "more": pl.Int8()}))) == []


def test_rows_that_cannot_be_read_are_a_damaged_artifact(tmp_path: Path) -> None:
    """A Parquet file whose pages are damaged opens by its footer and fails on its rows: the message names the table."""
    path = tmp_path / "things.parquet"
    pl.DataFrame({"id": range(5000), "code": [str(n) for n in range(5000)], "size": [1.0] * 5000, "source_row": range(5000)}).write_parquet(
        path
    )
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    with pytest.raises(ArtifactError, match="rows of things cannot be read"):
        check(THINGS, pl.scan_parquet(path))


def test_a_year_of_flights_is_checked_in_less_than_a_third_of_a_second(real: dict[str, pl.DataFrame], flights_schema: ModuleType) -> None:
    """337 thousand rows by 19 columns and 44 rules, at the best of three."""
    contract, flights = read(table_of(flights_schema.Flights)), real["flights"].lazy()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        check(contract, flights)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.3
