"""How each kind of feature is read from an online store: what it asks for a batch, and what it makes of the answer.

What a plan knows is worked out once; a call does the rest for all requests and features together, since a request on its
own has time for some dozen operations of Polars or NumPy, not for one a feature.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import add
from typing import Any, TypeAlias

import msgspec
import polars as pl

from interlock.dtypes import dtype_of
from interlock.features import keys
from interlock.features.featureset import Keys, Latest, Lookup, Reference, Window
from interlock.features.plan import Rows, prefix
from interlock.features.stores.store import Found, Reads

Column: TypeAlias = tuple[str, str, list[Any]]  # a feature's name, its type, and its values as they are stored
Answer: TypeAlias = Callable[[Found], list[Column]]
decode = msgspec.msgpack.Decoder().decode


@dataclass
class Batch:
    """The requests of one call with their moments in microseconds, how far before them is read, and the reads they need."""

    requests: pl.DataFrame
    moments: list[int]
    offsets: list[int]
    reads: Reads = field(default_factory=Reads)
    entities: dict[Keys, list[bytes]] = field(default_factory=dict)
    parts: dict[str, list[bytes | None]] = field(default_factory=dict)

    def starts(self, number: int, named: Keys) -> list[bytes]:
        """For each request the bytes with which its entity's entries begin in a list."""
        first = prefix(number)
        return [first + entity for entity in self.of(named)]

    def of(self, named: Keys) -> list[bytes]:
        """The entity of each request; where a key is null one that no row has."""
        if (own := self.entities.get(named)) is None:
            rows = zip(*[self._parts(ours) for _, ours in named], strict=True) if named else [()] * self.requests.height
            own = self.entities[named] = [keys.NOBODY if None in row else keys.joined(row) for row in rows]
        return own

    def _parts(self, name: str) -> list[bytes | None]:
        if name not in self.parts:
            self.parts[name] = [None if value is None else keys.part(value) for value in keys.plain(self.requests.get_column(name))]
        return self.parts[name]

    @cached_property
    def before(self) -> dict[int, list[bytes]]:
        """By offset, for each request the bytes at which the rows strictly before its moment less the offset begin."""
        return {offset: [keys.before(moment - offset) for moment in self.moments] for offset in self.offsets}

    def seek(self, starts: list[bytes], offset: int) -> int:
        """Ask for each request's last row strictly before its moment less `offset`; returns where the answers begin."""
        at = len(self.reads.seeks)
        self.reads.seeks.extend(map(add, starts, self.before[offset]))
        return at

    def scan(self, starts: list[bytes], newest: int, oldest: int) -> int:
        """Ask for each request's rows between two offsets before its moment, the newest first; returns where the answers begin."""
        at = len(self.reads.scans)
        self.reads.scans.extend(zip(map(add, starts, self.before[newest]), map(add, starts, self.before[oldest]), strict=True))
        return at


def latest(batch: Batch, listed: Rows, features: Sequence[Latest], lateness: int) -> Answer:
    """The values in the last row seen before the moments, for features that move them back alike.

    What happened longer ago than the lateness has surely been seen.
    """
    ago, starts = features[0].ago, batch.starts(listed.number, listed.keys)
    sure, recent = batch.seek(starts, ago + lateness), batch.scan(starts, ago, ago + lateness) if lateness else None
    moments = [moment - ago for moment in batch.moments]

    def answer(found: Found) -> list[Column]:
        rows = []
        for i, (start, moment) in enumerate(zip(starts, moments, strict=True)):
            row = None if recent is None else _visible(found.scans[recent + i], moment)
            entry = found.seeks[sure + i]
            if row is None and entry and entry[0].startswith(start):
                row = decode(entry[1])
            rows.append(row)
        return [(feature.name, feature.dtype, _fresh(rows, moments, listed.places[feature.name], feature.max_age)) for feature in features]

    return answer


def _visible(entries: Sequence[tuple[bytes, bytes]], moment: int) -> Any:
    return next((row for _, value in entries if (row := decode(value))[1] < moment), None)


def _fresh(rows: Sequence[Any], moments: Sequence[int], place: int, max_age: int | None) -> list[Any]:
    if max_age is None:
        return [None if row is None else row[place] for row in rows]
    return [None if row is None or moment - row[0] > max_age else row[place] for row, moment in zip(rows, moments, strict=True)]


def extreme(batch: Batch, listed: Rows, feature: Window) -> Answer:
    """The least or greatest value among the rows of each window that had been seen."""
    at = batch.scan(batch.starts(listed.number, listed.keys), feature.ago, feature.ago + feature.width)
    moments, place = [moment - feature.ago for moment in batch.moments], listed.places[feature.name]
    best = min if feature.statistic == "min" else max

    def answer(found: Found) -> list[Column]:
        values = []
        for i, moment in enumerate(moments):
            rows = [decode(value) for _, value in found.scans[at + i]]
            values.append(best((row[place] for row in rows if row[1] < moment and row[place] is not None), default=None))
        return [(feature.name, feature.dtype, values)]

    return answer


def lookups(batch: Batch, group: Sequence[Lookup], number: int, reference: Reference) -> Answer:
    """Fixed columns of one reference, by one key."""
    order = dict(group[0].keys)
    at, first = len(batch.reads.gets), prefix(number)
    batch.reads.gets += [first + entity for entity in batch.of(tuple((theirs, order[theirs]) for theirs in reference.by))]
    places = {name: i for i, name in enumerate(reference.types)}

    def answer(found: Found) -> list[Column]:
        rows = [None if value is None else decode(value) for value in found.gets[at : at + batch.requests.height]]
        own = ((feature, places[feature.column]) for feature in group)
        return [(feature.name, feature.dtype, [None if row is None else row[place] for row in rows]) for feature, place in own]

    return answer


def frame(columns: Sequence[Column]) -> pl.DataFrame:
    """The columns as a frame, made of rows: that takes Polars a fraction of making each column where the rows are few."""
    names = [name for name, _, _ in columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(values for _, _, values in columns), strict=True)]
    return pl.DataFrame(rows, schema={name: dtype_of(text) for name, text, _ in columns})
