"""The feed: rows of sources that come in, one by one or in batches, through the event log into the state of an online store.

A row is in the log before it is in the state. Whatever the log has beyond the position of the state is applied when the
feed is opened, so a process that is killed in between loses nothing and counts nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby, islice

import polars as pl

from interlock.contracts.answers import Error, reasons
from interlock.contracts.microbatch import Checker
from interlock.errors import ArtifactError, ContractError
from interlock.features import door, eventlog, intake, keys, payloads
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.intake import ARRIVED
from interlock.features.records import Event, Record
from interlock.features.references import References
from interlock.features.state import State
from interlock.features.stores.store import Store
from interlock.features.taken import ADDED, DUPLICATE, REFUSED, Taken
from interlock.frames import ROW

CHUNK = 5_000
UTC = pl.Datetime("us", "UTC")
Meant = tuple[str, ...] | None


@dataclass(frozen=True)
class Report:
    """What became of each row in each history that it makes, or in the reference that it belongs to.

    `rows` has the columns part (history or reference, or the table whose contract the row breaks), row (0-based), status
    (added, duplicate or refused) and reason; a row that makes nothing is not in it. `position` is that of the log.
    """

    rows: pl.DataFrame
    position: int

    @property
    def counts(self) -> dict[str, int]:
        """How many of each status."""
        found = dict(self.rows["status"].value_counts().iter_rows())
        return {status: found.get(status, 0) for status in (ADDED, DUPLICATE, REFUSED)}


@dataclass(frozen=True)
class Feed:
    """Rows into the state of `features` in `store`, through `log`."""

    features: FeatureSet
    store: Store
    log: EventLog

    def __post_init__(self) -> None:
        self.catch_up()

    @cached_property
    def state(self) -> State:
        return State.of(self.features, self.store)

    def add(self, table: str, rows: pl.DataFrame, arrived: datetime | pl.Series, histories: Sequence[str] | None = None) -> Report:
        """Add rows of the source or reference `table` that arrived at one moment, or each at its own.

        They go to all histories of the table, or to `histories` alone, and are on disk when this returns. A row that breaks
        the table's contract is refused; another is seen when it is available and has arrived. Raises ContractError where the
        rows lack a column that the contract requires or features read, or have one in another type.
        """
        meant = None if histories is None else tuple(histories)
        rows = rows.drop(ROW, strict=False)
        intake.check(rows, read_of(self.features, table, meant), table)
        held = self._door(table).frame(rows)
        times = _times(arrived, rows.height)
        self.catch_up()
        taken = self._taken(table, _numbered(rows, times)[held.numbers], [meant] * held.rows.height)
        parts = [_refused(table, held.errors), *(each.fates for each in taken.values())]
        fates = pl.concat([part.select("part", "row", "status", "reason") for part in parts])
        if chosen := _chosen(fates, meant):
            of = list(chosen)
            found = zip(times.gather(of).to_physical().to_list(), chosen.values(), payloads.encoded(rows[of]), strict=True)
            self.log.append([Event(table, time, names, payload) for time, names, payload in found])
            self._commit([taken], self.log.end)
        return Report(fates, self.log.end)

    @cached_property
    def _doors(self) -> dict[str, Checker]:
        return {}

    def _door(self, table: str) -> Checker:
        if table not in self._doors:
            self._doors[table] = door.checker(self.features, table)
        return self._doors[table]

    def catch_up(self) -> int:
        """Apply what the log has beyond the position of the state; returns how many records that were.

        Raises ArtifactError where the state is ahead of the log: it was fed from another one.
        """
        before = self.state.meta().position
        if before > self.log.end:
            raise ArtifactError(
                f"the online store is at position {before}, the log in {self.log.folder} ends at {self.log.end}",
                "restore both from one backup, or fill the store again: interlock store materialize",
            )
        if before < self.log.end:
            for run in self._runs(eventlog.read(self.log.folder, before)):
                self._apply(run)
        return self.log.end - before

    def _taken(self, table: str, rows: pl.DataFrame, meant: Sequence[Meant]) -> dict[str, Taken]:
        """What rows of a table make in each history that they are meant for, and in the reference that it is."""
        since = self.state.meta().since
        found = {}
        if table in self.features.references:
            found[table] = References(self.state.plan, self.store).take(table, rows)
        for name, history in self.features.histories.items():
            if history.source == table:
                own = rows.filter(pl.Series([each is None or name in each for each in meant], dtype=pl.Boolean))
                found[name] = intake.take(self.state, name, own, since)
        return found

    def _commit(self, taken: Sequence[Mapping[str, Taken]], position: int) -> None:
        made = {name: each for part in taken for name, each in part.items()}
        new = {name: each.new for name, each in made.items() if name in self.features.histories}
        self.state.commit([entry for each in made.values() for entry in each.puts], new, position)

    def _runs(self, records: Iterator[Record]) -> Iterator[list[Record]]:
        """The records in chunks: those of references apart, as what comes after looks them up."""
        while chunk := list(islice(records, CHUNK)):
            for _, run in groupby(chunk, key=lambda record: record.table in self.features.references):
                yield list(run)

    def _apply(self, run: Sequence[Record]) -> None:
        """Bring the state to the last record of a run; an erased one, and one of a table that no feature reads, makes nothing."""
        taken = []
        for table in dict.fromkeys(record.table for record in run if record.table in self.features.tables):
            own = [record for record in run if record.table == table and not record.erased]
            rows = payloads.decoded([bytes(record.payload) for record in own], read_of(self.features, table))
            times = pl.Series([record.arrived for record in own], dtype=pl.Int64).cast(UTC)
            taken.append(self._taken(table, _numbered(rows, times), [record.histories for record in own]))
        self._commit(taken, run[-1].position)


def read_of(features: FeatureSet, table: str, meant: Meant = None) -> dict[str, str]:
    """The columns of a table that its histories, or those meant, or lookups read; raises ContractError where nothing reads it."""
    found = [name for name, history in features.histories.items() if history.source == table]
    if unknown := sorted(set(meant or ()) - set(found)):
        raise ContractError(f"{unknown[0]} is no history of {table}", f"its histories are: {', '.join(found) or 'none'}")
    if not found and table not in features.references:
        raise ContractError(f"no feature reads a table {table}", f"features read: {', '.join(features.tables)}")
    return features.reads_of(table, meant)


def _refused(table: str, errors: Sequence[Error]) -> pl.DataFrame:
    """The fates of the rows that break the contract of their table."""
    found = reasons(errors)
    refused = {"row": pl.Series(list(found), dtype=pl.Int64), "reason": pl.Series(list(found.values()), dtype=pl.String)}
    return pl.DataFrame(refused).with_columns(part=pl.lit(table), status=pl.lit(REFUSED))


def _times(arrived: datetime | pl.Series, rows: int) -> pl.Series:
    if isinstance(arrived, datetime):
        return pl.repeat(keys.micros(arrived), rows, dtype=pl.Int64, eager=True).cast(UTC)
    if arrived.len() != rows or arrived.dtype != UTC or arrived.has_nulls():
        raise ContractError(f"{arrived.len()} times of arrival for {rows} rows, as {arrived.dtype}", f"give one {UTC} each")
    return arrived


def _numbered(rows: pl.DataFrame, times: pl.Series) -> pl.DataFrame:
    return rows.with_columns(times.alias(ARRIVED), pl.int_range(rows.height, dtype=pl.Int64, eager=True).alias(ROW))


def _chosen(fates: pl.DataFrame, meant: Meant) -> dict[int, Meant]:
    """The rows to log, those that made anything, and the histories that each is for: those alone that took it, where one did not."""
    found = fates.group_by("row", maintain_order=True).agg(
        names=pl.col("part").filter(pl.col("status") == ADDED), refused=(pl.col("status") == REFUSED).any()
    )
    made = found.filter(pl.col("names").list.len() > 0).sort("row")
    return {row: tuple(names) if refused else meant for row, names, refused in made.iter_rows()}
