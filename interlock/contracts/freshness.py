"""Which tables are older than they may be. It depends on the clock, so no stage asks, and no artifact holds the answer.

Polars and the use case are imported where a table is looked at: a run with nothing to do does not pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from interlock import params
from interlock.catalog import Catalog, CatalogTable
from interlock.durations import microseconds
from interlock.durations import text as span
from interlock.errors import ConfigError, DeclarationError
from interlock.params import Section

if TYPE_CHECKING:
    from interlock.usecase import Table

RAW, QUARANTINE = Path("data/raw"), Path("data/quarantine")
HOUR = 3_600_000_000
REMEDY = "ask for newer data at its source, then run: interlock refresh"


class Stale(Section, frozen=True):
    """What was found of a table's age. `kind`: `stale` where conf says that it fails, or only to be noted."""

    table: str
    kind: str
    found: str
    remedy: str


def look(now: datetime) -> list[Stale]:
    """The tables of the project that are too old at `now`; where schema.py cannot be read, those that `aged_by` tells of."""
    catalog = params.load("usecase.catalog", Catalog)
    if not any(table.fresh for table in catalog.tables.values()):
        return []
    from interlock.usecase import load_schema

    try:
        tables = load_schema(params.load("usecase.name", str)).tables
    except DeclarationError:
        tables = {}
    return stale(catalog, tables, now)


def stale(catalog: Catalog, tables: Mapping[str, Table], now: datetime, raw: Path = RAW, aside: Path = QUARANTINE) -> list[Stale]:
    """The tables in `raw` whose youngest row is older at `now` (with a time zone) than the catalog lets it be.

    Rows set `aside` tell no age, and neither do those that say a time after `now`. Raises ConfigError where `aged_by`
    names no column of moments.
    """
    asked = {name: entry for name, entry in catalog.tables.items() if entry.fresh is not None}
    return [found for name, entry in asked.items() for found in _stale(name, entry, tables.get(name), now, (raw, aside))]


def _stale(name: str, entry: CatalogTable, table: Table | None, now: datetime, folders: tuple[Path, Path]) -> Iterator[Stale]:
    raw, aside = (folder / f"{name}.parquet" for folder in folders)
    if not raw.is_file():
        yield Stale(name, "note", f"table {name} must be no older than {entry.fresh}, and is not here: nothing was looked at", "run: make")
        return
    kind, column = "stale" if entry.stale == "fail" else "note", entry.aged_by or _time(table)
    if column is None:
        key = f"usecase.catalog.tables.{name}"
        found = f"table {name} must be no older than {entry.fresh}, and nothing tells its age"
        yield Stale(name, kind, found, f"name a column: {key}.aged_by")
        return
    youngest = _youngest(name, column, now, raw, aside)
    age = None if youngest is None else int((now - youngest).total_seconds() * 1_000_000)
    if age is None or age > (microseconds(entry.fresh or "") or 0):
        old = None if age is None else span(max(age // HOUR, 1) * HOUR)
        said = "has no valid row with a time until now" if old is None else f"is {old} old (its last {column} is {youngest})"
        yield Stale(name, kind, f"table {name} {said}, and must be no older than {entry.fresh}", REMEDY)


def _time(table: Table | None) -> str | None:
    """The column that is the time of a history, if it is one."""
    if table is None or table.history is None:
        return None
    import polars as pl

    return next((name for name in table.history.time.meta.root_names() if table.history.time.meta.eq(pl.col(name))), None)


def _youngest(name: str, column: str, now: datetime, raw: Path, aside: Path) -> datetime | None:
    """The last moment until `now` of the rows that were not set aside, where that is known."""
    import polars as pl

    from interlock import frames
    from interlock.contracts.ledger import less

    rows = frames.scan(raw)
    if not isinstance(rows.collect_schema().get(column), pl.Datetime | pl.Date):
        raise ConfigError(f"usecase.catalog.tables.{name}.aged_by: {column} is no column of moments or days", "name one that is")
    used = less(rows, frames.read(aside, [frames.ROW])) if aside.is_file() else rows
    moment = pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    youngest: datetime | None = used.select(moment.filter(moment <= now).max()).collect().item()
    return youngest
