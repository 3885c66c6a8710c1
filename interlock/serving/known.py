"""What was known: the valid rows of a snapshot, and what the event log adds to them up to a position.

Rows of the log come through the intake of the online path: derived by the same functions, seen when they are available and
have arrived, refused for the same reasons. An id that the snapshot has is its own; an erased record makes nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

import polars as pl

from interlock.errors import ArtifactError
from interlock.features import entries, eventlog, intake, offline, payloads, records
from interlock.features.featureset import FeatureSet
from interlock.features.feed import read_of
from interlock.features.histories import ID, SEEN, history
from interlock.features.intake import ARRIVED
from interlock.features.plan import Plan
from interlock.features.records import Record
from interlock.features.references import References
from interlock.features.state import Known as Ids
from interlock.features.state import State, blank, latest_seen
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Entry
from interlock.features.taken import ADDED
from interlock.frames import ROW

LOG = Path("online/log")
CHUNK = 20_000
UTC = pl.Datetime("us", "UTC")
Tables = Mapping[str, pl.LazyFrame]
Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Known:
    """The rows of a snapshot, and by history and reference those that the log added; in these `source_row` is the position.

    `position` and `chain` are of the last record that was read; `chains` of those asked for, `erased` the positions of
    records whose payload is gone.
    """

    features: FeatureSet
    tables: Tables
    histories: Frames
    came: Frames
    position: int
    chain: str
    chains: Mapping[int, str]
    erased: Sequence[int]

    @classmethod
    def of(cls, features: FeatureSet, tables: Tables, log: Path = LOG, upto: int | None = None, mark: Collection[int] = ()) -> "Known":
        """What is known of `tables`, the valid rows of a snapshot, and of the log up to a position (None: all of it).

        Raises ContractError where a row of the snapshot breaks what its history declares, ArtifactError where a record is
        damaged, or the log ends before `upto`.
        """
        made = {name: history(features, name, tables) for name in features.histories}
        reader = _Reader(features, tables, made, frozenset(mark))
        for run in _runs(_until(log, upto), features):
            reader.take(run)
        if upto is not None and reader.position < upto:
            raise ArtifactError(f"{log} ends at position {reader.position:,}, asked for is {upto:,}", records.RESTORE)
        came = {name: pl.concat(parts) for name, parts in reader.came.items()}
        return cls(features, tables, made, came, reader.position, reader.chain, reader.chains, reader.erased)

    def at(self, position: int | None = None) -> tuple[dict[str, pl.LazyFrame], dict[str, pl.DataFrame]]:
        """The tables and histories as they were known at a position; None: the last that was read."""
        came = {name: rows if position is None else rows.filter(pl.col(ROW) <= position) for name, rows in self.came.items()}
        tables = {name: self._table(name, came.get(name)) for name in self.features.references}
        return tables, {name: _with(rows, came.get(name)) for name, rows in self.histories.items()}

    def changes(self, position: int) -> int | None:
        """The first moment, in microseconds, from which a row after a position may be seen; None where there is none."""
        later = {name: rows.filter(pl.col(ROW) > position) for name, rows in self.came.items()}
        if any(rows.height for name, rows in later.items() if name in self.features.references):
            return -(1 << 63)
        first = [int(entries.micros(rows[SEEN]).min()) for name, rows in later.items() if name in self.histories and rows.height]
        return min(first, default=None)

    def watermarks(self) -> dict[str, int | None]:
        """When the last row of each history was seen."""
        return {name: latest_seen(_with(rows, self.came.get(name))) for name, rows in self.histories.items()}

    def compute(self, requests: pl.DataFrame, position: int | None = None) -> pl.DataFrame:
        """The requests beside every feature of each, from what was known at a position; None: the last that was read."""
        return offline.compute(self.features, requests, *self.at(position))

    def _table(self, name: str, came: pl.DataFrame | None) -> pl.LazyFrame:
        rows = self.tables[name].select(*self.features.references[name].types)
        return rows if came is None else pl.concat([rows, came.drop(ROW).lazy()])


@dataclass(frozen=True)
class _Remembered(State):
    """A state that knows the ids of history rows, and references; of the rows themselves it keeps nothing."""

    ids: dict[str, list[pl.Series]]

    def known(self, name: str, rows: pl.DataFrame) -> Ids:
        told = pl.any_horizontal(pl.lit(False), *(pl.col(ID).is_in(ids.implode()) for ids in self.ids[name]))
        first = rows.filter(~told & pl.col(ID).is_first_distinct())
        return Ids(first, rows.join(first, on=ROW, how="anti"), rows.clear())

    def prepared(self, name: str, rows: pl.DataFrame) -> list[Entry]:  # noqa: ARG002 - the state keeps no rows
        return []


@dataclass
class _Reader:
    """What reads the log, run after run."""

    features: FeatureSet
    tables: Tables
    histories: Frames
    mark: frozenset[int]
    position: int = 0
    chain: str = records.GENESIS
    chains: dict[int, str] = field(default_factory=lambda: {0: records.GENESIS})
    erased: list[int] = field(default_factory=list)
    came: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    state: _Remembered | None = None

    def take(self, run: Sequence[Record]) -> None:
        """Add what a run of records makes."""
        for table in dict.fromkeys(record.table for record in run if record.table in self.features.tables):
            own = [record for record in run if record.table == table and not record.erased]
            rows = payloads.decoded([bytes(record.payload) for record in own], read_of(self.features, table))
            times = pl.Series(ARRIVED, [record.arrived for record in own], dtype=pl.Int64).cast(UTC)
            numbers = pl.Series(ROW, [record.position for record in own], dtype=pl.Int64)
            self._add(table, rows.with_columns(times, numbers), own)
        self.erased += [record.position for record in run if record.erased]
        self.chains |= {record.position: record.chain for record in run if record.position in self.mark}
        self.position, self.chain = run[-1].position, run[-1].chain

    def _add(self, table: str, rows: pl.DataFrame, own: Sequence[Record]) -> None:
        state, puts = self._state(), []
        if table in self.features.references:
            taken = References(state.plan, state.store).take(table, rows)
            new = taken.fates.filter(status=ADDED)["row"]
            kept = rows.filter(pl.col(ROW).is_in(new.implode()))
            self.came.setdefault(table, []).append(kept.select(*self.features.references[table].types, ROW))
            puts = taken.puts
        for name, declared in self.features.histories.items():
            if declared.source == table:
                meant = pl.Series([record.histories is None or name in record.histories for record in own], dtype=pl.Boolean)
                made = intake.take(state, name, rows.filter(meant), None).new
                self.came.setdefault(name, []).append(made.select(*_columns(self.histories[name]), ROW))
                state.ids[name].append(made[ID])
        state.store.write(puts)

    def _state(self) -> _Remembered:
        """The state, filled when the first record needs it."""
        if self.state is None:
            plan = Plan(self.features)
            store = Memory([blank(plan)])
            for name, reference in self.features.references.items():
                table = self.tables[name].select(*reference.types).collect()
                store.write(entries.reference_entries(plan.references[name], table, reference.by, list(reference.types)))
            self.state = _Remembered(plan, store, {name: [rows[ID]] for name, rows in self.histories.items()})
        return self.state


def _until(log: Path, upto: int | None) -> Iterator[Record]:
    found = eventlog.read(log)
    return found if upto is None else islice(found, upto)


def _runs(found: Iterator[Record], features: FeatureSet) -> Iterator[list[Record]]:
    """The records in chunks, those of references apart: what comes after looks them up, as the feed does."""
    while chunk := list(islice(found, CHUNK)):
        for _, run in groupby(chunk, key=lambda record: record.table in features.references):
            yield list(run)


def _columns(rows: pl.DataFrame) -> list[str]:
    return [name for name in rows.columns if name != ROW]


def _with(rows: pl.DataFrame, came: pl.DataFrame | None) -> pl.DataFrame:
    own = rows.select(_columns(rows))
    return own if came is None else pl.concat([own, came.select(own.columns)])
