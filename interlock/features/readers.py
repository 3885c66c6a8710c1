"""How each kind of feature is read from an online store: what it asks for a batch, and what it makes of the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.features import entries, keys
from interlock.features.dtypes import dtype_of
from interlock.features.featureset import Keys, Latest, Lookup, Reference, Window
from interlock.features.plan import Rows, Totals, physical, prefix
from interlock.features.stores.store import Found, Reads

Moments: TypeAlias = NDArray[np.int64]
Starts: TypeAlias = Sequence[bytes | None]
Differences: TypeAlias = tuple[Any, ...]
Answer: TypeAlias = Callable[[Found], Sequence[pl.Series]]
NOTHING = b"\xff\xff"  # where no entry lies
decode = msgspec.msgpack.Decoder().decode


@dataclass
class Batch:
    """The requests of one call with their moments in microseconds, and the reads that they need."""

    requests: pl.DataFrame
    moments: Moments
    reads: Reads = field(default_factory=Reads)
    entities: dict[Keys, list[bytes | None]] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def starts(self, number: int, named: Keys) -> Starts:
        """For each request the bytes with which its entity's entries begin in a list; None where a key is null."""
        if named not in self.entities:
            columns = [self._column(ours) for _, ours in named]
            rows = zip(*columns, strict=True) if columns else iter([()] * self.requests.height)
            self.entities[named] = [None if None in row else keys.entity(row) for row in rows]
        first = prefix(number)
        return [None if entity is None else first + entity for entity in self.entities[named]]

    def _column(self, name: str) -> list[Any]:
        if name not in self.columns:
            self.columns[name] = keys.plain(self.requests.get_column(name))
        return self.columns[name]

    def seek(self, starts: Starts, moments: Moments) -> int:
        """Ask for each request's last row strictly before its moment; returns where the answers begin."""
        at = len(self.reads.seeks)
        self.reads.seeks += [(start or NOTHING) + time for start, time in zip(starts, keys.before(moments), strict=True)]
        return at

    def scan(self, starts: Starts, moments: Moments, length: int) -> int:
        """Ask for each request's rows in the `length` before its moment, the newest first; returns where the answers begin."""
        at = len(self.reads.scans)
        newest, oldest = keys.before(moments), keys.before(moments - length)
        self.reads.scans += [
            (start + new, start + old) if start is not None else (NOTHING, NOTHING)
            for start, new, old in zip(starts, newest, oldest, strict=True)
        ]
        return at


def totals(batch: Batch, listed: Totals) -> Callable[[Found], dict[str, Differences]]:
    """For each window of `listed` the differences of its totals between the two ends."""
    by_time, by_seen = batch.starts(listed.number, listed.keys), batch.starts(listed.number + 1, listed.keys)
    tops = {ago: batch.seek(by_seen, batch.moments - ago) for ago in dict(listed.spans)}
    bottoms = {(ago, width): batch.seek(by_time, batch.moments - (ago + width)) for ago, width in listed.spans}

    def answer(found: Found) -> dict[str, Differences]:
        upper = {ago: entries.unpacked(listed, _values(found, at, by_seen, listed.size)) for ago, at in tops.items()}
        spans = {}
        for span, at in bottoms.items():
            (high, wide), (low, narrow) = upper[span[0]], entries.unpacked(listed, _values(found, at, by_time, listed.size))
            spans[span] = high - low, [[x - y for x, y in zip(*columns, strict=True)] for columns in zip(wide, narrow, strict=True)]
        return {window.name: _own(listed.own[window.name], *spans[window.ago, window.width]) for window in listed.windows}

    return answer


def _own(places: list[int], counts: Moments, squares: list[list[int]]) -> Differences:
    """The count, the total and the squares of one window, those it has."""
    plain = tuple(counts[:, place] for place in places[:2])
    return (*plain, squares[places[2]]) if len(places) > 2 else plain


def latest(batch: Batch, listed: Rows, feature: Latest, lateness: int) -> Answer:
    """The value in the last row seen before each moment: what happened longer ago than the lateness has surely been seen."""
    starts, moments = batch.starts(listed.number, listed.keys), batch.moments - feature.ago
    sure, recent = batch.seek(starts, moments - lateness), batch.scan(starts, moments, lateness) if lateness else None
    place = 2 + listed.features.index(feature)

    def answer(found: Found) -> list[pl.Series]:
        values = []
        for i, (start, moment) in enumerate(zip(starts, moments.tolist(), strict=True)):
            row = (
                None if recent is None else next((row for _, value in found.scans[recent + i] if (row := decode(value))[1] < moment), None)
            )
            entry = found.seeks[sure + i]
            if row is None and start is not None and entry is not None and entry[0].startswith(start):
                row = decode(entry[1])
            fresh = row is not None and (feature.max_age is None or moment - row[0] <= feature.max_age)
            values.append(row[place] if row is not None and fresh else None)
        return [_series(feature.name, values, feature.dtype)]

    return answer


def extreme(batch: Batch, listed: Rows, feature: Window) -> Answer:
    """The least or greatest value among the rows of each window that had been seen."""
    starts, moments = batch.starts(listed.number, listed.keys), batch.moments - feature.ago
    at, place = batch.scan(starts, moments, feature.width), 2 + listed.features.index(feature)
    best = min if feature.statistic == "min" else max

    def answer(found: Found) -> list[pl.Series]:
        values = []
        for i, moment in enumerate(moments.tolist()):
            rows = (decode(value) for _, value in found.scans[at + i])
            known = [row[place] for row in rows if row[1] < moment and row[place] is not None]
            values.append(best(known) if known else None)
        return [_series(feature.name, values, feature.dtype)]

    return answer


def lookups(batch: Batch, group: Sequence[Lookup], number: int, reference: Reference) -> Answer:
    """Fixed columns of one reference, by one key."""
    order = dict(group[0].keys)
    starts = batch.starts(number, tuple((theirs, order[theirs]) for theirs in reference.by))
    at = len(batch.reads.gets)
    batch.reads.gets += [start or NOTHING for start in starts]
    columns = list(reference.types)

    def answer(found: Found) -> list[pl.Series]:
        rows = [None if value is None else decode(value) for value in found.gets[at : at + len(starts)]]
        return [
            _series(feature.name, [None if row is None else row[columns.index(feature.column)] for row in rows], feature.dtype)
            for feature in group
        ]

    return answer


def _values(found: Found, at: int, starts: Starts, size: int) -> list[bytes]:
    empty = bytes(size)
    found_here = found.seeks[at : at + len(starts)]
    return [
        entry[1] if entry is not None and start is not None and entry[0].startswith(start) else empty
        for entry, start in zip(found_here, starts, strict=True)
    ]


def _series(name: str, values: Sequence[Any], dtype: str) -> pl.Series:
    wanted = dtype_of(dtype)
    stored = pl.Series(name, values, dtype=physical(wanted))
    return stored.cast(wanted) if wanted.is_temporal() else stored
