"""History rows as entries of the online store, in bulk."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.features import expressions, keys
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.plan import Rows, Totals, prefix
from interlock.features.stores.store import Entry

SQUARE = 16


def micros(times: pl.Series) -> NDArray[np.int64]:
    """Times as microseconds."""
    return times.to_physical().cast(pl.Int64).to_numpy()


def of_entities(rows: pl.DataFrame, columns: Sequence[str]) -> list[bytes]:
    """The bytes of each row's entity."""
    if not columns:
        return [b""] * rows.height
    distinct = rows.select(columns).unique(maintain_order=True)
    named = dict(zip(distinct.iter_rows(), map(keys.entity, distinct.iter_rows()), strict=True))
    return [named[values] for values in rows.select(columns).iter_rows()]


def positions(number: int, rows: pl.DataFrame, on: str, columns: Sequence[str]) -> list[bytes]:
    """The key of each row in the list `number`, which is ordered by the time in column `on`."""
    times = keys.from_time(micros(rows[on]))
    starts = [prefix(number, entity) for entity in of_entities(rows, columns)]
    ids = [keys.identity(value) for value in rows[ID].to_list()]
    return [start + time + identity for start, time, identity in zip(starts, times, ids, strict=True)]


def known(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows that belong to an entity: those without a null key."""
    return rows.filter(pl.col(column).is_not_null() for column in columns) if columns else rows


def additions(totals: Totals, rows: pl.DataFrame) -> tuple[NDArray[np.int64], list[list[int]]]:
    """What each row adds: a matrix (rows, 64-bit totals), and for each total of squares a list."""
    found = rows.with_columns(**totals.parts)
    counts = found.select(totals.counts).to_numpy().astype(np.int64).reshape(rows.height, len(totals.counts))
    return counts, [found[name].to_list() for name in totals.squares]


def packed(counts: NDArray[np.int64], squares: list[list[int]]) -> list[bytes]:
    """The value of each entry: its totals of 64 bits, then those of squares in 128."""
    width = 8 * counts.shape[1]
    plain = np.ascontiguousarray(counts, dtype="<i8").tobytes()
    values = [plain[at : at + width] for at in range(0, width * counts.shape[0], width)] if width else []
    for column in squares:
        values = [value + square.to_bytes(SQUARE, "little", signed=True) for value, square in zip(values, column, strict=True)]
    return values


def unpacked(totals: Totals, values: Sequence[bytes]) -> tuple[NDArray[np.int64], list[list[int]]]:
    """The totals in `values`, each of `totals.size` bytes: a matrix and, for each total of squares, a list."""
    joined, width = b"".join(values), 8 * len(totals.counts)
    if not totals.squares:
        return np.frombuffer(joined, dtype="<i8").reshape(len(values), len(totals.counts)), []
    plain = b"".join(value[:width] for value in values)
    ends = [width + SQUARE * i for i in range(len(totals.squares) + 1)]
    squares = [[int.from_bytes(value[a:b], "little", signed=True) for value in values] for a, b in pairwise(ends)]
    return np.frombuffer(plain, dtype="<i8").reshape(len(values), len(totals.counts)), squares


def row_entries(listed: Rows, rows: pl.DataFrame) -> list[Entry]:
    """The entries of a list of rows: when each happened and was seen, and its values."""
    columns = [column for column, _ in listed.keys]
    own = known(rows, columns)
    if listed.where is not None:
        own = own.filter(expressions.build(listed.where))
    values = own.select(pl.col(TIME, SEEN).to_physical(), **listed.values)
    return list(zip(positions(listed.number, own, TIME, columns), map(msgspec.msgpack.encode, values.iter_rows()), strict=True))


def reference_entries(number: int, table: pl.DataFrame, by: Sequence[str], columns: Sequence[str]) -> list[Entry]:
    """The entries of a reference: its columns by key, times as whole numbers."""
    own = known(table, by)
    values = own.select(_plain(own, column) for column in columns)
    return list(
        zip((prefix(number, entity) for entity in of_entities(own, by)), map(msgspec.msgpack.encode, values.iter_rows()), strict=True)
    )


def _plain(table: pl.DataFrame, column: str) -> Any:
    return pl.col(column).to_physical().cast(pl.Int64) if table.schema[column].is_temporal() else pl.col(column)
