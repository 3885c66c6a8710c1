"""The quarantine ledger: which rows of a raw table were set aside, by which rule, and the table without them."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from interlock import frames
from interlock.errors import ArtifactError
from interlock.files import whole
from interlock.frames import ROW
from interlock.terms import Term

RAW, QUARANTINE = Path("data/raw"), Path("data/quarantine")
LEDGER = pl.DataFrame(schema={ROW: pl.Int64, "rule": pl.String, "column": pl.String, "value": pl.String})


def raw(table: str) -> pl.LazyFrame:
    """A table as `ingest` wrote it; raises ArtifactError where it is missing, unreadable or without row numbers."""
    path = RAW / f"{table}.parquet"
    frame = frames.scan(path)
    if frame.collect_schema().get(ROW) != pl.Int64:
        raise ArtifactError(f"{path} has no {ROW}", "run: dvc repro --force ingest")
    return frame


def numbered(table: str) -> pl.LazyFrame:
    """The same, once its row numbers are seen to rise from 0 on; raises ArtifactError where one is missing or comes again."""
    frame, number = raw(table), pl.col(ROW)
    found = frame.select(rises=(number.diff() > 0).all(), known=number.null_count() == 0, least=number.min() >= 0).collect()
    if not all(value is not False for value in found.row(0)):
        raise ArtifactError(f"the row numbers in {RAW / table}.parquet are damaged", "run: dvc repro --force ingest")
    return frame


def valid(table: str) -> pl.LazyFrame:
    """The rows of a raw table that are not in quarantine, in their order; raises ArtifactError where either is missing."""
    return less(raw(table), frames.read(QUARANTINE / f"{table}.parquet", [ROW]))


def less(rows: pl.LazyFrame, ledger: pl.DataFrame) -> pl.LazyFrame:
    """`rows` without those that `ledger` names, in their order."""
    # NOTE: a predicate rather than an anti-join: it keeps the order, streams, and takes half the time
    return rows.filter(~pl.col(ROW).is_in(ledger[ROW].implode())) if ledger.height else rows


def entries(rows: pl.DataFrame, rule: Term) -> pl.DataFrame:
    """The ledger of `rows`, which break `rule`: the values of its columns as one text."""
    texts = [_text(name, rows.schema[name]) for name in rule.columns]
    value = texts[0] if len(texts) == 1 else pl.concat_str([text.fill_null("null") for text in texts], separator=", ")
    return rows.select(ROW, rule=pl.lit(rule.name), column=pl.lit(rule.column), value=value)


def write(ledgers: Mapping[str, pl.DataFrame]) -> None:
    """Write the ledger of each table: the whole folder or nothing, and what it held before is gone."""
    with whole(QUARANTINE) as folder:
        for table, ledger in ledgers.items():
            frames.write(ledger, folder / f"{table}.parquet", sort=[ROW, "column", "rule"])


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    # NOTE: Polars does not cast a duration to text
    return pl.col(name).dt.to_string() if dtype == pl.Duration else pl.col(name).cast(pl.String)
