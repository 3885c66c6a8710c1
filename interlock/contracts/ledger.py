"""The quarantine ledger: which rows of a raw table were set aside, by which rule, and the table without them."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ArtifactError
from interlock.files import whole
from interlock.frames import ROW

RAW, QUARANTINE = Path("data/raw"), Path("data/quarantine")
LEDGER = pl.DataFrame(schema={ROW: pl.Int64, "rule": pl.String, "column": pl.String, "value": pl.String})


def raw(table: str) -> pl.LazyFrame:
    """A table as `ingest` wrote it; raises ArtifactError where it is missing, unreadable or without row numbers."""
    path = RAW / f"{table}.parquet"
    frame = frames.scan(path)
    if frame.collect_schema().get(ROW) != pl.Int64:
        raise ArtifactError(f"{path} has no {ROW}", "run: dvc repro --force ingest")
    return frame


def valid(table: str) -> pl.LazyFrame:
    """The rows of a raw table that are not in quarantine, in their order; raises ArtifactError where either is missing."""
    return less(raw(table), frames.read(QUARANTINE / f"{table}.parquet", [ROW]))


def less(rows: pl.LazyFrame, ledger: pl.DataFrame) -> pl.LazyFrame:
    """`rows` without those that `ledger` names, in their order."""
    # NOTE: a predicate rather than an anti-join: it keeps the order, streams, and takes half the time
    return rows.filter(~pl.col(ROW).is_in(ledger[ROW].implode())) if ledger.height else rows


def write(ledgers: Mapping[str, pl.DataFrame]) -> None:
    """Write the ledger of each table: the whole folder or nothing, and what it held before is gone."""
    with whole(QUARANTINE) as folder:
        for table, ledger in ledgers.items():
            frames.write(ledger, folder / f"{table}.parquet", sort=[ROW, "column", "rule"])
