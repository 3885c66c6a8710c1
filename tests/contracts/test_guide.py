"""The guide to contracts is true: its schema is loaded, its tables checked, and what it says of them compared."""

import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import FunctionType
from typing import Any

import polars as pl
import pytest

from interlock import terms
from interlock.contracts import reader
from interlock.contracts.rules import Contract
from interlock.files import write_text
from interlock.frames import ROW
from interlock.usecase import load_schema
from stages.validate import validate

GUIDE = (Path(__file__).parents[2] / "docs/guides/contracts.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|[^\n]*\|\n)+", re.MULTILINE)


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Contract]]:
    (text,) = [text for language, _, text in BLOCK.findall(GUIDE) if language == "python"]
    write_text(tmp_path / "usecases/shop/schema.py", text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {name: reader.read(table) for name, table in load_schema("shop").tables.items()}
    for name in [name for name in sys.modules if name.split(".")[0] == "usecases"]:
        del sys.modules[name]


def _tables() -> list[list[list[str]]]:
    """The cells of each table of the page, without its head."""
    found = [[[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]] for text in TABLE.findall(GUIDE)]
    return [[[cell.strip("| ") for cell in row] for row in rows] for rows in found]


def _read(text: str, types: dict[str, Any]) -> pl.LazyFrame:
    times = [name for name, dtype in types.items() if isinstance(dtype, pl.Datetime)]
    frame = pl.read_csv(StringIO(text), schema_overrides={**types, **dict.fromkeys(times, pl.String)})
    moments = pl.col(times).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", time_zone="UTC")
    return frame.with_columns(moments, pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW)).lazy()


def test_the_guide_finds_what_it_says(contracts: dict[str, Contract]) -> None:
    """Its ledger is the ledger, entry by entry, and its rules that keep their rows see what it says."""
    raw = {name: _read(text, dict(contracts[name].types)) for language, name, text in BLOCK.findall(GUIDE) if language == "csv"}
    ledgers, told = validate(contracts, raw, {}, "full", "shop")
    ledger, kept = _tables()[:2]
    assert [
        [table, *("null" if cell is None else str(cell) for cell in row)] for table in ("shops", "orders") for row in ledgers[table].rows()
    ] == ledger
    rules = [
        rule for rule in told["tables"]["orders"]["rules"] if rule["severity"] != "quarantine" and rule["rule"] not in {"rows", "stable"}
    ]
    assert [[rule["rule"], rule["column"], str(rule["rows"]), f"{rule['share']:.3g}", rule["verdict"]] for rule in rules] == kept


def test_the_guide_names_every_term() -> None:
    """Each function of the vocabulary has its row."""
    public = {name for name, made in vars(terms).items() if isinstance(made, FunctionType) and made.__module__ == terms.__name__}
    assert {row[0].strip("`").partition("(")[0] for row in _tables()[2]} == {name for name in public if not name.startswith("_")} - {
        "names"
    }
