"""Rows from a file or standard input, in the types in which features read them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from interlock.errors import ContractError
from interlock.features.dtypes import dtype_of
from interlock.frames import ROW

READERS: dict[str, Callable[[Any], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": partial(pl.read_csv, infer_schema=False),
    ".ndjson": partial(pl.read_ndjson, infer_schema_length=None),
    ".jsonl": partial(pl.read_ndjson, infer_schema_length=None),
}


def read(source: Path | BinaryIO, kind: str, types: Mapping[str, str]) -> pl.DataFrame:
    """The rows in `source`, of a `kind` in READERS, with the columns in `types` as these say.

    Text becomes numbers and times (ISO 8601, in UTC where it names no zone). Raises ContractError where it does not.
    """
    if kind not in READERS:
        raise ContractError(f"{source} has no ending that says what it is", f"give it one of: {', '.join(READERS)}")
    try:
        rows = READERS[kind](source)
        return rows.drop(ROW, strict=False).with_columns(_as(rows, name, text) for name, text in types.items() if name in rows.columns)
    except pl.exceptions.PolarsError as error:
        raise ContractError(f"{source}: {str(error).splitlines()[0]}", "mend the row that Polars names") from None


def _as(rows: pl.DataFrame, name: str, text: str) -> pl.Expr:
    wanted, found = dtype_of(text), rows.schema[name]
    if found == pl.String and isinstance(wanted, pl.Datetime):
        moment = pl.col(name).str.to_datetime(time_unit=wanted.time_unit, time_zone="UTC")
        return moment.dt.convert_time_zone(wanted.time_zone) if wanted.time_zone else moment.dt.replace_time_zone(None)
    if found == pl.String and wanted == pl.Boolean:
        return pl.col(name).replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    return pl.col(name).cast(wanted)
