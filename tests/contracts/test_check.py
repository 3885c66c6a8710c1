"""Tables held to their contracts: the real flights, planted faults, and frames that Hypothesis makes."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import terms
from interlock.contracts.check import check
from interlock.contracts.fit import misfits
from interlock.contracts.reader import read
from interlock.errors import ArtifactError, DeclarationError
from interlock.usecase import Utc, col, source, table_of

TABLES = ("flights", "weather", "planes", "airports")


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
    stated = [term.name for term in table_of(model).rules]
    of_the_model = found.ledger.filter(~pl.col("rule").is_in(stated))
    assert set(of_the_model.select("rule", "column", "source_row").iter_rows()) == pandera_says(model, real[name])
    assert found.rows == real[name].height


def test_the_contract_of_the_flights_finds_what_is_wrong_in_them(real: dict[str, pl.DataFrame], flights_schema: ModuleType) -> None:
    """An impossible wind, four misspelt registrations, and three airports off the map: their rows, and no others, are set aside."""
    ledgers = [check(read(table_of(getattr(flights_schema, name.capitalize()))), real[name].lazy()).ledger for name in TABLES]
    assert [[(column, value) for _, _, column, value in ledger.rows()] for ledger in ledgers] == [
        [("tailnum", "D942DN")] * 4,
        [("wind_speed", "1048.36058")],
        [],
        [("lon", "112.457"), ("tz", "8"), ("lat", "72.270833"), ("lon", "42.898333"), ("lon", "117.759"), ("tz", "8")],
    ]


def test_values_and_not_only_types_are_checked() -> None:
    """The canary: Pandera passes bad values of a LazyFrame, by design; the ledger does not."""
    frame = pl.LazyFrame({"id": [1, 2], "code": ["a", "x"], "size": [1.0, -1.0], "source_row": [0, 1]})
    assert Things.validate(frame.drop("source_row")) is not None
    assert check(THINGS, frame).ledger.rows() == [
        (1, "notin(['x'])", "code", "x"),
        (1, "greater_than_or_equal_to(0)", "size", "-1.0"),
    ]


def _expected(rows: list[tuple[int | None, str | None, float | None]]) -> dict[int, set[str]]:
    """Row by row, in plain Python: the columns by which each row leaves; of a copy any by which it is one of a row that stays."""
    found: dict[int, set[str]] = {}
    stay: list[int] = []
    for row, (number, code, size) in enumerate(rows):
        bad = {"id"} if number is None else set()
        bad |= {"code"} if code == "x" else set()
        bad |= {"size"} if size is not None and not size >= 0 else set()
        copied = {name for name, part in (("code", 1), ("id", 0)) for other in stay if rows[other][part] == rows[row][part]}
        if bad or copied:
            found[row] = bad or copied
        else:
            stay.append(row)
    return found


@given(st.lists(ROWS, max_size=14), st.randoms(use_true_random=False))
def test_groups_are_decided_among_the_rows_that_are_left(rows: list[Any], order: Any) -> None:
    """The first copy by source row number stays, whatever the order of the frame; a copy of a row that left is none."""
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "code": pl.String, "size": pl.Float64}, orient="row")
    frame = frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64))
    shuffled = frame[order.sample(range(len(rows)), len(rows))] if rows else frame
    found = check(THINGS, shuffled.lazy())
    expected, entries = _expected(rows), list(found.ledger.select("source_row", "column").iter_rows())
    assert {row for row, _ in entries} == expected.keys()
    assert all(column in expected[row] for row, column in entries)
    assert found.quarantined == len(expected)
    assert sum(seen.rows for seen in found.seen) == found.ledger.height


def test_the_rows_that_are_left_satisfy_pandera() -> None:
    """What the ledger leaves is a table that Pandera accepts, uniqueness included."""
    frame = pl.DataFrame({"id": [1, 1, 2, None, 3, 4], "code": ["a", "b", "a", "c", "d", "x"], "size": [0.0, 1.0, 2.0, 3.0, -1.0, 1.0]})
    found = check(THINGS, frame.with_columns(source_row=pl.int_range(6, dtype=pl.Int64)).lazy())
    left = frame[[row for row in range(6) if row not in found.ledger["source_row"]]]
    assert Things.validate(left, lazy=True).height == left.height == 1


def test_an_optional_column_is_checked_where_it_is_there() -> None:
    """Without the column its rules are not among what was asked; with it they are."""
    frame = pl.LazyFrame({"id": [1, 2], "code": ["a", "b"], "size": [1.0, 1.0], "source_row": [0, 1]})
    assert "spare" not in {seen.rule.column for seen in check(THINGS, frame).seen}
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
        ("carrier", "column carrier is missing; it has carriers"),
        ("delay", "column delay is Int16, the contract says Int64"),
        ("carriers", "column carriers is not in the contract, which allows no others"),
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


def test_a_rule_that_fails_on_a_value_is_named() -> None:
    """Where a zone skips an hour Polars stops: the message has the rule and its place, and not that rows cannot be read."""

    @source(rules=[terms.row("by_day", col("at").dt.replace_time_zone("Europe/Zurich").dt.hour() > 6)])
    class Times(pa.DataFrameModel):
        at: pl.Datetime("us")  # type: ignore[valid-type]

    frame = pl.LazyFrame({"at": [datetime(2024, 3, 31, 2, 30)], "source_row": [0]})
    with pytest.raises(DeclarationError, match=r"test_check.py:\d+: times: by_day on at cannot be asked of every row: .*2024-03-31"):
        check(read(table_of(Times)), frame)
