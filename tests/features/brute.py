"""Every feature of a request by looking at every raw row, in whole numbers, fractions and datetimes: the oracle of the executors.

Of the library it reads the declared data alone. A row counts at t where its event time lies in [t − W, t) and it was
available, at max(event time, available_at), strictly before t; a null `available_at` is never available, a null key
belongs to no entity, and `ago` moves t itself. `latest` is the visible row with the greatest (event time, id), null where
it is older than `max_age`. Nulls of a measure are skipped, a filter that is null does not hold; of nothing there is the count 0.

Sums, means and shares are the float nearest to the exact fraction. A standard deviation is, as the library defines it, the
root of the quotient of (n·Σx² − (Σx)²) and n·(n − 1) over measures in units of their last place, both turned into floats
once, divided by 10^places: each of the three steps is correctly rounded. To `min` and `max` a zero has no sign, and NaN is null.
"""

import math
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from interlock.features.featureset import FeatureSet, History, Keys, Latest, Lookup, OnDemand, Window
from tests.features import interpreter

Row = dict[str, Any]
Tables = dict[str, list[Row]]
ID, TIME, SEEN = "brute id", "brute time", "brute seen"


def features(declared: FeatureSet, requests: Sequence[Row], tables: Tables) -> list[Row]:
    """Name and value of every feature of each request."""
    world = World(declared, tables)
    return [world.values(request) for request in requests]


def same(found: Any, expected: Any) -> bool:
    """Equal to the last bit, a null being equal to a null alone."""
    if isinstance(found, float) and isinstance(expected, float):
        return struct.pack("d", found) == struct.pack("d", expected)
    return type(found) is type(expected) and bool(found == expected)


class World:
    """The declarations and the raw rows they are read from."""

    def __init__(self, declared: FeatureSet, tables: Tables) -> None:
        self.declared, self.tables = declared, tables
        self.references: dict[tuple[str, Keys], dict[Any, Row]] = {}
        self.rows = {name: self.history(history) for name, history in declared.histories.items()}
        self.entities: dict[tuple[str, Keys], dict[Any, list[Row]]] = {}

    def values(self, request: Row) -> Row:
        """Every feature of `request`."""
        asked = Asked(self, request)
        return {feature.name: asked[feature.name] for feature in self.declared.features}

    def value(self, feature: Any, request: Row) -> Any:
        match feature:
            case OnDemand():
                return interpreter.value(feature.expression, request)
            case Lookup():
                return self.looked_up(feature.reference, feature.column, feature.keys, request)
            case Latest():
                return self.latest(feature, request)
            case Window():
                return self.window(feature, request)

    def looked_up(self, reference: str, column: str, keys: Keys, asking: Row) -> Any:
        if (reference, keys) not in self.references:
            rows = self.tables[reference]
            self.references[reference, keys] = {tuple(row[theirs] for theirs, _ in keys): row for row in rows}
        wanted = tuple(asking[ours] for _, ours in keys)
        found = self.references[reference, keys].get(wanted)
        return None if found is None or None in wanted else found[column]

    def history(self, history: History) -> list[Row]:
        """Its rows, each derived on its own from one raw row."""
        made = []
        for raw in self.tables[history.source]:
            row = {column: raw[column] for column in history.reads}
            for name, look in history.lookups.items():
                row[name] = self.looked_up(look.reference, look.column, look.keys, row)
            if history.where is not None and interpreter.value(history.where, row) is not True:
                continue
            for name, node in history.let.items():
                row[name] = interpreter.value(node, row)
            identity, time = interpreter.value(history.id, row), interpreter.absolute(interpreter.value(history.time, row))
            available = time if history.available is None else interpreter.absolute(interpreter.value(history.available, row))
            if time is not None and available is not None:
                columns = {name: interpreter.value(node, row) for name, node in history.columns.items()}
                made.append({**columns, ID: identity, TIME: time, SEEN: max(time, available)})
        return made

    def visible(self, feature: Latest | Window, request: Row) -> tuple[datetime, list[Row]]:
        """The moment that the feature looks back from, and its entity's rows that were available before it and pass its filter."""
        moment = interpreter.absolute(request[self.declared.request.as_of or ""]) - timedelta(microseconds=feature.ago)
        rows = self.entity(feature, request)
        passing = [row for row in rows if feature.where is None or interpreter.value(feature.where, row) is True]
        return moment, [row for row in passing if row[SEEN] < moment]

    def entity(self, feature: Latest | Window, request: Row) -> list[Row]:
        place = feature.history, feature.keys
        if place not in self.entities:
            self.entities[place] = defaultdict(list)
            for row in self.rows[feature.history]:
                self.entities[place][tuple(row[theirs] for theirs, _ in feature.keys)].append(row)
        key = tuple(request[ours] for _, ours in feature.keys)
        return [] if None in key else self.entities[place].get(key, [])

    def latest(self, feature: Latest, request: Row) -> Any:
        moment, rows = self.visible(feature, request)
        if not rows:
            return None
        last = max(rows, key=lambda row: (row[TIME], row[ID]))
        stale = feature.max_age is not None and moment - last[TIME] > timedelta(microseconds=feature.max_age)
        return None if stale else interpreter.value(feature.value, last)

    def window(self, feature: Window, request: Row) -> Any:
        moment, rows = self.visible(feature, request)
        inside = [row for row in rows if moment - timedelta(microseconds=feature.width) <= row[TIME] < moment]
        if feature.measure is None:
            return len(inside)
        measures = [interpreter.value(feature.measure, row) for row in inside]
        known = [measure for measure in measures if not (measure is None or (isinstance(measure, float) and math.isnan(measure)))]
        return STATISTICS[feature.statistic](known, feature) if known else None


class Asked(dict[str, Any]):
    """A request, and its features as they are asked for."""

    def __init__(self, world: World, request: Row) -> None:
        super().__init__(request)
        self.world = world

    def __missing__(self, name: str) -> Any:
        self[name] = self.world.value(self.world.declared.by_name[name], self)
        return self[name]


def exact(measure: Any) -> Fraction:
    """A measure as it is written: 0.29 is 29 hundredths."""
    return Fraction(Decimal(repr(measure))) if isinstance(measure, float) else Fraction(measure)


def total(known: list[Any], feature: Window) -> int | float:
    found = sum(map(exact, known))
    return float(found) if feature.places else int(found)


def mean(known: list[Any], _: Window) -> float:
    return float(sum(map(exact, known)) / len(known))


def std(known: list[Any], feature: Window) -> float | None:
    n, unit = len(known), 10**feature.places
    units = [int(exact(measure) * unit) for measure in known]
    if n < 2:
        return None
    spread = float(n * sum(x * x for x in units) - sum(units) ** 2) / float(n * (n - 1))
    return math.sqrt(spread) / float(unit)


def unsigned(extreme: Any) -> Any:
    return extreme + 0.0 if isinstance(extreme, float) else extreme


STATISTICS: dict[str, Callable[[list[Any], Window], Any]] = {
    "sum": total,
    "mean": mean,
    "share": mean,
    "std": std,
    "min": lambda known, _: unsigned(min(known)),
    "max": lambda known, _: unsigned(max(known)),
}
