"""NDJSON: what is not one object a line, or changes its kind on the way, is refused by line."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from interlock.errors import SourceError

Table = Callable[..., pl.DataFrame]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1}\n{"a": 2', 'line 2 is not a JSON object: \'{"a": 2'),
        (b'{"a": 1}\n{"a":', 'line 2 is not a JSON object: \'{"a":'),
        (b'{"a": 1}\nhello\n', "line 2 is not a JSON object: 'hello'"),
        (b'[{"a": 1}]\n', "line 1 is not a JSON object"),
        (b"1\n2\n", "line 1 is not a JSON object: '1'"),
        (b'{"a": NaN}\n', "line 1 holds NaN, which JSON does not know"),
        (b'{"a": 1, "a": 2}\n', "line 1 holds a key twice"),
        (b'{"a": 1}{"a": 2}\n', "line 1 is not a JSON object"),
        (b'{"a": 1}\r{"a": 2}\r', "line 1 ends with a carriage return alone"),
        ('{"a": "é"}\n'.encode("latin-1"), "line 1 is not UTF-8"),
        ('{"a": "é"}\n'.encode("utf-16"), "line 1 is not UTF-8"),
        (b'{"a": 1}\n{"b": 1, "a": true}\n', "column a, line 2: True is a boolean, earlier lines hold a number"),
        (b'{"a": {"b": 1}}\n{"a": [1]}\n', "column a, line 2: [1] is a list, earlier lines hold a mapping"),
    ],
)
def test_a_malformed_file_is_refused(content: bytes, said: str, folder: Path, table: Table) -> None:
    """Cut, garbled, of another shape or encoding, or of two kinds of value: the error names file, line and column."""
    (folder / "a.ndjson").write_bytes(content)
    with pytest.raises(SourceError) as error:
        table("a.ndjson")
    assert error.value.found.startswith(f"table events: a.ndjson: {said}")


def test_lines_may_leave_keys_out(folder: Path, table: Table) -> None:
    """A key that a line leaves out is null, blank lines are none; columns are the first line's, then the others by name."""
    (folder / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"c": 1}\r\n\n' + b'{"c": 2}\n' * 5000 + b'{"b": "x", "c": 2.5, "a": true}')
    found = table("a.jsonl")
    assert found.columns == ["c", "a", "b", "source_row"]
    assert found.row(0) == (1.0, None, None, 0)
    assert found.row(-1) == (2.5, True, "x", 5001)


def test_declared_types_hold(folder: Path, table: Table) -> None:
    """Text declared as a number is one, a number declared as text is text, and mixed kinds are text where declared so."""
    (folder / "a.ndjson").write_text('{"a": "1", "b": 2, "c": true}\n{"a": "2", "b": "x", "c": 1}\n')
    found = table("a.ndjson", types={"a": "Int8", "b": "String", "c": "String"})
    assert found.rows() == [(1, "2", "true", 0), (2, "x", "1", 1)]
    with pytest.raises(SourceError, match=r"column b, row 1 .*'x' is not a number of type Int8"):
        table("a.ndjson", types={"b": "Int8", "c": "String"})
    with pytest.raises(SourceError, match=r"a.ndjson: no column d; there are a, b, c"):
        table("a.ndjson", types={"c": "String", "d": "String"})
