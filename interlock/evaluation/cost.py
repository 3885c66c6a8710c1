"""What the online path takes for one request, with features and without: by the clock, so never in a file that is hashed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from time import perf_counter

import polars as pl

from interlock import frames
from interlock.contracts import ledger
from interlock.features.featureset import FeatureSet
from interlock.features.golden import REQUESTS
from interlock.features.online import Online
from interlock.features.sample import part
from interlock.features.state import State
from interlock.features.stores.memory import Memory

GOLDEN = Path("data/golden")
ROWS, REQUESTS_TIMED, REPEATS = 40_000, 40, 5


@dataclass(frozen=True)
class Clock:
    """The golden requests, one at a time, and the last rows of each table: enough for seeks to find something."""

    features: FeatureSet
    tables: Mapping[str, pl.LazyFrame]
    requests: Sequence[pl.DataFrame]

    @classmethod
    def open(cls, features: FeatureSet) -> "Clock | None":
        """From the current project; None where it has no golden requests or no tables."""
        there = [GOLDEN / REQUESTS, *(ledger.RAW / f"{name}.parquet" for name in features.tables)]
        if not all(path.is_file() for path in there):
            return None
        requests = frames.read(GOLDEN / REQUESTS)
        tables = {name: ledger.valid(name).tail(ROWS).collect().lazy() for name in features.tables}
        return cls(features, tables, [requests[place] for place in range(min(requests.height, REQUESTS_TIMED))])

    def saved(self, dropped: Collection[str]) -> float | None:
        """The microseconds that a request takes less without the features `dropped`; None where none would be left."""
        kept = [feature.name for feature in self.features.public if feature.name not in dropped]
        if not kept:
            return None
        less = self._filled(part(self.features, kept))
        # NOTE: the least of several runs of each request, taken by turns: what else the machine does only ever adds
        times = [[(_took(self._whole, each), _took(less, each)) for _ in range(REPEATS)] for each in self.requests]
        apart = [min(first for first, _ in runs) - min(second for _, second in runs) for runs in times]
        return median(apart) * 1e6

    @cached_property
    def _whole(self) -> Online:
        return self._filled(self.features)

    def _filled(self, features: FeatureSet) -> Online:
        store, as_of = Memory(), features.request.as_of
        first = min(request[as_of].item() for request in self.requests) if as_of else None
        State.of(features, store).materialize(self.tables, first)
        return Online(features, store)


def _took(online: Online, request: pl.DataFrame) -> float:
    start = perf_counter()
    online.matrix(request)
    return perf_counter() - start
