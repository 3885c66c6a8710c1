"""Values under declared types: exact, or refused with column, row and value."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.errors import SourceError
from interlock.sources.columns import convert
from interlock.sources.spec import FilesTable

Table = Callable[..., pl.DataFrame]
INTEGERS = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"]


def converted(values: list[object] | pl.Series, kind: str, zone: str | None = None) -> pl.Series:
    frame = pl.DataFrame({"c": values})
    return convert("a.csv", frame, FilesTable(path="", types={"c": kind}, zones={"c": zone} if zone else {}))["c"]


@given(st.integers(-(2**65), 2**65), st.sampled_from(INTEGERS))
@example(255, "UInt8")
@example(-129, "Int8")
def test_a_whole_number_is_exact_or_refused(number: int, kind: str) -> None:
    """Text of a whole number becomes that number if the type holds it, and is refused, with the value, if not."""
    unsigned, bits = kind.startswith("U"), int(kind.strip("UInt"))
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if low <= number <= high:
        assert converted(["7", str(number)], kind).to_list() == [7, number]
    else:
        with pytest.raises(SourceError, match=rf"a.csv: column c, row 1 \(the first is 0\): '{number}' is not a number of type {kind}"):
            converted(["7", str(number)], kind)


@given(st.floats())
def test_a_fraction_has_the_bits_that_python_reads(number: float) -> None:
    """Text of a number becomes the very double that Python reads from it."""
    (found,) = converted([repr(number)], "Float64")
    assert repr(found) == repr(number)


@given(st.floats(allow_nan=False), st.sampled_from(["Int8", "Int64", "UInt16"]))
def test_a_fraction_is_no_whole_number(number: float, kind: str) -> None:
    """A column of fractions under a whole type is exact or refused: nothing is cut off or wrapped."""
    fits = number == int(number) if math.isfinite(number) else False
    low, high = {"Int8": (-128, 127), "Int64": (-(2**63), 2**63 - 1), "UInt16": (0, 65535)}[kind]
    if fits and low <= int(number) <= high:
        assert converted([number], kind).to_list() == [int(number)]
    else:
        with pytest.raises(SourceError, match=f"is not a number of type {kind}"):
            converted([number], kind)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([" 1", "2 ", None], "Int8", [1, 2, None]),
        (["true", "FALSE", "1", "0"], "Boolean", [True, False, True, False]),
        ([1, 0, None], "Boolean", [True, False, None]),
        ([True, False], "Int8", [1, 0]),
        ([1.0, 2.0], "Int8", [1, 2]),
        ([1, 2], "String", ["1", "2"]),
        ([Decimal("1.5")], "Float64", [1.5]),
        ([1, 2], "Float32", [1.0, 2.0]),
        (["2024-02-29"], "Date", [date(2024, 2, 29)]),
        ([datetime(2024, 2, 29)], "Date", [date(2024, 2, 29)]),
        (["23:59", "00:00:00.5"], "Time", [time(23, 59), time(0, 0, 0, 500_000)]),
        (["2024-02-29T12:00Z"], "Datetime", [datetime(2024, 2, 29, 12, tzinfo=UTC)]),
    ],
)
def test_what_fits_is_converted(values: list[object], kind: str, expected: list[object]) -> None:
    """Values that a declared type holds exactly become of that type, from text, numbers or times alike."""
    found = converted(values, kind)
    assert found.to_list() == expected
    assert found.dtype == (pl.Datetime("us", "UTC") if kind == "Datetime" else getattr(pl, kind))


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (["1", "x", "y"], "Int8", "row 1 (the first is 0): 'x' is not a number of type Int8, and 1 more"),
        (["1.0"], "Int64", "'1.0' is not a number of type Int64"),
        (["1,5"], "Float64", "'1,5' is not a number of type Float64"),
        (["", "1"], "Int8", "'' is not a number of type Int8"),
        ([1, 300], "Int8", "'300' is not a number of type Int8"),
        ([1.5], "Int8", "'1.5' is not a number of type Int8"),
        ([2**53 + 1], "Float64", "'9007199254740993' is not a number of type Float64"),
        ([2], "Boolean", "'2' is not a Boolean"),
        (["yes"], "Boolean", "'yes' is not a Boolean"),
        (["29.02.2024"], "Date", "'29.02.2024' is not a Date"),
        (["2023-02-29"], "Date", "'2023-02-29' is not a Date"),
        ([datetime(2024, 2, 29, 1)], "Date", "'2024-02-29 01:00:00.000000' is not a Date"),
        (["24:00"], "Time", "'24:00' is not a Time"),
        (["2024-02-29T12:00"], "Datetime", "'2024-02-29T12:00' has no time zone"),
        ([datetime(2024, 2, 29, 1)], "Datetime", "'2024-02-29 01:00:00.000000' has no time zone"),
        (["noon"], "Datetime", "'noon' is not a Datetime"),
        ([1704067200], "Datetime", "column c holds Int64, which is no Datetime"),
        ([[1]], "Int8", "column c holds List(Int64), which is no Int8"),
        ([1], "Date", "column c holds Int64, which is no Date"),
    ],
)
def test_what_does_not_fit_is_refused(values: list[object], kind: str, said: str) -> None:
    """A value that a declared type does not hold exactly is named with its column and row; so is a column of another nature."""
    with pytest.raises(SourceError) as error:
        converted(values, kind)
    assert error.value.found.startswith("a.csv: column c")
    assert said in error.value.found
    assert error.value.remedy


def test_an_undeclared_moment_needs_a_zone_too() -> None:
    """A clock time that Parquet holds without a zone is refused until conf says which zone it is in."""
    frame = pl.DataFrame({"c": [datetime(2024, 7, 1, 12)]})
    with pytest.raises(SourceError, match=r"column c, row 0 .* has no time zone\n  → declare zones: {c: …} in conf/usecase/"):
        convert("a.parquet", frame, FilesTable(path=""))
    zoned = FilesTable(path="", zones={"c": "America/New_York"})
    assert convert("a.parquet", frame, zoned)["c"].to_list() == [datetime(2024, 7, 1, 16, tzinfo=UTC)]


def test_a_missing_column_is_named(folder: Path, table: Table) -> None:
    """A declared column that the source does not have is named, beside those that it has."""
    (folder / "a.csv").write_text("day,carrier\n1,AA\n")
    for keys in ({"types": {"carier": "String"}}, {"zones": {"carier": "UTC"}}):
        with pytest.raises(SourceError, match=r"table events: a.csv: no column carier; there are day, carrier\n  → mend conf/usecase/"):
            table("a.csv", **keys)
