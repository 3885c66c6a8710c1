"""Payloads taken out of the logs: those that hold an entity, and those that are older than they may be."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.errors import ConfigError
from interlock.features import eventlog
from interlock.features.eventlog import EventLog, Verdict
from interlock.features.featureset import AnyFeature, FeatureSet, Keys, Latest, Lookup, OnDemand, Window

Columns = Mapping[str, Collection[str]]


class _Parts(msgspec.Struct):
    time: int
    request: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True)
class Entity:
    """The values of one or more columns: a row is of it that has one of the values in each."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Entity":
        """That of texts as `customer_id=c17`; raises ConfigError where one is none."""
        values: dict[str, tuple[str, ...]] = {}
        for text in texts:
            column, equals, value = text.partition("=")
            if not (equals and column):
                raise ConfigError(f"{text!r} names no entity", "write it as column=value, such as customer_id=c17")
            values[column] = (*values.get(column, ()), value)
        return cls(values)

    def has(self, row: Mapping[str, Any], columns: Columns | None = None) -> bool:
        """Whether a row, as JSON has it, is of the entity; `columns` are the names that its columns have there."""
        named = {column: (columns or {}).get(column, (column,)) for column in self.values}
        return all(any(_text(row.get(name)) in self.values[column] for name in named[column]) for column in self.values)

    def rows(self, found: Collection[str], columns: Columns | None = None) -> pl.Expr | None:
        """True for the rows of it in a frame that has the columns `found`; None where it has not all of them."""
        every = []
        for column, values in self.values.items():
            there = [name for name in (columns or {}).get(column, (column,)) if name in found]
            if not there:
                return None
            every.append(pl.any_horizontal(pl.col(name).cast(pl.String).is_in(values) for name in there))
        return pl.all_horizontal(every)


def names(features: FeatureSet, entity: Entity) -> dict[str, dict[str, set[str]]]:
    """By table that has all columns of an entity: what each is called there, by itself or as the key that features join by."""
    found: dict[str, dict[str, set[str]]] = {}
    for table in features.tables:
        there = {*features.contracts.get(table, {}).get("properties", {}), *features.reads_of(table)}
        called = {column: {*({column} & there), *_joined(features, table, column)} for column in entity.values}
        if all(called.values()):
            found[table] = called
    return found


def reached(features: FeatureSet, tables: Collection[str]) -> list[str]:
    """The public features that rows of some tables have a part in, those that read others included."""
    made: set[str] = set()
    for feature in features.ordered():
        if _table(features, feature) in tables or (isinstance(feature, OnDemand) and features.reads(feature) & made):
            made.add(feature.name)
    return [feature.name for feature in features.public if feature.name in made]


def in_predictions(log: Path, entity: Entity) -> list[int]:
    """The positions of predictions whose request, or a feature, is of the entity."""
    return [position for position, made in _predictions(log) if entity.has({**made.values, **made.request})]


def before(log: Path, time: int) -> list[int]:
    """The positions of predictions that were made before a moment, in microseconds."""
    return [position for position, made in _predictions(log) if made.time < time]


def in_events(log: Path, entity: Entity, called: Mapping[str, Columns]) -> list[int]:
    """The positions of events that are of the entity; `called` says by table what its columns are called there."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    return [
        record.position
        for record in eventlog.read(log)
        if not record.erased and entity.has(decode(record.payload), called.get(record.table))
    ]


def erase(log: Path, positions: Collection[int]) -> Verdict:
    """Take the payloads at `positions` out for good; returns whether the log then holds, record by record."""
    if positions:
        opened = EventLog(log)
        try:
            opened.erase(positions)
        finally:
            opened.close()
    return eventlog.verify(log)


def _predictions(log: Path) -> Iterable[tuple[int, _Parts]]:
    decode = msgspec.json.Decoder(_Parts).decode
    return ((record.position, decode(record.payload)) for record in eventlog.read(log) if not record.erased)


def _joined(features: FeatureSet, table: str, column: str) -> set[str]:
    """The columns of a table that features join by the request's `column`."""
    found: set[str | None] = set()
    for feature in features.features:
        keys: Keys = () if isinstance(feature, OnDemand) else feature.keys
        if _table(features, feature) == table:
            own = {theirs for theirs, ours in keys if ours == column}
            found |= own if isinstance(feature, Lookup) else {_plain(features, feature, theirs) for theirs in own}
    return {name for name in found if name is not None}


def _plain(features: FeatureSet, feature: AnyFeature, theirs: str) -> str | None:
    """The column of the source that a column of the feature's history is, None where it is made from several."""
    assert isinstance(feature, Latest | Window)
    match features.histories[feature.history].columns.get(theirs):
        case ["col", str(name)]:
            return name
    return None


def _table(features: FeatureSet, feature: AnyFeature) -> str | None:
    match feature:
        case Lookup():
            return feature.reference
        case Latest() | Window():
            return features.histories[feature.history].source
    return None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
