"""Replay: requests and everything that happened between them go through the online path in the order of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from interlock.features.featureset import FeatureSet
from interlock.features.histories import SEEN
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.store import Store


@dataclass(frozen=True)
class Replay:
    """A state in `store` that follows `histories` from a moment on; `tables` are where references are looked up."""

    features: FeatureSet
    store: Store
    tables: Mapping[str, pl.LazyFrame]
    histories: Mapping[str, pl.DataFrame]

    def run(self, requests: pl.DataFrame, batch: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """For each micro-batch of `requests`, sorted by time, its rows and their online features.

        The store is filled as of the first request; the rows of histories come in as they were first seen.
        """
        if not requests.height:
            return
        as_of = self.features.request.as_of or ""
        state = State.of(self.features, self.store)
        state.materialize(self.tables, requests[as_of][0] if as_of else None, self.histories)
        online = Online(self.features, self.store)
        waiting = self._waiting(requests) if as_of else {}
        for at in range(0, requests.height, batch):
            asked = requests.slice(at, batch)
            for name, rows in waiting.items():
                due = rows.filter(pl.col(SEEN) < asked[as_of][-1])
                waiting[name] = rows.slice(due.height)
                if due.height:
                    state.add(name, due, at + 1)
            yield asked, online.matrix(asked)

    def _waiting(self, requests: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The rows of each history that are first seen while the replay goes on, in that order."""
        as_of = self.features.request.as_of or ""
        first, last = requests[as_of][0], requests[as_of][-1]
        found = {}
        for name in self.features.histories:
            rows = self.histories[name]
            found[name] = rows.filter((pl.col(SEEN) >= first) & (pl.col(SEEN) < last)).sort(SEEN)
        return found
