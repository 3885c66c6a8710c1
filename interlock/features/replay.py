"""Replay: requests and everything that happened between them go through the online path in the order of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from interlock.errors import ContractError
from interlock.features import contracted
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.feed import Feed
from interlock.features.histories import SEEN
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.store import Store
from interlock.features.taken import REFUSED
from interlock.frames import ROW


@dataclass(frozen=True)
class Replay:
    """A state in `store` that follows what happened from a moment on: source rows come in as events, each when it was seen.

    `histories` says when that was; `tables` are the sources and references.
    """

    features: FeatureSet
    store: Store
    tables: Mapping[str, pl.LazyFrame]
    histories: Mapping[str, pl.DataFrame]

    def run(self, requests: pl.DataFrame, batch: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """For each micro-batch of `requests`, sorted by time, its rows and their online features.

        The store is filled as of the first request. Raises ContractError where the online path refuses a row.
        """
        if not requests.height:
            return
        as_of = self.features.request.as_of
        State.of(self.features, self.store).materialize(self.tables, requests[as_of][0] if as_of else None, self.histories)
        online = Online(self.features, self.store)
        with TemporaryDirectory() as place:
            log = EventLog(Path(place))
            feed = Feed(self.features, self.store, log)
            waiting = self._waiting(requests, as_of) if as_of else {}
            for at in range(0, requests.height, batch):
                asked = requests.slice(at, batch)
                for name, rows in waiting.items():
                    due = rows.filter(pl.col(SEEN) < asked[as_of or ""][-1])
                    waiting[name] = rows.slice(due.height)
                    self._deliver(feed, name, due)
                yield asked, online.matrix(asked)
            log.close()

    @cached_property
    def sources(self) -> dict[str, pl.DataFrame]:
        """The rows of each source, with what its contract names: they come in whole, as events do."""
        found = {}
        for source in {history.source for history in self.features.histories.values()}:
            there = self.tables[source].collect_schema()
            named = [name for name in contracted.schema(self.features, source)["properties"] if name in there]
            found[source] = self.tables[source].select(ROW, *named).collect()
        return found

    def _waiting(self, requests: pl.DataFrame, as_of: str) -> dict[str, pl.DataFrame]:
        """Which source row each history is fed while the replay goes on, in the order in which they are seen."""
        first, last = requests[as_of][0], requests[as_of][-1]
        seen = (pl.col(SEEN) >= first) & (pl.col(SEEN) < last)
        return {name: rows.filter(seen).sort(SEEN, ROW).select(ROW, SEEN) for name, rows in self.histories.items()}

    def _deliver(self, feed: Feed, name: str, due: pl.DataFrame) -> None:
        if not due.height:
            return
        source = self.features.histories[name].source
        rows = due.join(self.sources[source], on=ROW, how="left", maintain_order="left")
        told = feed.add(source, rows.drop(SEEN), rows[SEEN], [name]).rows
        refused = told.filter(status=REFUSED)
        if refused.height:
            raise ContractError(
                f"{name}: the online path refuses {refused.height} rows that featurize counts, first: {refused['reason'][0]}",
                "let schema.py declare what is true of the history",
            )
