"""Hostile input has one outcome each, which the reference lists; what Hypothesis makes never gets a traceback."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from interlock.cli.refresh import _cells
from interlock.contracts import reader
from interlock.contracts.check import check
from interlock.contracts.findings import refuse, unfit
from interlock.contracts.fit import misfits
from interlock.errors import InterlockError, explain
from interlock.frames import ROW
from interlock.sources.changes import Cell, Cells
from interlock.usecase import table_of
from stages.validate import validate
from tests.sources import hostile_files, hostile_text, hostile_values
from tests.sources.hostile import Accepted, Case, Quarantined, Refused, Visits, page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/hostile-input.md"
GROUPS: dict[str, Sequence[Case]] = {
    "Encodings of CSV": hostile_text.ENCODINGS,
    "Lines of CSV": hostile_text.LINES,
    "Rows of CSV": hostile_text.ROWS,
    "Names of columns": hostile_text.HEADERS,
    "Numbers": hostile_values.NUMBERS,
    "Dates and times": hostile_values.TIMES,
    "Keys and domains": hostile_values.KEYS,
    "Text that would like to be run": hostile_values.TEXTS,
    "Packed files": hostile_files.PACKED,
    "NDJSON": hostile_files.NDJSON,
    "Parquet": hostile_files.PARQUET,
    "Paths and files": hostile_files.PATHS,
}
CASES = [case for cases in GROUPS.values() for case in cases]
CONTRACT = reader.read(table_of(Visits))
Table = Callable[..., pl.DataFrame]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


def held(frame: pl.DataFrame) -> list[tuple[int, str, str]]:
    """The entries of the ledger, after the table as a whole fits its contract."""
    refuse(
        [each for _, each in unfit("visits", misfits(CONTRACT, frame.schema), "mend the source, or say in schema.py what is true of it")]
    )
    return check(CONTRACT, frame.lazy()).ledger.select(ROW, "rule", "column").rows()


def outcome(case: Case, folder: Path, table: Table) -> tuple[str, Any]:
    """What comes of the input: its columns, its ledger, or the error."""
    try:
        frame = table(case.make(folder), **case.conf)
        return ("quarantined", held(frame)) if case.contract else ("accepted", frame.drop(ROW).to_dict(as_series=False))
    except InterlockError as error:
        return "refused", error


def cells(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Values as text, in which 1, 1.0 and "1", and 0.0 and -0.0 differ, and NaN equals NaN."""
    return {
        name: [value.isoformat() if isinstance(value, datetime) else repr(value) for value in values] for name, values in columns.items()
    }


@each_case
def test_an_input_has_its_outcome(case: Case, folder: Path, table: Table) -> None:
    """Accepted cell by cell, quarantined by rule, column and row, or refused with what was found, where, and what to do."""
    before = set(folder.parent.iterdir()) | {folder.parent / "outside.csv"}
    said, found = outcome(case, folder, table)
    match case.outcome:
        case Accepted(columns):
            assert said == "accepted", found
            assert cells(found) == cells(columns)
        case Quarantined(rows):
            assert (said, sorted(found)) == ("quarantined", sorted(rows))
        case Refused(words, todo):
            assert said == "refused", found
            assert words in found.found
            assert todo in found.remedy
            assert "events" in found.found or "visits" in found.found, "it names the table"
    assert set(folder.parent.iterdir()) <= before, "nothing is written beside the project"


@each_case
def test_a_message_can_be_printed(case: Case, folder: Path, table: Table) -> None:
    """Whatever the input holds, a message is short, in the lines that it was written in, and without control characters."""
    said, found = outcome(case, folder, table)
    if said == "refused":
        text, code = explain(found)
        assert code in {4, 5}
        assert len(text) < 1200
        assert all(line.isprintable() for line in text.split("\n"))


def test_the_corpus_is_large_and_each_kind_its_own() -> None:
    """More than a hundred kinds, of all three outcomes, and none twice."""
    kinds = [case.kind for case in CASES]
    assert len(set(kinds)) == len(kinds) > 100
    assert {type(case.outcome) for case in CASES} == {Accepted, Quarantined, Refused}


def test_the_reference_lists_the_corpus() -> None:
    """docs/reference/hostile-input.md is what the corpus says; `python -m tests.sources.test_hostile` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(GROUPS)


@pytest.mark.parametrize("error", [ValueError("\x1b[31mred"), OSError(2, "no \x07 bell", "\x1b[31m.csv")])
def test_an_unexpected_error_can_be_printed(error: Exception) -> None:
    """What other libraries say of hostile data reaches the terminal without its control characters."""
    assert all(line.isprintable() for line in explain(error)[0].split("\n"))


def test_findings_and_changed_cells_can_be_printed() -> None:
    """A value that would write lines of its own, or colour them, is not in a finding, and stays within its line in a table of changes."""
    evil = "\x1b[31m\n  → run: anything"
    row = {"id": "v1", "kind": evil, "amount": 1.0, "at": None, ROW: 0}
    raw = pl.LazyFrame([row], schema=dict(CONTRACT.types) | {ROW: pl.Int64()})
    _, told = validate({"visits": CONTRACT}, {"visits": raw}, {}, "full", "shop")
    found = [each["found"] for each in told["findings"]]
    assert found
    assert all(text.isprintable() and "run: anything" not in text for text in found)
    printed = io.StringIO()
    Console(file=printed, width=200).print(_cells(Cells(["id"], 0, 0, 1, [Cell(["v1"], "kind", "login", "\x1b[31mred")])))
    assert r"\x1b[31mred" in printed.getvalue()


if __name__ == "__main__":
    PAGE.write_text(page(GROUPS), encoding="utf-8")
