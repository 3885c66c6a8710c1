"""The online executor: the features of a micro-batch of requests, from an online store.

It reads what it needs in one batch, subtracts totals, and evaluates the very expressions of the offline executor, eagerly.
It works from exported declarations: neither Pandera nor the use case's Python is imported.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from interlock.errors import ContractError
from interlock.features import arithmetic, entries, expressions, keys, readers
from interlock.features.featureset import FeatureSet, Keys, Latest, Lookup, OnDemand, Window
from interlock.features.plan import Plan
from interlock.features.readers import Answer, Batch, Differences
from interlock.features.state import MARK, checked
from interlock.features.stores.store import Reader


@dataclass(frozen=True)
class Online:
    """Features of requests from a store that holds the state of `features`."""

    features: FeatureSet
    store: Reader

    def matrix(self, requests: pl.DataFrame) -> pl.DataFrame:
        """The features of `requests`, in their order: the columns of the requests, then every feature, private ones too.

        Raises ContractError where the requests lack a column or ask about a time before the state's, ArtifactError where the
        store holds no state of this feature set.
        """
        request = self.features.request
        if missing := [name for name in request.types if name not in requests.columns]:
            raise ContractError(f"the requests have no column {missing[0]}", f"a request has: {', '.join(request.types)}")
        batch = Batch(requests, entries.micros(requests[request.as_of]) if request.as_of else np.zeros(requests.height, np.int64))
        totals = [readers.totals(batch, listed) for listed in self.plan.totals]
        others = list(self._asked(batch))
        batch.reads.gets.append(MARK)
        found = self.store.read(batch.reads)
        self._check(batch, checked(self.plan, found.gets[-1]).since)
        windows = self._windows({name: own for answer in totals for name, own in answer(found).items()}, requests.height)
        frame = requests.hstack([*windows, *(series for answer in others for series in answer(found))])
        for level in self.levels:
            frame = frame.with_columns(level)
        wanted = [*requests.columns, *(feature.name for feature in self.features.features)]
        return pl.DataFrame([frame.get_column(name) for name in wanted])

    def _check(self, batch: Batch, since: int | None) -> None:
        """Raise ContractError where a request is older than what the state keeps."""
        if self.features.histories and since is not None and (batch.moments < since).any():
            first = keys.moment(int(batch.moments.min()))
            raise ContractError(
                f"a request is as of {first}, the online store answers from {keys.moment(since)} on", "fill it as of an earlier moment"
            )

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.features)

    @cached_property
    def levels(self) -> list[list[pl.Expr]]:
        """The expressions on demand, in groups of which each reads only what comes before it."""
        depth: dict[str, int] = {}
        levels: list[list[pl.Expr]] = []
        for feature in self.features.ordered():
            if isinstance(feature, OnDemand):
                level = max((depth.get(name, -1) + 1 for name in self.features.reads(feature)), default=0)
                depth[feature.name] = level
                if level == len(levels):
                    levels.append([])
                levels[level].append(expressions.build(feature.expression).alias(feature.name))
        return levels

    @cached_property
    def formulas(self) -> dict[str, pl.Expr]:
        """Each way in which windows are finished, once, over columns n, total and squares."""
        kinds = {_formula(window): window for listed in self.plan.totals for window in listed.windows}
        columns = (pl.col("n"), pl.col("total"), pl.col("squares"))
        return {name: arithmetic.value(window.statistic, window.places, *columns).alias(name) for name, window in kinds.items()}

    def _windows(self, differences: dict[str, Differences], rows: int) -> list[pl.Series]:
        """The value of every window: their differences under each other, every formula over all, and of each what is its own."""
        if not differences:
            return []
        none = np.zeros(rows, dtype=np.int64)
        stacked = [[own[i] if i < len(own) else none for own in differences.values()] for i in range(2)]
        frame = pl.DataFrame({"n": np.concatenate(stacked[0]), "total": np.concatenate(stacked[1])})
        if any(len(own) > 2 for own in differences.values()):
            squares = [square for own in differences.values() for square in (own[2] if len(own) > 2 else [0] * rows)]
            frame = frame.with_columns(pl.Series("squares", squares, dtype=pl.Int128))
        values = frame.select(self.formulas.values())
        places = {name: i * rows for i, name in enumerate(differences)}
        windows = [window for listed in self.plan.totals for window in listed.windows]
        return [values.get_column(_formula(window)).slice(places[window.name], rows).alias(window.name) for window in windows]

    @cached_property
    def lookups(self) -> list[list[Lookup]]:
        """Lookups that share a reference and a key."""
        groups: dict[tuple[str, Keys], list[Lookup]] = {}
        for feature in self.plan.lookups:
            groups.setdefault((feature.reference, feature.keys), []).append(feature)
        return list(groups.values())

    def _asked(self, batch: Batch) -> Iterator[Answer]:
        for rows in self.plan.rows:
            lateness = self.features.histories[rows.history].lateness
            for feature in rows.features:
                if isinstance(feature, Latest):
                    yield readers.latest(batch, rows, feature, lateness)
                else:
                    yield readers.extreme(batch, rows, feature)
        for group in self.lookups:
            name = group[0].reference
            yield readers.lookups(batch, group, self.plan.references[name], self.features.references[name])


def _formula(window: Window) -> str:
    return f"{window.statistic}:{window.places}"
