"""History rows as entries of the online store, in bulk."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.dtypes import dtype_of
from interlock.features import expressions, keys
from interlock.features.featureset import Reference
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.plan import Rows, Totals, physical, prefix
from interlock.features.stores.store import Entry

WORD = 8
LIMB = 1 << 64
IDENTITY, DIGEST = "__identity", "__digest"
encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


def micros(times: pl.Series) -> NDArray[np.int64]:
    """Times as microseconds."""
    return times.cast(pl.Int64).to_numpy()


def of_entities(rows: pl.DataFrame, columns: Sequence[str]) -> list[bytes]:
    """The bytes of each row's entity."""
    if not columns:
        return [b""] * rows.height
    named: dict[tuple[Any, ...], bytes] = {}
    values = list(zip(*(keys.plain(rows[column]) for column in columns), strict=True))
    for value in values:
        if value not in named:
            named[value] = keys.entity(value)
    return [named[value] for value in values]


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the bytes of their ids, in IDENTITY."""
    return rows.with_columns(pl.Series(IDENTITY, keys.identities(rows[ID]), dtype=pl.Binary))


def positions(number: int, rows: pl.DataFrame, on: str, entities: Sequence[bytes]) -> list[bytes]:
    """The key of each identified row in the list `number`, which is ordered by the time in column `on`."""
    start, times = prefix(number), keys.from_time(micros(rows[on]))
    return [start + entity + time + identity for entity, time, identity in zip(entities, times, rows[IDENTITY].to_list(), strict=True)]


def known(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows that belong to an entity: those without a null key."""
    return rows.filter(pl.col(column).is_not_null() for column in columns) if columns else rows


def passing(listed: Rows, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that a list of rows holds: they belong to an entity, and pass its filter."""
    own = known(rows, [column for column, _ in listed.keys])
    return own if listed.where is None else own.filter(expressions.build(listed.where))


def packed(totals: Totals, found: pl.DataFrame) -> list[bytes]:
    """The value of each entry from columns of its totals: those of 64 bits, then those of squares in 128, low half first."""
    halves: list[pl.Expr] = []
    for name in totals.squares:
        high = pl.col(name) // pl.lit(LIMB, pl.Int128)
        low = (pl.col(name) - high * pl.lit(LIMB, pl.Int128)).cast(pl.UInt64).reinterpret(signed=True)
        halves += [low.alias(f"{name}:low"), high.cast(pl.Int64).alias(f"{name}:high")]
    matrix = found.select(*(pl.col(name).cast(pl.Int64) for name in totals.counts), *halves).to_numpy()
    joined, size = np.ascontiguousarray(matrix, dtype="<i8").tobytes(), totals.size
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def unpacked(totals: Totals, values: Sequence[bytes]) -> tuple[NDArray[np.int64], list[list[int]]]:
    """The totals in `values`, each of `totals.size` bytes: a matrix and, for each total of squares, a list."""
    matrix = np.frombuffer(b"".join(values), dtype="<i8").reshape(len(values), totals.size // WORD)
    width = len(totals.counts)
    if not totals.squares:
        return matrix, []
    halves = range(width, matrix.shape[1], 2)
    return matrix[:, :width], [whole(matrix[:, at], matrix[:, at + 1]) for at in halves]


def whole(low: NDArray[np.int64], high: NDArray[np.int64]) -> list[int]:
    """Numbers of 128 bits from their halves."""
    return [(above << 64) | below for above, below in zip(high.tolist(), low.view("<u8").tolist(), strict=True)]


def frame(totals: Totals, values: Sequence[bytes]) -> pl.DataFrame:
    """The totals in `values` as columns."""
    counts, squares = unpacked(totals, values)
    plain = {name: counts[:, i] for i, name in enumerate(totals.counts)}
    wide = [pl.Series(name, column, dtype=pl.Int128) for name, column in zip(totals.squares, squares, strict=True)]
    return pl.DataFrame([*(pl.Series(name, column, dtype=pl.Int64) for name, column in plain.items()), *wide])


def row_entries(listed: Rows, rows: pl.DataFrame) -> list[Entry]:
    """The entries of a list of rows for rows that it holds: when each happened and was seen, and its values."""
    values = rows.select(pl.col(TIME, SEEN).to_physical(), **listed.values)
    places = positions(listed.number, rows, TIME, of_entities(rows, [column for column, _ in listed.keys]))
    return list(zip(places, map(encode, values.iter_rows()), strict=True))


def digested(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """`rows` with a few bytes, in DIGEST, that differ, as good as always, from those of a row that says something else in `columns`."""
    values = rows.select(_text(rows, column) for column in columns)
    return rows.with_columns(
        pl.Series(DIGEST, [blake2b(encode(row), digest_size=WORD).digest() for row in values.iter_rows()], dtype=pl.Binary)
    )


def id_entries(number: int, rows: pl.DataFrame) -> list[Entry]:
    """The entries of the ids of rows that are identified and digested: when each happened, and its digest."""
    start, times = prefix(number), [time.to_bytes(WORD, "big", signed=True) for time in micros(rows[TIME]).tolist()]
    found = zip(rows[IDENTITY].to_list(), times, rows[DIGEST].to_list(), strict=True)
    return [(start + identity, time + digest) for identity, time, digest in found]


def reference_entries(number: int, table: pl.DataFrame, by: Sequence[str], columns: Sequence[str]) -> list[Entry]:
    """The entries of a reference: its columns by key, times as whole numbers."""
    own = known(table, by)
    values = own.select(_plain(own, column) for column in columns)
    places = [prefix(number, entity) for entity in of_entities(own, by)]
    return list(zip(places, map(encode, values.iter_rows()), strict=True))


def reference_frame(reference: Reference, values: Sequence[bytes]) -> pl.DataFrame:
    """The rows of a reference that `reference_entries` wrote with all of its columns."""
    rows = [decode(value) for value in values]
    found = [_typed(name, [row[i] for row in rows], dtype_of(text)) for i, (name, text) in enumerate(reference.types.items())]
    return pl.DataFrame(found)


def _typed(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, values, dtype=physical(dtype)).cast(dtype)


def _plain(table: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(column).to_physical().cast(pl.Int64) if table.schema[column].is_temporal() else pl.col(column)


def _text(rows: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String) if rows.schema[column] == pl.Int128 else _plain(rows, column)
