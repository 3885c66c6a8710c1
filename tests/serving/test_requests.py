"""Requests read part by part, against the same file read whole."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import SourceError
from interlock.features import contracted, door
from interlock.features.featureset import About, FeatureSet, OnDemand, Request
from interlock.serving import requests
from interlock.serving.requests import Part, parts

TYPES = {"key": "String", "n": "Int64", "note": "String"}
DECLARED = FeatureSet(Request(("key",), None, TYPES, ("n", "note")), {}, {}, (OnDemand("m", "Int64", About("m"), ["col", "n"]),))
CHECKER = door.checker(DECLARED, contracted.REQUESTS)
TEXTS = st.text(st.sampled_from('ab",\n é'), max_size=6).filter(lambda text: "\r" not in text)
ROWS = st.lists(st.tuples(TEXTS.map(lambda text: f"k{text}"), st.sampled_from(["1", "-7", "x", "2.5"]), TEXTS.map(lambda text: f"{text}."), ), max_size=30)  # fmt: skip


def read(path: Path) -> list[Part]:
    return list(parts(path, CHECKER, DECLARED))


def joined(found: Sequence[Part]) -> tuple[list[Any], list[int], list[int]]:
    """Rows, their numbers, and the numbers of those that were rejected."""
    rows = [row for part in found for row in part.requests.rows()]
    return rows, [number for part in found for number in part.numbers], [row for part in found for row in part.rejected]


def small(patch: pytest.MonkeyPatch, size: int) -> None:
    patch.setattr(requests, "BYTES", size)
    patch.setattr(requests, "ROWS", max(size // 8, 1))


@given(ROWS, st.integers(20, 200))
def test_records_are_the_same_wherever_a_text_file_is_cut(rows: list[tuple[str, str, str]], size: int) -> None:
    """Quotes, separators and line ends inside of fields included: rows and their numbers are those of the file, and none is lost."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("key", "n", "note"), *rows])
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        path = Path(place, "a.csv")
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        small(patch, size)
        patch.setattr(requests, "LONGEST", 1000)
        found, numbers, bad = joined(read(path))
    good = [number for number, row in enumerate(rows) if row[1] in ("1", "-7")]
    assert numbers == good
    assert bad == [number for number in range(len(rows)) if number not in good]
    assert found == [(rows[number][0], int(rows[number][1]), rows[number][2]) for number in good]


@given(ROWS, st.integers(8, 200))
def test_lines_of_json_and_parquet_are_the_same_in_parts(rows: list[tuple[str, str, str]], size: int) -> None:
    """Empty lines are no rows and count as lines, and columns that nobody asked for are left out."""
    plain = [{"key": key, "n": int(number) if number in ("1", "-7") else None, "note": None} for key, number, _ in rows]
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        lines, table = Path(place, "a.ndjson"), Path(place, "a.parquet")
        lines.write_text("\n\n".join(map(json.dumps, plain)) + "\n" * bool(plain))
        frame = pl.DataFrame(plain, {"key": pl.String, "n": pl.Int64, "note": pl.String}).with_columns(other=pl.lit(1))
        frame.write_parquet(table, row_group_size=7)
        whole = [(row["key"], row["n"], None) for row in plain]
        small(patch, size)
        if plain:
            for path, step in ((lines, 2), (table, 1)):
                assert joined(read(path)) == (whole, list(range(0, step * len(rows), step)), [])
                assert read(path)[-1].ends == pytest.approx(1.0)
        else:
            assert joined(read(table)) == ([], [], [])


@pytest.mark.parametrize("size", [8, 16, 1 << 20])
def test_a_bad_line_is_told_by_its_line_and_a_name_twice_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Empty lines count, wherever parts begin; of two values of a name none is taken, whatever else the line is; a colon in a text is no name."""
    good = '{"key": "a", "n": 1, "note": "\\": x"}'
    bad = {
        2: '{"key": "a", "key": "b", "n": 1, "note": ""}', 5: '{"key":"a","n":"x"}', 6: "{", 8: '{"key":"a","note":"","n" :1,"n":%s}' % ("9" * 5000),
        9: '{"key":"a","n":1,"note":"","k\\u0065y":"b"}',
    }  # fmt: skip
    path = tmp_path / "a.ndjson"
    path.write_text("\n".join([good, "", bad[2], good, " ", bad[5], bad[6], "", bad[8], bad[9], good]))
    small(monkeypatch, size)
    found = read(path)
    rows, numbers, rejected = joined(found)
    assert (numbers, rejected) == ([0, 3, 10], list(bad))
    assert rows == [("a", 1, '": x')] * 3
    said = {row: why for part in found for row, why in part.rejected.items()}
    assert [name for row in (2, 8, 9) for name in [said[row].partition(" ")[0]]] == ["key", "n", "key"]
    assert all("is there twice" in said[row] for row in (2, 8, 9))


def test_a_quote_that_is_never_closed_is_told_before_the_file_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the file: some blocks on, and it is refused."""
    path = tmp_path / "a.csv"
    path.write_text('key,n,note\n"k,1,a\n' + "k,1,b\n" * 10_000)
    small(monkeypatch, 100)
    with pytest.raises(SourceError, match="a record has more than 800 bytes"):
        read(path)


def test_a_line_that_is_wrong_is_told_with_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("key,n,note\n" + "k,1,b\n" * 100 + "k,1\n")
    small(monkeypatch, 120)
    with pytest.raises(SourceError, match=r"line \d+ has 2 fields, the header has 3 \(lines count from line \d+, after the header\)"):
        read(path)
