"""Row numbers stay with their rows through what a use case makes of its tables, and where they cannot, nothing is claimed."""

from types import ModuleType

import polars as pl
import pytest

from interlock.errors import DeclarationError
from interlock.features import requests
from interlock.features.numbered import MARK, numbered, numbers
from interlock.frames import ROW
from interlock.usecase import Schema, Table, table_of
from tests.features.worlds import Request as Asked

ONE = pl.DataFrame({ROW: [3, 5, 8], "key": ["a", "b", "c"], "x": [1, 2, 3]}).lazy()
TWO = pl.DataFrame({ROW: [10, 11, 12], "key": ["b", "c", "z"], "y": [True, False, True]}).lazy()
THREE = pl.DataFrame({ROW: [20, 21], "key": ["b", "d"], "x": [7, 9]}).lazy()
TABLES = {"one": ONE, "two": TWO, "three": THREE}


def made(by: str) -> pl.DataFrame:
    """The row numbers of what an expression makes of the tables; where it joins, in the order of the numbers."""
    found: pl.LazyFrame = eval(by, {"pl": pl, **numbered(TABLES)})  # noqa: S307 - the expressions below
    told = numbers(found.collect())
    return told.sort(told.columns) if "join" in by else told


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("one.select('key')", {"one": [3, 5, 8]}),
        ("one.filter(pl.col('x') > 1).select(pl.col('x') * 2)", {"one": [5, 8]}),
        ("one.with_columns(z=1).sort('x', descending=True).select('z')", {"one": [8, 5, 3]}),
        ("one.select('key').with_columns(n=1).select('n').rename({'n': 'm'})", {"one": [3, 5, 8]}),
        ("one.join(two.select('key', 'y'), on='key', how='left').select('y')", {"one": [3, 5, 8], "two": [None, 10, 11]}),
        ("one.join(two, on='key', how='semi')", {"one": [5, 8]}),
        ("one.join(two.select('key'), on='key').join(three.select('key'), on='key')", {"one": [5], "two": [10], "three": [20]}),
        ("pl.concat([one.select('key', 'x'), three.select('key', 'x')])", {"one": [3, 5, 8, None, None], "three": [None, None, None, 20, 21]}),
        ("pl.concat([one, three]).filter(pl.col('x') > 2)", {"one": [8, None, None], "three": [None, 20, 21]}),
        ("one.select(n=pl.int_ranges(0, 2)).explode('n')", {"one": [3, 3, 5, 5, 8, 8]}),
        ("one.select(z=pl.lit(1), k='key').unique(['z'], keep='first')", {"one": [3]}),
        ("one.join_asof(three.sort('x').select('x', other='key'), on='x', strategy='forward').select('other')",
         {"one": [3, 5, 8], "three": [20, 20, 20]}),
        ("one.join(two.select('key', 'y'), on='key', how='left').fill_null(0).fill_null('').with_columns(pl.col('x') + 1)",
         {"one": [3, 5, 8], "two": [None, 10, 11]}),
        ("one.cast({'x': pl.Float64}).shift(1).filter(pl.col('x').is_not_null())", {"one": [3, 5]}),
        ("one.group_by('key').agg(pl.col('x').sum())", {}),
        ("one.group_by('key').agg(pl.all().first())", {}),
        ("one.sort('x').rolling(index_column='x', period='2i').agg(pl.all().last())", {}),
        ("one.sort('x').group_by_dynamic('x', every='2i').agg(pl.all().last())", {}),
    ],
)  # fmt: skip
def test_numbers_go_where_their_rows_go(by: str, expected: dict[str, list[int | None]]) -> None:
    """Selections, filters, sorts, joins, concatenations and explosions keep them; groups have none."""
    assert made(by).to_dict(as_series=False) == expected


def test_of_rows_that_are_alike_the_first_is_named_in_every_run() -> None:
    """What `unique` keeps of many is left to it; the number must not be, or no two runs would write the same bytes."""
    many = pl.DataFrame({ROW: range(50_000), "key": [f"k{i % 500}" for i in range(50_000)]}).sample(fraction=1, shuffle=True, seed=7).lazy()
    for _ in range(3):
        found = numbered({"one": many})["one"].select("key").unique().collect().sort("key")
        assert sorted(numbers(found)["one"]) == list(range(500))


def test_duplicates_are_found_by_what_the_use_case_sees() -> None:
    """Two rows that are alike but for their number are one, as without numbers."""
    doubled = pl.DataFrame({ROW: [0, 1], "key": ["a", "a"]}).lazy()
    assert numbered({"one": doubled})["one"].select("key").unique().collect().height == 1


SCHEMA = Schema({}, {}, table_of(Asked))
REQUESTS = pl.DataFrame(
    {ROW: [4, 2], "rid": ["b", "a"], "as_of": pl.Series([0, 0], dtype=pl.Datetime("us", "UTC")), "a": ["1", "2"], "b": [None, "x"], "c": pl.Series([1, 2], dtype=pl.Int32)}
).lazy()  # fmt: skip


def events(text: str) -> ModuleType:
    module = ModuleType("events")
    module.__file__ = "usecases/none/events.py"
    exec(text, module.__dict__)  # noqa: S102 - a use case's file
    return module


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return table.select('rid', 'as_of', 'a', 'b', 'c')", {"table": [2, 4]}),
        ("return table.group_by('rid').agg(pl.col('as_of', 'a', 'b', 'c').first())", {}),
        ("return table.select('rid', 'as_of', 'a', 'b', c=pl.col('c') + (len(table.collect_schema()) > 6)).cast({'c': pl.Int32})", {}),
        ("return table.collect().lazy().select('rid', 'as_of', 'a', 'b', 'c') if len(table.collect_schema()) < 7 else 1 / 0", {}),
    ],
)
def test_origins_are_those_of_the_very_requests(body: str, expected: dict[str, list[int]]) -> None:
    """In the order of the requests; nothing where rows are grouped, or where asking again gives others or fails."""
    module = events(f"import polars as pl\ndef requests(table):\n    {body}\n")
    asked = requests.requests(module, SCHEMA, {"table": REQUESTS})
    assert asked["rid"].to_list() == ["a", "b"]
    assert not [name for name in asked.columns if name.startswith(MARK)]
    assert requests.origins(module, SCHEMA, {"table": REQUESTS}, asked).to_dict(as_series=False) == expected


def test_requests_themselves_are_as_ever() -> None:
    """A mistake in events.py is told by the first asking, as before."""
    with pytest.raises(DeclarationError, match="division by zero"):
        requests.requests(events("def requests(table):\n    1 / 0\n"), SCHEMA, {"table": REQUESTS})
    assert isinstance(SCHEMA.request, Table)
