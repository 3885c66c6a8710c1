"""Rows from files: what has the types of the contract, and what is told of the others."""

import gzip
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts.kinds import kind
from interlock.contracts.microbatch import Checker
from interlock.errors import ContractError, SourceError
from interlock.features import door, incoming
from interlock.features.declare import view
from interlock.features.fitted import fitted
from tests.examples import fewer
from tests.features.worlds import Log, feature_set

LINE = b'{"id": "e1", "a": "a", "at": "2024-02-29T12:00:00Z", "seen": null, "n": 1}'
ROW = {"id": "e1", "a": "a", "at": "2024-02-29 12:00:00Z", "seen": None, "n": "1"}


@pytest.fixture
def checker() -> Checker:
    """What checks rows of the table that is a history as it stands; `n` is at most 900."""
    return door.checker(feature_set({"n": view(Log).count("1h", "Rows")}), "log")


def test_each_line_of_json_is_a_row_of_its_own(checker: Checker) -> None:
    """A line that is no JSON, one of another shape, and one out of bounds are told by their place among the lines that hold something."""
    lines = [LINE, b"", b"{", b"[]", LINE.replace(b": 1", b": 901"), LINE.replace(b"Z", b""), b"\xff", LINE.replace(b"e1", b"e2") + b"\r"]
    found = incoming.read(BytesIO(b"\n".join(lines)), ".ndjson", checker)
    assert found.numbers.to_list() == [0, 6]
    assert found.rows["id"].to_list() == ["e1", "e2"]
    assert [(error.row, error.field) for error in found.errors] == [(1, ""), (2, ""), (3, "n"), (4, "at"), (5, "")]


def test_more_lines_than_a_batch_keep_their_numbers(checker: Checker) -> None:
    """Errors and rows beyond the first batch are counted from the beginning of the file."""
    lines = [LINE] * 10_003
    lines[10_001] = b"{}"
    found = incoming.read(BytesIO(b"\n".join(lines)), ".jsonl", checker)
    assert {error.row for error in found.errors} == {10_001}
    assert found.numbers.to_list()[-2:] == [10_000, 10_002]


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_values_that_do_not_become_what_is_declared_cost_their_row(checker: Checker, kind: str, tmp_path: Path) -> None:
    """Text that is no number or time is told with its value; the other rows have the types of the contract."""
    rows = pl.DataFrame([ROW, {**ROW, "n": "1,5"}, {**ROW, "at": "yesterday"}, {**ROW, "id": "e2"}], schema=dict.fromkeys(ROW, pl.String))
    path = tmp_path / f"rows{kind}"
    rows.write_csv(path) if kind == ".csv" else rows.write_parquet(path)
    found = incoming.read(path, kind, checker)
    assert [(error.row, error.field, error.value) for error in found.errors] == [(1, "n", "'1,5'"), (2, "at", "'yesterday'")]
    assert found.numbers.to_list() == [0, 3]
    assert found.rows.schema["n"] == pl.Int32
    assert found.rows.schema["at"] == pl.Datetime("us", "UTC")


def test_a_part_of_a_whole_number_is_not_cut_off(checker: Checker, tmp_path: Path) -> None:
    """A float in Parquet becomes a whole number only where it is one."""
    rows = pl.DataFrame([ROW, ROW, ROW], schema=dict.fromkeys(ROW, pl.String)).with_columns(n=pl.Series([1.0, 1.5, None]))
    rows.write_parquet(tmp_path / "rows.parquet")
    found = incoming.read(tmp_path / "rows.parquet", ".parquet", checker)
    assert [(error.row, error.value) for error in found.errors] == [(1, "1.5")]
    assert found.rows["n"].to_list() == [1, None]


FORMS = {
    "2024-02-29T12:00:00Z": "2024-02-29 12:00:00",
    "2024-02-29 12:00:00+01:00": "2024-02-29 11:00:00",
    "2024-02-29T12:00:00.5+0100": "2024-02-29 11:00:00.500000",
    "2024-02-29T12:00:00.123456000Z": "2024-02-29 12:00:00.123456",
    "2024-02-29T12:00:00": None,
    "2024-02-29 12:00": None,
    "2024-02-29T12:00:00.1234567Z": None,
    "2023-02-29T12:00:00Z": None,
    "29.02.2024 12:00": None,
}


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
@given(forms=st.lists(st.sampled_from(list(FORMS)), min_size=1, max_size=8))
@settings(max_examples=fewer(3))
def test_a_moment_is_read_by_its_own_form_whatever_stands_above_it(forms: list[str], kind: str, tmp_path_factory: Any) -> None:
    """In any order of forms each becomes what it says; without an offset, finer than the column, or no day, it costs its row."""
    path = tmp_path_factory.mktemp("rows") / f"rows{kind}"
    rows = pl.DataFrame([{**ROW, "at": form} for form in forms], schema=dict.fromkeys(ROW, pl.String))
    rows.write_csv(path) if kind == ".csv" else rows.write_parquet(path)
    found = incoming.read(path, kind, door.checker(feature_set({"n": view(Log).count("1h", "Rows")}), "log"))
    good = {row: FORMS[form] for row, form in enumerate(forms) if FORMS[form]}
    assert found.numbers.to_list() == list(good)
    assert [str(each.replace(tzinfo=None)) for each in found.rows["at"]] == list(good.values())
    assert [(error.row, error.field) for error in found.errors] == [(row, "at") for row in range(len(forms)) if row not in good]


TEXTS: list[tuple[str, str, Any]] = [
    ("Float64", "1e999", None), ("Float64", "inf", None), ("Float64", "NaN", None), ("Float64", "1,5", None), ("Float64", "-1.5e3", -1500.0),
    ("Float32", "1e39", None), ("Int8", "128", None), ("Int8", "12.0", 12), ("Int8", "1.5", None), ("Int64", "9223372036854775807", 2**63 - 1),
    ("UInt8", "-1", None), ("Boolean", "true", True), ("Boolean", "1", None), ("Boolean", "True", None), ("Date", "2024-02-29", date(2024, 2, 29)),
    ("Date", "2023-02-29", None), ("Time", "05:00:00.000000000", time(5)), ("Time", "24:00:00", None), ("Duration[ms]", "1500", timedelta(seconds=1.5)),
    ("Duration[ms]", "1.5", None), ("Datetime[us]", "2024-02-29 12:00:00", datetime(2024, 2, 29, 12)), ("Datetime[us]", "2024-02-29T12:00:00Z", None),
    ("String", "1", "1"),
]  # fmt: skip
TYPED: list[tuple[str, pl.Series, Any]] = [
    ("Boolean", pl.Series([2]), None), ("Boolean", pl.Series([1.0]), None), ("Int8", pl.Series([True]), None), ("Int8", pl.Series([200]), None),
    ("Int8", pl.Series([7], dtype=pl.UInt64), 7), ("String", pl.Series([7]), None), ("Float64", pl.Series([True]), None), ("Float64", pl.Series([7]), 7.0),
    ("Float32", pl.Series([1e300]), None), ("Float64", pl.Series([float("inf")], dtype=pl.Float32), float("inf")),
    ("Date", pl.Series([datetime(2024, 2, 29, 12)]), None), ("Datetime[us,UTC]", pl.Series([datetime(2024, 2, 29, 12)]), None),
    ("Datetime[us,UTC]", pl.Series([1]), None), ("Datetime[ms]", pl.Series([datetime(2024, 2, 29, 12, 0, 0, 1)]), None),
    ("Datetime[ms]", pl.Series([datetime(2024, 2, 29, 12)]), datetime(2024, 2, 29, 12)), ("String", pl.Series([b"a"]), None),
    ("String", pl.Series(["a"], dtype=pl.Categorical), "a"), ("Int64", pl.Series([None]), None),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "text", "value"), TEXTS)
def test_a_text_is_what_it_says_or_nothing(dtype: str, text: str, value: Any) -> None:
    """Beside a text of another form, alone, and beside null: the same value."""
    for beside in ([text], [None, text], [text, "x"]):
        assert fitted(pl.Series("x", beside, dtype=pl.String), kind(dtype))[beside.index(text)] == value


@pytest.mark.parametrize(("dtype", "values", "value"), TYPED)
def test_a_value_of_another_type_is_taken_where_it_does_not_change(dtype: str, values: pl.Series, value: Any) -> None:
    """A whole number is no truth, a part of a second is not cut off, a time without a zone is no moment."""
    made = fitted(values.alias("x"), kind(dtype))
    assert (made.name, made.dtype, made[0]) == ("x", kind(dtype).dtype, value)


def _text(**changed: bytes) -> bytes:
    fields = {"id": b"e1", "a": b"a", "at": b"2024-02-29T12:00:00Z", "seen": b"", "n": b"1"}
    return b"id,a,at,seen,n\n" + b",".join((fields | changed).values()) + b"\n"


FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "a name twice": (b"id,a,at,seen,n,n\ne1,a,2024-02-29T12:00:00Z,,1,2\n", "column n occurs twice"),
    "returns alone": (_text().replace(b"\n", b"\r"), "carriage return alone"),
    "packed": (gzip.compress(_text()), "holds gzip"),
    "ragged": (_text() + b"e2,a\n", "line 3 has 2 fields"),
    "semicolons": (_text().replace(b",", b";"), "one column"),
    "UTF-16": (_text().decode().encode("utf-16"), "UTF-16"),
    "latin": (_text(a=b"\xfc"), "not UTF-8"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_text_file_that_would_lose_something_is_refused(checker: Checker, name: str, tmp_path: Path) -> None:
    """As a source that is such a file is, with what to do about the file alone."""
    content, said = FILES[name]
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(SourceError, match=said) as refused:
        incoming.read(tmp_path / "rows.csv", ".csv", checker)
    assert "conf/" not in str(refused.value)


def test_what_a_contract_does_not_name_is_told(checker: Checker, tmp_path: Path) -> None:
    """By its name, and nothing of it is judged."""
    (tmp_path / "rows.csv").write_bytes(_text().replace(b",n\n", b",n,more\n").replace(b",1\n", b",1,x\n"))
    found = incoming.read(tmp_path / "rows.csv", ".csv", checker)
    assert (found.unknown, found.errors) == (("more",), [])


@pytest.mark.parametrize(("name", "content"), [("rows.txt", b""), ("rows.parquet", b"PAR1"), ("rows.csv", b"")])
def test_a_file_that_is_none_is_refused(checker: Checker, name: str, content: bytes, tmp_path: Path) -> None:
    """With the file's name and no traceback."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ContractError if name == "rows.txt" else SourceError, match=name):
        incoming.read(path, path.suffix, checker)
