"""Rows of a source as JSON in the event log, and back: the same values of the same types.

Times, dates and lengths of time are whole numbers in the unit of their type (microseconds, days); floats that JSON
cannot say, and whole numbers that may have more than 64 bits, are text.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from interlock.dtypes import dtype_of, dtype_text
from interlock.errors import ContractError, DeclarationError


def encoded(rows: pl.DataFrame) -> list[bytes]:
    """One JSON object a row; raises ContractError for a column that no table can have."""
    names = rows.columns
    columns = [_values(rows[name]) for name in names]
    encode = msgspec.json.Encoder().encode
    return [encode(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def decoded(payloads: Sequence[bytes], types: Mapping[str, str]) -> pl.DataFrame:
    """The columns in `types` of rows that `encoded` wrote; a column that came later is null in earlier rows."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    rows = [decode(payload) for payload in payloads]
    return pl.DataFrame([_series(name, [row.get(name) for row in rows], dtype_of(text)) for name, text in types.items()])


def _values(column: pl.Series) -> list[Any]:
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String).to_list()
    try:
        dtype_text(column.dtype)
    except DeclarationError as error:
        raise ContractError(f"{column.name}: {error.found}", "leave the column out, or cast it") from None
    if column.dtype.is_temporal():
        return column.to_physical().to_list()
    if column.dtype == pl.Int128:
        return column.cast(pl.String).to_list()
    if column.dtype.is_float() and not column.is_finite().all():
        return [repr(value) if value is not None and not math.isfinite(value) else value for value in column.to_list()]
    return column.to_list()


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    if dtype.is_float():
        values = [float(value) if isinstance(value, str) else value for value in values]
    if dtype == pl.Int128:
        values = [int(value) if isinstance(value, str) else value for value in values]
    return pl.Series(name, values, dtype=pl.Int64).cast(dtype) if dtype.is_temporal() else pl.Series(name, values, dtype=dtype)
