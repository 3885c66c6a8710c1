"""The state of an online store: filled from histories as of a moment, then kept up event by event.

State is a pure function of what it was filled from and of the events since; every write is one batch that is seen whole
or not at all, and carries the position in the event log that it brings the state to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import polars as pl

from interlock.errors import ArtifactError
from interlock.features import entries, expressions, keys
from interlock.features.asof import per_entity
from interlock.features.featureset import FeatureSet
from interlock.features.histories import ID, SEEN, TIME, history
from interlock.features.plan import META, Plan, Totals, prefix
from interlock.features.stores.store import Entry, Reads, Store

MARK = prefix(META, b"state")
EVERYTHING = (prefix(0), b"\xff\xff\xff")
ID_ENTRY = 8
BATCH = 200_000


class Meta(msgspec.Struct, frozen=True):
    """What the state is of: the feature set, the moment it was filled as of, the log position, and each history's watermark.

    Times are microseconds; a watermark is the moment up to which a history is complete.
    """

    fingerprint: str
    moment: int
    position: int
    watermarks: dict[str, int]
    folded: int = 0


@dataclass(frozen=True)
class State:
    """The state that a plan's lists have in a store."""

    plan: Plan
    store: Store

    @classmethod
    def of(cls, features: FeatureSet, store: Store) -> "State":
        return cls(Plan(features), store)

    def meta(self) -> Meta:
        """What the state is of; raises ArtifactError where the store holds none, or one of another feature set."""
        (found,) = self.store.read(Reads(gets=[MARK])).gets
        if found is None:
            raise ArtifactError("the online store holds no state", "fill it: interlock store materialize")
        meta = msgspec.msgpack.decode(found, type=Meta)
        if meta.fingerprint != self.plan.features.fingerprint:
            raise ArtifactError(
                f"the online store is of feature set {meta.fingerprint[:12]}, this is {self.plan.features.fingerprint[:12]}",
                "fill it again: interlock store materialize",
            )
        return meta

    def materialize(
        self, tables: Mapping[str, pl.LazyFrame], moment: datetime | None, histories: Mapping[str, pl.DataFrame] | None = None
    ) -> dict[str, int]:
        """Fill the store with what had been seen before `moment` (None: with no history); returns the rows of each history.

        `histories` saves deriving them from `tables` again. Whatever the store held is gone; killed halfway, it holds no state.
        """
        self.store.write([], ranges=[EVERYTHING])
        counted, marks = {}, {}
        for name, reference in self.plan.features.references.items():
            table = tables[name].select(*reference.types).collect()
            self._put(entries.reference_entries(self.plan.references[name], table, reference.by, list(reference.types)))
        for name in self.plan.features.histories:
            rows = histories[name] if histories is not None else history(self.plan.features, name, tables)
            rows = rows.filter(pl.col(SEEN) < moment) if moment is not None else rows.clear()
            counted[name] = rows.height
            marks[name] = int(entries.micros(rows[SEEN]).max()) if rows.height else 0
            self._fill(name, rows, moment)
        at = int(entries.micros(pl.Series([moment]).dt.cast_time_unit("us"))[0]) if moment is not None else 0
        meta = Meta(self.plan.features.fingerprint, at, 0, marks)
        self.store.write([(MARK, msgspec.msgpack.encode(meta))])
        return counted

    def add(self, name: str, rows: pl.DataFrame, position: int) -> int:
        """Add rows of a history that came since, in one write; returns how many were new. A known id is passed over."""
        fresh = self._unknown(name, rows)
        meta = self.meta()
        puts = self._identities(name, fresh)
        for listed in self.plan.rows:
            if listed.history == name:
                puts += entries.row_entries(listed, fresh)
        for totals in self.plan.totals:
            if totals.history == name:
                puts += self._running(totals, totals.number, fresh, TIME) + self._running(totals, totals.number + 1, fresh, SEEN)
        mark = max(meta.watermarks.get(name, 0), int(entries.micros(fresh[SEEN]).max()) if fresh.height else 0)
        moved = msgspec.structs.replace(meta, position=max(position, meta.position), watermarks={**meta.watermarks, name: mark})
        self.store.write([*puts, (MARK, msgspec.msgpack.encode(moved))])
        return fresh.height

    def _fill(self, name: str, rows: pl.DataFrame, moment: datetime | None) -> None:
        if not rows.height or moment is None:
            return
        recent = rows.filter(pl.col(TIME) >= moment - pl.duration(microseconds=self.plan.features.histories[name].lateness))
        self._put(self._identities(name, recent))
        for listed in self.plan.rows:
            if listed.history == name:
                own = rows if listed.where is None else rows.filter(expressions.build(listed.where))
                reach = listed.reach if listed.reach is not None else self.plan.features.histories[name].lateness + listed.ago
                self._put(entries.row_entries(listed, within(own, moment, reach, [column for column, _ in listed.keys])))
        for totals in self.plan.totals:
            if totals.history == name:
                # NOTE: rows older than any request reaches would cancel out: both lists leave them out alike
                recent = rows.filter(pl.col(TIME) >= moment - pl.duration(microseconds=totals.reach))
                self._put(bulk(totals, totals.number, recent, TIME))
                self._put(bulk(totals, totals.number + 1, recent, SEEN))

    def _put(self, puts: Sequence[Entry]) -> None:
        for at in range(0, len(puts), BATCH):
            self.store.write(puts[at : at + BATCH])

    def _identities(self, name: str, rows: pl.DataFrame) -> list[Entry]:
        start = prefix(self.plan.ids[name])
        times = [int(time).to_bytes(ID_ENTRY, "big", signed=True) for time in entries.micros(rows[TIME])]
        return [(start + keys.identity(value), time) for value, time in zip(rows[ID].to_list(), times, strict=True)]

    def _unknown(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows whose id is new, the first of each."""
        first = rows.unique(ID, keep="first", maintain_order=True)
        start = prefix(self.plan.ids[name])
        found = self.store.read(Reads(gets=[start + keys.identity(value) for value in first[ID].to_list()])).gets
        return first.filter(pl.Series([value is None for value in found], dtype=pl.Boolean))

    def _running(self, totals: Totals, number: int, rows: pl.DataFrame, on: str) -> list[Entry]:
        """The entries of a list of totals after `rows` came in; later entries of their entities are written again."""
        columns = [column for column, _ in totals.keys]
        own = entries.known(rows, columns)
        places = entries.positions(number, own, on, columns)
        counts, squares = entries.additions(totals, own)
        starts = [prefix(number, entity) for entity in entries.of_entities(own, columns)]
        order = sorted(range(own.height), key=lambda i: (starts[i], places[i]), reverse=True)
        groups = [(start, list(group)) for start, group in groupby(order, key=lambda i: starts[i])]
        later = self.store.read(
            Reads(scans=[(start, places[group[0]]) for start, group in groups], seeks=[places[group[0]] for _, group in groups])
        )
        puts: list[Entry] = []
        for (start, group), after, before in zip(groups, later.scans, later.seeks, strict=True):
            base = before[1] if before is not None and before[0].startswith(start) else bytes(totals.size)
            added = [(places[i], [int(n) for n in counts[i]] + [column[i] for column in squares]) for i in group]
            puts += merged(totals, base, after, added)
        return puts


def merged(totals: Totals, base: bytes, after: Sequence[Entry], added: Sequence[tuple[bytes, list[int]]]) -> list[Entry]:
    """Running totals over old entries `after` a base and the rows `added`, oldest first, each with what it adds."""
    width = len(totals.counts)

    def numbers(value: bytes) -> list[int]:
        counts, squares = entries.unpacked(totals, [value])
        return [int(n) for n in counts[0]] + [column[0] for column in squares]

    running = numbers(base)
    if after:
        steps, last = dict(added), running
        for key, value in reversed(after):
            now = numbers(value)
            steps[key], last = [a - b for a, b in zip(now, last, strict=True)], now
        added = sorted(steps.items(), reverse=True)
    made = []
    for key, step in added:
        running = [a + b for a, b in zip(running, step, strict=True)]
        made.append((key, running))
    values = entries.packed(
        np.array([row[:width] for _, row in made], dtype=np.int64).reshape(len(made), width),
        [list(column) for column in zip(*(row[width:] for _, row in made), strict=True)],
    )
    return list(zip((key for key, _ in made), values, strict=True))


def bulk(totals: Totals, number: int, rows: pl.DataFrame, on: str) -> list[Entry]:
    """The entries of a list of totals over `rows`."""
    columns = [column for column, _ in totals.keys]
    own = entries.known(rows, columns)
    running = [per_entity(pl.col(name).cum_sum(), totals.keys) for name in totals.parts]
    kept = own.sort(on, ID).with_columns(**totals.parts).with_columns(running)
    counts = kept.select(totals.counts).to_numpy().astype(np.int64).reshape(kept.height, len(totals.counts))
    values = entries.packed(counts, [kept[name].to_list() for name in totals.squares])
    return list(zip(entries.positions(number, kept, on, columns), values, strict=True))


def within(rows: pl.DataFrame, moment: datetime, reach: int, columns: Sequence[str]) -> pl.DataFrame:
    """The rows of each entity from `reach` microseconds before `moment` on, and the last one before them."""
    since = pl.lit(moment) - pl.duration(microseconds=reach)
    older = rows.filter(pl.col(TIME) < since).sort(TIME, ID)
    last = older.unique(columns, keep="last", maintain_order=True) if columns else older.tail(1)
    return pl.concat([last, rows.filter(pl.col(TIME) >= since)])


def positions_of(state: State) -> dict[str, Any]:
    """The log position and the watermarks, as a prediction records them."""
    meta = state.meta()
    return {"position": meta.position, "watermarks": meta.watermarks}
