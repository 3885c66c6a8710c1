"""The state of an online store: filled from histories as of a moment, then kept up event by event.

State is a pure function of what it was filled from and of the events since; every write is one batch that is seen whole
or not at all, and carries the position in the event log that it brings the state to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import polars as pl

from interlock.errors import ArtifactError
from interlock.features import entries, fill, keys, running
from interlock.features.featureset import FeatureSet
from interlock.features.histories import SEEN, history
from interlock.features.plan import META, Plan, prefix
from interlock.features.stores.store import Entry, Reads, Store

MARK = prefix(META, b"state")
BATCH = 200_000
FILL = "fill it: interlock store materialize"


class Meta(msgspec.Struct, frozen=True):
    """What the state is of: the feature set, the moment it was filled as of, the log position, and each history's watermark.

    Times are microseconds; a watermark is the moment up to which a history is complete, null before its first row.
    Filled with no history, the state is of no moment. Since `folded` nothing older is kept than requests from then on read.
    """

    fingerprint: str
    layout: str
    moment: int | None
    position: int
    watermarks: dict[str, int | None]
    folded: int | None = None

    @property
    def since(self) -> int | None:
        """The moment from which on the state answers requests."""
        return max((time for time in (self.moment, self.folded) if time is not None), default=None)


@dataclass(frozen=True)
class Known:
    """Rows of a history by what the store knows of their ids: new ones (the first of each), the same again, others under a known id."""

    fresh: pl.DataFrame
    again: pl.DataFrame
    other: pl.DataFrame


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
        return checked(self.plan, self.store.read(Reads(gets=[MARK])).gets[0])

    def materialize(
        self, tables: Mapping[str, pl.LazyFrame], moment: datetime | None, histories: Mapping[str, pl.DataFrame] | None = None
    ) -> dict[str, int]:
        """Fill the store with what had been seen before `moment` (None: with no history); returns the rows of each history.

        `histories` saves deriving them from `tables` again. Whatever the store held is gone; killed halfway, it holds no state.
        """
        self.store.clear()
        at = None if moment is None else keys.micros(moment)
        counted: dict[str, int] = {}
        marks: dict[str, int | None] = {}
        for name, reference in self.plan.features.references.items():
            table = tables[name].select(*reference.types).collect()
            self._fill(entries.reference_entries(self.plan.references[name], table, reference.by, list(reference.types)))
        for name in self.plan.features.histories:
            rows = histories[name] if histories is not None else history(self.plan.features, name, tables)
            rows = rows.clear() if at is None else rows.filter(pl.col(SEEN).to_physical() < at)
            counted[name], marks[name] = rows.height, latest_seen(rows)
            if at is not None:
                for puts in fill.lists(self.plan, name, rows, at):
                    self._fill(puts)
        self.store.write([marked(Meta(self.plan.features.fingerprint, self.plan.layout, at, 0, marks))])
        return counted

    def add(self, name: str, rows: pl.DataFrame, position: int) -> int:
        """Add rows of a history that came since, in one write; returns how many were new. A known id is passed over."""
        fresh = self.known(name, rows).fresh
        self.commit(self.prepared(name, fresh), {name: fresh}, position)
        return fresh.height

    def known(self, name: str, rows: pl.DataFrame) -> Known:
        """Rows of a history by what the store, or a row before, says of their ids."""
        rows = entries.digested(entries.identified(rows), fill.told(self.plan.features.histories[name]))
        found = entries.id_entries(self.plan.ids[name], rows)
        asked = list(dict.fromkeys(key for key, _ in found))
        told = dict(zip(asked, self.store.read(Reads(gets=asked)).gets, strict=True))
        kinds = []
        for key, value in found:
            first = told[key]
            kinds.append(0 if first is None else 1 if first == value else 2)
            told[key] = first or value
        kind = pl.Series(kinds, dtype=pl.Int8)
        return Known(*(rows.filter(kind == i) for i in range(3)))

    def prepared(self, name: str, rows: pl.DataFrame) -> list[Entry]:
        """The entries that fresh rows of a history make, as `known` gives them, and those that they change."""
        puts = entries.id_entries(self.plan.ids[name], rows)
        for listed in self.plan.rows:
            if listed.history == name:
                puts += entries.row_entries(listed, entries.passing(listed, rows))
        runs = [run for totals in self.plan.totals if totals.history == name for run in running.of(totals, rows)]
        reads = Reads()
        places = [run.ask(reads) for run in runs]
        found = self.store.read(reads)
        for run, at in zip(runs, places, strict=True):
            puts += run.entries(found, at)
        return puts

    def commit(self, puts: Sequence[Entry], new: Mapping[str, pl.DataFrame], position: int) -> None:
        """Write what was prepared for the rows in `new`, in one batch, with the `position` that this brings the state to."""
        found = self.store.read(Reads(gets=[MARK])).gets[0]
        meta = checked(self.plan, found)
        marks = {**meta.watermarks, **{name: latest_seen(rows, meta.watermarks.get(name)) for name, rows in new.items()}}
        moved = msgspec.structs.replace(meta, position=max(position, meta.position), watermarks=marks)
        self.store.write([*puts, marked(moved)], expected=(MARK, found or b""))

    def _fill(self, puts: Sequence[Entry]) -> None:
        for at in range(0, len(puts), BATCH):
            self.store.write(puts[at : at + BATCH])


def marked(meta: Meta) -> Entry:
    return MARK, msgspec.msgpack.encode(meta)


def blank(plan: Plan) -> Entry:
    """The entry of a state that is of no moment and has seen nothing."""
    return marked(Meta(plan.features.fingerprint, plan.layout, None, 0, {}))


def checked(plan: Plan, found: bytes | None) -> Meta:
    """What the entry `found` under MARK says; raises ArtifactError where there is none, or one of another feature set."""
    if found is None:
        raise ArtifactError("the online store holds no state", FILL)
    meta = msgspec.msgpack.decode(found, type=Meta)
    if meta.layout != plan.layout:
        ours, theirs = plan.features.fingerprint[:12], meta.fingerprint[:12]
        raise ArtifactError(
            f"the online store is of feature set {theirs}, this is {ours}{' with other private features' if ours == theirs else ''}",
            "fill it again: interlock store materialize",
        )
    return meta


def latest_seen(rows: pl.DataFrame, before: int | None = None) -> int | None:
    """The watermark after `rows`: when the last of them was seen, or that of `before`."""
    times = [*(entries.micros(rows[SEEN]).tolist() if rows.height else []), *([] if before is None else [before])]
    return max(times, default=None)


def end(histories: Iterable[pl.DataFrame]) -> datetime | None:
    """The first moment before which all rows of `histories` had been seen; None where there is no row."""
    last = max((mark for mark in map(latest_seen, histories) if mark is not None), default=None)
    return None if last is None else keys.moment(last + 1)
