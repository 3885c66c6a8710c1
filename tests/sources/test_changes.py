"""What changed between two snapshots."""

from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from interlock.sources.changes import SHOWN, Cell, cells, compare

BEFORE = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["a", "b", None],
        "size": [1.0, float("nan"), 3.0],
        "seen": [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
        "source_row": [0, 1, 2],
    }
)
KEYS = st.dictionaries(st.integers(0, 20), st.tuples(st.sampled_from(["x", "y", None]), st.integers(0, 3)), max_size=12)


def test_a_first_snapshot_is_described() -> None:
    """Without a snapshot there are rows and spans, and nothing to compare them with."""
    change = compare(None, BEFORE, ["id"])
    assert change.rows == (None, 3)
    assert change.spans == {"seen": (None, ["2024-01-01 00:00:00+00:00", "2024-01-03 00:00:00+00:00"])}
    assert (change.added, change.removed, change.types, change.cells) == ([], [], {}, None)


def test_a_snapshot_equals_itself() -> None:
    """Nothing changed, NaN and null included, also where the rows stand in another order."""
    change = compare(BEFORE, BEFORE.sort("id", descending=True), ["id"])
    assert (change.rows, change.new, change.gone, change.spans, change.types) == ((3, 3), 0, 0, {}, {})
    assert change.cells is not None
    assert (change.cells.changed, change.cells.new, change.cells.gone) == (0, 0, 0)


def test_every_kind_of_change_is_said() -> None:
    """Rows, columns that came and went, other types, another time span, and in a reference each cell by key."""
    after = pl.DataFrame(
        {
            "id": [2, 3, 4],
            "name": ["b", "c", "d"],
            "size": [2, 3, 4],
            "seen": [datetime(2024, 2, day, tzinfo=UTC) for day in (2, 3, 4)],
            "more": [True] * 3,
            "source_row": [0, 1, 2],
        }
    )
    change = compare(BEFORE.with_columns(less=1), after, ["id"])
    assert (change.rows, change.new, change.gone) == ((3, 3), None, None)
    assert (change.added, change.removed) == (["more"], ["less"])
    assert change.types == {"size": ("Float64", "Int64")}
    assert list(change.spans) == ["seen"]
    assert change.cells is not None
    assert (change.cells.new, change.cells.gone, change.cells.changed) == (1, 1, 3)
    assert change.cells.first[0] == Cell(["3"], "name", None, "c")


@given(KEYS, KEYS)
def test_cells_are_those_of_a_plain_comparison(was: dict[int, tuple[str | None, int]], now: dict[int, tuple[str | None, int]]) -> None:
    """The cells that changed, and the keys that came and went, are those that two dictionaries show."""
    schema = {"id": pl.Int64, "a": pl.String, "b": pl.Int64}
    before, after = (pl.DataFrame([(key, *row) for key, row in rows.items()], schema=schema, orient="row") for rows in (was, now))
    found = cells(before, after, ["id"], show=100)
    expected = {
        (str(key), column, was[key][at], now[key][at])
        for key in was.keys() & now.keys()
        for at, column in enumerate("ab")
        if was[key][at] != now[key][at]
    }
    texts = {(key, column, *(None if v is None else str(v) for v in values)) for key, column, *values in expected}
    assert {(*cell.key, cell.column, cell.before, cell.after) for cell in found.first} == texts
    assert (found.changed, found.new, found.gone) == (len(expected), len(now.keys() - was.keys()), len(was.keys() - now.keys()))


def test_only_the_first_cells_are_listed() -> None:
    """All changed cells are counted, the first few by key listed."""
    before = pl.DataFrame({"id": range(100), "a": [0] * 100})
    found = cells(before, before.with_columns(pl.col("a") + 1).sample(fraction=1.0, shuffle=True, seed=1), ["id"])
    assert found.changed == 100
    assert [cell.key for cell in found.first] == [[str(number)] for number in range(SHOWN)]


def test_a_key_that_occurs_twice_is_left_out() -> None:
    """A key that is no key in one of the snapshots is not compared: its rows cannot be told apart."""
    before = pl.DataFrame({"id": [1, 1, 2, None], "a": [1, 2, 3, 4]})
    after = pl.DataFrame({"id": [1, 2, None], "a": [5, 6, 7]})
    assert [cell.key for cell in cells(before, after, ["id"]).first] == [[None], ["2"]]
