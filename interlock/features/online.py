"""The online executor: the features of a micro-batch of requests, from an online store.

It reads what it needs in one batch, subtracts totals, and evaluates the very expressions of the offline executor, eagerly.
It works from exported declarations: neither Pandera nor the use case's Python is imported.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ContractError
from interlock.features import arithmetic, expectations, expressions, keys, readers
from interlock.features.ends import Ends, Words
from interlock.features.featureset import FeatureSet, Keys, Latest, Lookup, OnDemand, Window
from interlock.features.plan import Plan, Rows
from interlock.features.readers import Answer, Batch, Column
from interlock.features.state import MARK, checked
from interlock.features.stores.store import Reader

AS_WRITTEN = pl.QueryOptFlags.none(simplify_expression=True)  # as an eager call does; looking for more takes longer than a few rows do


@dataclass(frozen=True)
class Online:
    """Features of requests from a store that holds the state of `features`."""

    features: FeatureSet
    store: Reader

    def matrix(self, requests: pl.DataFrame) -> pl.DataFrame:
        """The features of `requests`, row by row: the columns of the requests, then every feature, private ones too, by name.

        Raises ContractError where the requests lack a column or a moment, or ask about a time before the state's, ArtifactError
        where the store holds no state of this feature set.
        """
        request, given = self.features.request, requests.columns
        if missing := [name for name in request.types if name not in given]:
            raise ContractError(f"the requests have no column {missing[0]}", f"a request has: {', '.join(request.types)}")
        batch = Batch(requests, _moments(requests, request.as_of), self.plan.offsets)
        ends, others = self.ends.ask(batch), list(self._asked(batch))
        batch.reads.gets.append(MARK)
        found = self.store.read(batch.reads)
        self._check(batch, checked(self.plan, found.gets[-1]).since)
        columns = self._finished(*self.ends.answer(found, *ends, requests.height)) if self.ends.windows else []
        columns += (column for answer in others for column in answer(found))
        frame = pl.concat([requests, readers.frame(columns)], how="horizontal") if columns else requests
        query = frame.lazy()
        for level in self.levels:
            query = query.with_columns_seq(level)
        return query.collect(engine="in-memory", optimizations=AS_WRITTEN)

    def answers(self, requests: pl.DataFrame) -> "Answers":
        """What `matrix` says, held against what its features are expected to be."""
        values = self.matrix(requests)
        found = expectations.broken(self.features, values)
        return Answers(values, expectations.refusals(self.features, found), expectations.warnings(self.features, found))

    def _check(self, batch: Batch, since: int | None) -> None:
        """Raise ContractError where a request is older than what the state keeps."""
        if self.features.histories and since is not None and batch.moments and (first := min(batch.moments)) < since:
            raise ContractError(
                f"a request is as of {keys.moment(first)}, the online store answers from {keys.moment(since)} on",
                "fill it as of an earlier moment",
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
    def ends(self) -> Ends:
        return Ends(self.plan)

    def _finished(self, n: Words, total: Words, squares: NDArray[Any]) -> list[Column]:
        """The value of every window from what its totals differ by."""
        found: list[Column] = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for by, run, unit in self.ends.alike:
                made = _known(*arithmetic.value(arithmetic.ARRAYS, by, unit, n[run], total[run], squares[run]))
                found += [(window.name, window.dtype, values) for window, values in zip(self.ends.windows[run], made, strict=True)]
        return found

    @cached_property
    def groups(self) -> list[tuple[Rows, list[Latest]]]:
        """Features of the last row that move the moment back alike, by the list that they read."""
        found: dict[tuple[int, int], tuple[Rows, list[Latest]]] = {}
        for rows in self.plan.rows:
            for feature in rows.features:
                if isinstance(feature, Latest):
                    found.setdefault((rows.number, feature.ago), (rows, []))[1].append(feature)
        return list(found.values())

    @cached_property
    def lookups(self) -> list[list[Lookup]]:
        """Lookups that share a reference and a key."""
        groups: dict[tuple[str, Keys], list[Lookup]] = {}
        for feature in self.plan.lookups:
            groups.setdefault((feature.reference, feature.keys), []).append(feature)
        return list(groups.values())

    def _asked(self, batch: Batch) -> Iterator[Answer]:
        for rows, alike in self.groups:
            yield readers.latest(batch, rows, alike, self.features.histories[rows.history].lateness)
        for rows in self.plan.rows:
            yield from (readers.extreme(batch, rows, feature) for feature in rows.features if isinstance(feature, Window))
        for group in self.lookups:
            name = group[0].reference
            yield readers.lookups(batch, group, self.plan.references[name], self.features.references[name])


@dataclass(frozen=True)
class Answers:
    """The features of a micro-batch; by row why it has no answer, and how many values of a feature are not as expected."""

    values: pl.DataFrame
    refused: dict[int, ContractError]
    unexpected: Counter[str]


def _moments(requests: pl.DataFrame, as_of: str | None) -> list[int]:
    """The moment of each request in microseconds; raises ContractError where one has none."""
    if as_of is None:
        return [0] * requests.height
    given = requests.get_column(as_of)
    if given.has_nulls():
        raise ContractError(
            f"the request in row {given.is_null().arg_max()} has no {as_of}", "say as of which moment its features are asked"
        )
    moments: list[int] = given.cast(pl.Int64).to_list()
    return moments


def _known(known: NDArray[Any] | None, values: NDArray[Any]) -> list[list[Any]]:
    """The values by window and request, None where they are not known."""
    found: list[list[Any]] = values.tolist()
    if known is None or known.all():
        return found
    pairs = zip(found, known.tolist(), strict=True)
    return [[value if known else None for value, known in zip(*pair, strict=True)] for pair in pairs]
