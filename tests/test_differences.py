"""Where two files differ, named as a person would look for it."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.differences import details

KINDS: dict[str, tuple[Any, list[Any]]] = {
    "Int64": (pl.Int64, [0, 1, None]),
    "Float64": (pl.Float64, [0.5, float("nan"), float("inf"), None]),
    "String": (pl.String, ["", "a", None]),
    "Boolean": (pl.Boolean, [True, False, None]),
}


def write(place: Path, frame: pl.DataFrame) -> Path:
    frame.write_parquet(place)
    return place


@given(st.data())
def test_the_changed_cell_is_the_one_named(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Of two frames that differ in one cell, whatever its type and value, null and NaN too, that column and row are named, no other."""
    place, rows = tmp_path_factory.getbasetemp(), data.draw(st.integers(1, 6))
    values = {name: data.draw(st.lists(st.sampled_from(pool), min_size=rows, max_size=rows)) for name, (_, pool) in KINDS.items()}
    types = {name: dtype for name, (dtype, _) in KINDS.items()}
    column, row = data.draw(st.sampled_from(list(KINDS))), data.draw(st.integers(0, rows - 1))
    other = data.draw(st.sampled_from([value for value in KINDS[column][1] if repr(value) != repr(values[column][row])]))
    before = write(place / "before.parquet", pl.DataFrame(values, schema=types))
    changed = values | {column: [*values[column][:row], other, *values[column][row + 1 :]]}
    (found,) = details(before, write(place / "after.parquet", pl.DataFrame(changed, schema=types)), "rows.parquet")
    assert (found.kind, found.name, found.count, found.first) == ("column", column, 1, row)
    assert (found.expected, found.found) == (repr(values[column][row]), repr(other))


def test_frames_that_differ_as_a_whole(tmp_path: Path) -> None:
    """A column that is gone, new or of another type, other rows, another order and another encoding are each said so."""
    frame = pl.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    before = write(tmp_path / "before.parquet", frame)

    def said(after: pl.DataFrame) -> list[str]:
        return [str(found) for found in details(before, write(tmp_path / "after.parquet", after), "x.parquet")]

    assert said(frame.drop("b").with_columns(c=1)) == [
        "type of column b differs: Float64 became absent",
        "type of column c differs: absent became Int32",
    ]
    assert said(frame.cast({"a": pl.Int32})) == ["type of column a differs: Int64 became Int32"]
    assert said(frame.head(1)) == ["number of rows differs: 2 became 1"]
    assert said(frame.select("b", "a")) == ["order of the columns differs: a, b became b, a"]
    assert said(frame.with_columns(a=pl.lit(7, pl.Int64))) == ["column a differs in 2 rows, first in row 0: 1 became 7"]
    frame.write_parquet(tmp_path / "other.parquet", compression="snappy")
    (encoding,) = details(before, tmp_path / "other.parquet", "x.parquet")
    assert str(encoding) == "encoding of x.parquet differs: the same values became other bytes"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["key a.b[1].c differs: 2 became 3"]),
        ({"a": 1}, {"b": 1}, ["key a differs: 1 became absent", "key b differs: absent became 1"]),
        ({"a": 1}, {"a": 1.0}, ["key a differs: 1 became 1.0"]),
        ({"a": None, "b": True}, {"a": 0, "b": 1}, ["key a differs: None became 0", "key b differs: True became 1"]),
        ([{"x": 1}], [{"x": 1}, {"x": 2}], ["key [1].x differs: absent became 2"]),
    ],
)
def test_json_is_compared_by_key(tmp_path: Path, before: Any, after: Any, said: list[str]) -> None:
    """Keys at any depth are named with both values; a key that only one side has, and a type that changed, count."""
    for name, value in {"before": before, "after": after}.items():
        (tmp_path / name).write_text(json.dumps(value))
    assert [str(found) for found in details(tmp_path / "before", tmp_path / "after", "report.json")] == said


def test_other_files_by_line_or_byte(tmp_path: Path) -> None:
    """Text is compared by line, and what is neither text nor what its name says by byte; the list is never endless."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_text("tree=1\nleaf=0.5\n")
    after.write_text("tree=1\nleaf=0.25\n")
    assert [str(found) for found in details(before, after, "booster.txt")] == ["line 2 differs: 'leaf=0.5' became 'leaf=0.25'"]
    after.write_bytes(b"\xff\x00\x01")
    assert [str(found) for found in details(before, after, "rows.parquet")] == ["byte 0 differs: 747265653d310a6c became ff0001"]
    before.write_text(json.dumps(dict.fromkeys(map(str, range(100)), 1)))
    after.write_text("{}")
    assert len(details(before, after, "report.json")) == 20
