"""The one as-of join of the project: how many rows of a request's entity lie strictly before a moment.

Entities are numbers here, and so is the place of a row among all rows by time. Both together are one number a row; sorted,
they let a request find its place by search. The rows of an entity lie together in that order, so running totals need no
grouping: in the difference of two of them the entities before cancel out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.features.featureset import Keys
from interlock.features.histories import ID, SEEN, TIME

Numbers: TypeAlias = NDArray[np.int64]
ENTITY, NOBODY = "__entity", -1
NO_ROW = -(1 << 62)


@dataclass(frozen=True)
class Timeline:
    """A time of every row of a history, and the moments of requests."""

    times: Numbers  # ascending
    rows: Numbers  # which row each is of
    moments: Numbers
    found: dict[int, Numbers] = field(default_factory=dict)

    def before(self, back: int) -> Numbers:
        """For each request how many times lie before its moment less `back` microseconds."""
        if back not in self.found:
            self.found[back] = np.searchsorted(self.times, self.moments - back)
        return self.found[back]


@dataclass(frozen=True)
class Order:
    """The rows of entities in the order of entity, then time."""

    line: Timeline
    keys: Numbers  # entity and place in `line`, ascending
    asked: Numbers  # the entity of each request

    @cached_property
    def rows(self) -> Numbers:
        """Which row lies at each place."""
        return self.line.rows[self.keys % self._many]

    def before(self, back: int) -> Numbers:
        """For each request how many rows lie before its entity's first one at or after its moment less `back` microseconds."""
        wanted, found = self.asked * self._many + self.line.before(back), np.empty(len(self.asked), np.int64)
        found[self._nearby] = np.searchsorted(self.keys, wanted[self._nearby])
        return found

    @cached_property
    def _nearby(self) -> Numbers:
        """Requests in an order in which what they look for lies close together, which is kind to the cache."""
        return np.argsort(self.asked * self._many + self.line.before(0))

    @property
    def _many(self) -> int:
        return len(self.line.times) + 1


@dataclass(frozen=True)
class Past:
    """The rows of a history, and the moments from which requests look back at them."""

    rows: pl.DataFrame
    moments: Numbers

    @cached_property
    def happened(self) -> Timeline:
        return self._line(TIME)

    @cached_property
    def seen(self) -> Timeline:
        return self._line(SEEN) if self.lateness else self.happened

    @cached_property
    def ranked(self) -> Numbers:
        """Which rows these are in the order of (event time, id)."""
        return self.rows.select(pl.arg_sort_by(TIME, ID)).to_series().to_numpy().astype(np.int64)

    @cached_property
    def lateness(self) -> int:
        """The longest time, in microseconds, after which a row was seen."""
        return int((micros(self.rows[SEEN]) - micros(self.rows[TIME])).max(initial=0))

    def _line(self, column: str) -> Timeline:
        times = micros(self.rows[column])
        order = np.argsort(times)
        return Timeline(times[order], order, self.moments)


@dataclass(frozen=True)
class Joined:
    """A history with the entity of each of its rows and of each request, as numbers.

    A null key belongs to nobody, and nobody asks for such rows, nor for those whose entity no request has.
    """

    past: Past
    entities: Numbers
    asked: Numbers

    @classmethod
    def by(cls, keys: Keys, past: Past, requests: pl.DataFrame) -> "Joined":
        if not keys:
            return cls(past, np.zeros(past.rows.height, np.int64), np.zeros(requests.height, np.int64))
        theirs = [column for column, _ in keys]
        wanted = requests.select(pl.col(ours).alias(column) for column, ours in keys)
        entities = wanted.unique().drop_nulls().with_row_index(ENTITY)
        return cls(past, _numbers(past.rows, entities, theirs), _numbers(wanted, entities, theirs))

    def where(self, kept: pl.Expr) -> "Joined":
        """The same, but for the rows for which `kept` is not true."""
        keep = self.past.rows.select(TIME, kept=kept.fill_null(False))["kept"].to_numpy()
        return replace(self, entities=np.where(keep, self.entities, NOBODY))

    @cached_property
    def by_time(self) -> Order:
        return self._order(self.past.happened)

    @cached_property
    def by_seen(self) -> Order:
        return self.by_time if self.past.seen is self.past.happened else self._order(self.past.seen)

    def _order(self, line: Timeline) -> Order:
        entities = self.entities[line.rows]
        keys = entities * (len(entities) + 1) + np.arange(len(entities))
        return Order(line, np.sort(keys[entities != NOBODY]), self.asked)

    def last(self, back: int) -> pl.Series:
        """For each request the row of its entity with the greatest (event time, id) that had been seen before its moment less `back`."""
        order, ranked, many = self.by_seen, self.past.ranked, len(self.entities) + 1
        ranks = np.empty(len(ranked), np.int64)
        ranks[ranked] = np.arange(len(ranked))
        latest = np.maximum.accumulate(self.entities[order.rows] * many + ranks[order.rows])
        found = np.concatenate([[NO_ROW], latest])[order.before(back)]
        own = found // many == self.asked
        rows = pl.Series(dtype=pl.Int64).clear(len(found))
        rows.scatter(np.flatnonzero(own), ranked[found[own] % many])
        return rows


def micros(times: pl.Series) -> Numbers:
    """Times as microseconds."""
    return times.dt.timestamp("us").to_numpy()


def per_entity(running: pl.Expr, keys: Sequence[tuple[str, str]]) -> pl.Expr:
    """`running` for each entity apart; without keys all rows belong to one."""
    return running.over([column for column, _ in keys]) if keys else running


def _numbers(frame: pl.DataFrame, entities: pl.DataFrame, columns: list[str]) -> Numbers:
    found = frame.select(columns).join(entities, on=columns, how="left", maintain_order="left")[ENTITY]
    return found.cast(pl.Int64).fill_null(NOBODY).to_numpy()
