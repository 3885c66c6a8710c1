"""CSV that is not as it should be is refused with file, line and reason; nothing is lost, joined or padded."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.errors import SourceError
from interlock.sources import delimited
from interlock.sources.spec import FilesTable

Table = Callable[..., pl.DataFrame]
TOKENS = ["a", "1", ",", ",", ",", "\n", "\n", "\r\n", '"', '""', "é", " ", "\t", "\r", "\x1c", "\u2028", "\\"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n3\n", "line 3 has 1 fields, the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the header has 2"),
        (b"a,b\n1,2\n\n3,4\n", "line 3 has 0 fields, the header has 2"),
        (b"a,b\n1\n2,3,", "line 2 has 1 fields, the header has 2"),
        (b"a,b,c\n1,2,3\n4,5", "line 3 has 2 fields, the header has 3"),
        (b'a,b\n"1,5",2\n"x', "line 3 or one before it has a quote that is not closed, or inside a field"),
        (b'a,b\n1,"x\n2,y\n', "has a quote that is not closed"),
        (b"a,b\r1,2\r3,4\r", "lines end with a carriage return alone"),
        (b"a,b\n1,2\r3,4\n", "lines end with a carriage return alone"),
        (b"a\r1\r2\r", "lines end with a carriage return alone"),
        ("a,b\n1,é\n".encode("latin-1"), "line 2 is not UTF-8, near b'a,b\\n1,\\xe9\\n'"),
        ("é,b\n1,2\n".encode("latin-1"), "line 1 is not UTF-8, near"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "the header is not text: 'a\\x00'"),
        (b"a,a\n1,2\n", "column a occurs twice in the header"),
        (b"a,,c\n1,2,3\n", "column 2 has no name in the header"),
        (b"a,b,\n1,2,\n", "column 3 has no name in the header"),
    ],
)
@pytest.mark.parametrize("declared", [{}, {"a": "String", "b": "String"}])
def test_a_malformed_file_is_refused(content: bytes, said: str, declared: dict[str, str], folder: Path, table: Table) -> None:
    """Ragged rows, a cut end, open quotes, old line ends, another encoding, unnamed or repeated columns: refused, types declared or not."""
    (folder / "a.csv").write_bytes(content)
    with pytest.raises(SourceError) as error:
        table("a.csv", types=declared)
    assert error.value.found.startswith("table events: a.csv")
    assert said in error.value.found
    assert error.value.remedy


@given(st.integers(1, 3), st.lists(st.sampled_from(TOKENS), max_size=16).map("".join))
@example(2, "\n,,")
@example(2, "1,2,")
@example(1, '"x')
def test_rows_are_those_of_another_reader(width: int, body: str) -> None:
    """Whatever the text: it is refused, or its rows are those that Python's own strict reader finds, none short or long."""
    header = list("abc"[:width])
    text = ",".join(header) + "\n" + body
    try:
        frame = delimited.parse("a.csv", text.encode(), FilesTable(path="", types=dict.fromkeys(header, "String")))
    except SourceError:
        return
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    except csv.Error:
        assert '"' in body, "only a stray quote is read more kindly than by Python"
        return
    assert [[value or "" for value in row] for row in frame.rows()] == [row or [""] * (width == 1) for row in expected]


def test_quoted_separators_and_line_ends_are_content(folder: Path, table: Table) -> None:
    """A quoted field may hold separators, quotes and line ends of any kind, in the header too."""
    (folder / "a.csv").write_bytes(b'\xef\xbb\xbf"a,1",b\n"x,y","say ""no""\r\nor\ryes"\n,""\n')
    assert table("a.csv").rows() == [("x,y", 'say "no"\r\nor\ryes', 0), (None, "", 1)]


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ";"), ("a.csv", "|"), ("a.tsv", None), ("a.csv", "\t")])
def test_other_separators(name: str, separator: str | None, folder: Path, table: Table) -> None:
    """A declared separator splits fields, `.tsv` has tabs, and a comma is then like any letter."""
    mark = separator or "\t"
    (folder / name).write_text(f"a{mark}b\n1,5{mark}x\n")
    keys = {"separator": separator} if separator else {}
    assert table(name, **keys).rows() == [("1,5", "x", 0)]


def test_a_value_of_the_last_row_decides_an_undeclared_type(folder: Path, table: Table) -> None:
    """Types are inferred over the whole file, however long it is."""
    (folder / "a.csv").write_text("a,b,c\n" + "1,1,true\n" * 20_000 + "2.5,x,false\n")
    assert table("a.csv").schema == {"a": pl.Float64, "b": pl.String, "c": pl.Boolean, "source_row": pl.Int64}


def test_a_number_too_large_to_infer_is_refused(folder: Path, table: Table) -> None:
    """A whole number beyond every integer type that is inferred is refused, not rounded; declared as text it is kept."""
    (folder / "a.csv").write_text("a\n1\n99999999999999999999999999999999999999999\n")
    with pytest.raises(SourceError, match=r"table events: a.csv cannot be read .*\n  → mend the file, or declare the types of its columns"):
        table("a.csv")
    assert table("a.csv", types={"a": "String"})["a"][1] == "9" * 41
