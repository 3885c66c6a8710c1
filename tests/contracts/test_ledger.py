"""The quarantine on disk, and the valid table that it leaves."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock import frames
from interlock.contracts import ledger
from interlock.errors import ArtifactError


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _entries(rows: list[int], rule: str = "r") -> pl.DataFrame:
    return pl.DataFrame({"source_row": rows, "rule": rule, "column": "x", "value": "v"}, schema=ledger.LEDGER.schema)


def _raw(rows: int) -> pl.DataFrame:
    table = pl.DataFrame(
        {"x": [n * 7 % 11 for n in range(rows)], "source_row": range(rows)}, schema={"x": pl.Int64, "source_row": pl.Int64}
    )
    frames.write(table, ledger.RAW / "things.parquet")
    return table


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 60), st.sets(st.integers(0, 59)))
def test_the_valid_table_is_raw_less_quarantine_in_raw_order(rows: int, quarantined: set[int]) -> None:
    """Every row is either used or in the ledger, a row that broke two rules leaves once, and the order stays."""
    raw, gone = _raw(rows), sorted(row for row in quarantined if row < rows)
    ledger.write({"things": pl.concat([_entries(gone, "one"), _entries(gone[::2], "two")])})
    expected = raw[[row for row in range(rows) if row not in gone]]
    assert ledger.valid("things").collect().equals(expected)
    assert ledger.valid("things").collect(engine="streaming").equals(expected)


def test_the_folder_is_written_whole() -> None:
    """What an earlier run left for a table that is gone, or half-written, does not stay."""
    ledger.write({"old": _entries([1]), "things": _entries([1])})
    (ledger.QUARANTINE.parent / ".quarantine.new").mkdir()
    (ledger.QUARANTINE.parent / ".quarantine.new/half.parquet").write_bytes(b"PAR1")
    ledger.write({"things": _entries([])})
    assert [path.name for path in ledger.QUARANTINE.parent.rglob("*")] == ["quarantine", "things.parquet"]
    assert frames.read(ledger.QUARANTINE / "things.parquet").equals(ledger.LEDGER)


def test_the_order_of_the_entries_does_not_change_the_bytes() -> None:
    """The file is sorted by row, column and rule."""
    written = []
    for entries in (_entries([3, 1, 2]), _entries([2, 3, 1])):
        ledger.write({"things": entries})
        written.append((ledger.QUARANTINE / "things.parquet").read_bytes())
    assert written[0] == written[1]


def test_a_missing_quarantine_is_an_error_and_not_an_empty_one() -> None:
    """Without its ledger a raw table has no valid rows that anybody could vouch for."""
    _raw(3)
    with pytest.raises(ArtifactError, match=r"quarantine/things.parquet does not exist"):
        ledger.valid("things")


def test_a_raw_table_without_row_numbers_is_damaged() -> None:
    """The ledger speaks of rows by number: a table that has none is refused with its path."""
    frames.write(pl.DataFrame({"x": [1]}), ledger.RAW / "things.parquet")
    with pytest.raises(ArtifactError, match=r"data/raw/things.parquet has no source_row"):
        ledger.raw("things")


@pytest.mark.parametrize("numbers", [[0, 1, 1], [0, None, 2], [-1, 0, 1], [2, 1, 0]])
def test_row_numbers_that_do_not_rise_are_damaged(numbers: list[int | None]) -> None:
    """A number that comes again, is missing, negative or out of order would let counts add up that do not; gaps are a small world's."""
    frames.write(pl.DataFrame({"x": [1, 2, 3], "source_row": numbers}), ledger.RAW / "things.parquet")
    with pytest.raises(ArtifactError, match=r"the row numbers in data/raw/things.parquet are damaged"):
        ledger.numbered("things")
    frames.write(pl.DataFrame({"x": [1, 2, 3], "source_row": [0, 4, 9]}), ledger.RAW / "things.parquet")
    assert ledger.numbered("things").collect().height == 3
