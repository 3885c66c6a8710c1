"""A wide table made long: every cell is a row, in the order of the file, whatever the format."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError, SourceError
from interlock.params import convert
from interlock.sources.spec import Tables

Table = Callable[..., pl.DataFrame]
LONG = {"keep": ["day"], "name": "sensor", "value": "people"}
NAMES = st.lists(st.sampled_from(["a", "b c", "1", "^x$", "*", "é", "people ", "Day"]), min_size=1, max_size=5, unique=True)
COUNTS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
WRITERS: dict[str, Callable[[pl.DataFrame, str], object]] = {
    "wide.csv": lambda frame, name: frame.write_csv(name),
    "wide.ndjson": lambda frame, name: frame.write_ndjson(name),
    "wide.parquet": lambda frame, name: frame.write_parquet(name),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=NAMES, data=st.data())
def test_every_cell_is_a_row(name: str, names: list[str], data: st.DataObject, folder: Path, table: Table) -> None:
    """Row by row and, in each, column by column, as two loops over what was written go through it; nulls too, and rows are numbered."""
    cells = data.draw(st.lists(st.lists(COUNTS, min_size=len(names), max_size=len(names)), min_size=1, max_size=4))
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(len(cells))]
    columns = dict(zip(names, zip(*cells, strict=True), strict=True))
    WRITERS[name](pl.DataFrame({"day": days, **columns}, schema={"day": pl.Date, **dict.fromkeys(names, pl.Int64)}), str(folder / name))
    found = table(name, types={"day": "Date", "people": "Int64"}, unpivot=LONG)
    expected = [(day, sensor, people) for day, row in zip(days, cells, strict=True) for sensor, people in zip(names, row, strict=True)]
    assert found.rows() == [(*row, number) for number, row in enumerate(expected)]
    assert found.schema == {"day": pl.Date, "sensor": pl.String, "people": pl.Int64, "source_row": pl.Int64}


def test_rows_that_are_added_leave_the_numbers_of_the_others(folder: Path, table: Table) -> None:
    """A day that is appended, and a second file, come after what was there."""
    (folder / "a.csv").write_text("day,x,y\nmon,1,2\n")
    before = table("*.csv", unpivot=LONG)
    (folder / "a.csv").write_text("day,x,y\nmon,1,2\ntue,3,4\n")
    (folder / "b.csv").write_text("day,z\nwed,5.5\n")
    after = table("*.csv", unpivot=LONG)
    assert after.rows() == [*before.rows(), ("tue", "x", 3, 2), ("tue", "y", 4, 3), ("wed", "z", 5.5, 4)]


def test_cells_are_of_one_type(folder: Path, table: Table) -> None:
    """Numbers become the widest of them, a column without a value is of any type, and text that looks like a number stays text where
    it is declared."""
    (folder / "a.csv").write_text("day,x,y,z\nmon,1,2.5,\n")
    (folder / "b.csv").write_text("day,x,y\nmon,01,2e3\n")
    (folder / "c.ndjson").write_text('{"day": "mon", "x": 1, "y": 1234567890123456789012}\n')
    (folder / "d.csv").write_text("day,x\nmon,\n")
    assert table("a.csv", unpivot=LONG)["people"].to_list() == [1.0, 2.5, None]
    assert table("b.csv", unpivot=LONG, types={"people": "String"})["people"].to_list() == ["01", "2e3"]
    assert table("c.ndjson", unpivot=LONG, types={"people": "String"})["people"].to_list() == ["1", "1234567890123456789012"]
    assert table("d.csv", unpivot=LONG)["people"].to_list() == [None]


@pytest.mark.parametrize(
    ("text", "unpivot", "types", "message"),
    [
        ("day,x,y\nmon,1,a\n", LONG, {}, r"column y holds String, and x Int64; unpivoted they are one, people\n  → declare types.people"),
        ("day\nmon\n", LONG, {}, "all of its columns are kept, so there is no cell"),
        ("date,x\nmon,1\n", LONG, {}, "no column day to keep; there are date, x"),
        ("day,x\nmon,1.5\n", LONG, {"people": "Int8"}, "column people, row 0 .the first is 0.: '1.5' is not a number of type Int8"),
        ("day,x\nmon,1\n", LONG, {"x": "Int8"}, "no column x; there are day, sensor, people"),
        ("day,x,x\nmon,1,2\n", LONG, {}, "column x occurs twice in the header"),
    ],
)
def test_what_cannot_be_made_long_is_refused(
    text: str, unpivot: dict[str, Any], types: dict[str, str], message: str, folder: Path, table: Table
) -> None:
    """A table that does not fit what conf says of it is refused with the column, and what to do."""
    (folder / "a.csv").write_text(text)
    with pytest.raises(SourceError, match=message):
        table("a.csv", unpivot=unpivot, types=types)


@pytest.mark.parametrize(
    ("unpivot", "message"),
    [
        ({"keep": ["day"], "name": "day", "value": "people"}, "unpivot makes day twice"),
        ({"keep": [], "name": "x", "value": "x"}, "unpivot makes x twice"),
        ({"keep": [], "name": "x", "value": " "}, "unpivot holds ' ', which is no name of a column"),
        ({"keep": [], "name": "", "value": "x"}, "unpivot holds '', which is no name of a column"),
        ({"keep": [], "name": "x\x1b[31m", "value": "y"}, "which is no name of a column"),
        ({"keep": []}, "missing required field"),
    ],
)
def test_columns_that_would_not_be_there_are_refused(unpivot: dict[str, Any], message: str) -> None:
    """Conf is refused before anything is read."""
    with pytest.raises(ConfigError, match=message):
        convert({"events": {"from": "files", "path": "a.csv", "unpivot": unpivot}}, Tables, "usecase.tables")
