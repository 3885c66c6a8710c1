"""The sources behind a prediction: where each came from, its licence, and the rows of it in place."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from interlock.errors import GitError
from interlock.frames import ROW
from interlock.lineage.asked import yaml
from interlock.lineage.tree import Feature, Origin, Table
from interlock.past import Past

RAW, QUARANTINE = "data/raw", "data/quarantine"


def tables(kept: Past, usecase: str, features: Sequence[Feature], origins: Sequence[Origin]) -> Iterator[Table]:
    """The tables of the use case that were read, as conf and git have them at the commit; their rows are not filled in yet."""
    said = yaml(kept.commit)["usecase"]
    catalog, pins = said["catalog"], _pins(kept.commit, usecase)
    wanted: dict[str, set[int]] = {origin.table: set() for origin in origins}
    for feature in features:
        if feature.rows:
            wanted.setdefault(feature.rows.table, set()).update(row.row for row in feature.rows.shown if row.row is not None)
    for origin in origins:
        wanted[origin.table].add(origin.row)
    for name in sorted(wanted):
        about = catalog["tables"].get(name) or {}
        yield Table(
            name,
            str(about.get("description", "")),
            str(about.get("licence", "")),
            str(about.get("owner") or catalog.get("owner", "")),
            {key: value for key, value in (said["tables"].get(name) or {}).items() if isinstance(value, str)},
            pins.get(name) or {},
            kept.outputs.get(RAW, ""),
            kept.outputs.get(QUARANTINE, ""),
            {row: {} for row in sorted(wanted[name])},
        )


def fill(kept: Past, found: Sequence[Table]) -> None:
    """Put the values of the rows in their places."""
    if not any(table.rows for table in found):
        return
    folder = kept.folder(RAW)
    for table in found:
        numbers = sorted(table.rows)
        if numbers:
            rows = pl.scan_parquet(folder / f"{table.name}.parquet", glob=False)
            near = pl.col(ROW).is_between(numbers[0], numbers[-1])  # lets Polars leave out row groups
            for row in rows.filter(near & pl.col(ROW).is_in(numbers)).collect().iter_rows(named=True):
                table.rows[row.pop(ROW)] = row


def _pins(commit: str, usecase: str) -> dict[str, dict[str, object]]:
    try:
        return yaml(commit, Path(f"data/sources/{usecase}.yaml"))
    except GitError:
        return {}
