"""Payloads taken out of the logs: those that hold an entity, and those that are older than they may be."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from interlock.contracts.kinds import Kind, kind
from interlock.errors import ConfigError
from interlock.features import door, eventlog
from interlock.features.eventlog import EventLog, Verdict
from interlock.features.featureset import AnyFeature, FeatureSet, Keys, Latest, Lookup, OnDemand, Window
from interlock.serving.entity import Columns, Entity


class _Parts(msgspec.Struct):
    time: int
    request: dict[str, Any]
    values: dict[str, Any]


def asked(features: FeatureSet) -> dict[str, Kind]:
    """The kinds of what a prediction holds: every public feature and the fields of its request."""
    types = {feature.name: feature.dtype for feature in features.public} | features.request.types
    return {name: kind(text) for name, text in types.items()}


def checked(features: FeatureSet, entity: Entity, called: Mapping[str, Columns]) -> None:
    """Raise ConfigError where a value is of none of the types that its column has: it would be found nowhere."""
    places = [entity.unread(asked(features))] if {*entity.values} <= asked(features).keys() else []
    places += [entity.unread(door.checker(features, table).kinds, names) for table, names in called.items()]
    for (column, text), words in (places[0] if places else {}).items():
        if all((column, text) in place for place in places):
            raise ConfigError(f"{column}={text}: expected is {words}", "write it as requests in JSON do")


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


def in_predictions(log: Path, entity: Entity, features: FeatureSet) -> list[int]:
    """The positions of predictions whose request, or a feature, is of the entity."""
    sought = entity.sought(asked(features))
    return [position for position, made in _predictions(log) if sought.has({**made.values, **made.request})]


def before(log: Path, time: int) -> list[int]:
    """The positions of predictions that were made before a moment, in microseconds."""
    return [position for position, made in _predictions(log) if made.time < time]


def in_events(log: Path, entity: Entity, called: Mapping[str, Columns], features: FeatureSet) -> list[int]:
    """The positions of events that are of the entity; `called` says by table what its columns are called there."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    sought = {table: entity.sought(door.checker(features, table).kinds, names) for table, names in called.items()}
    other = entity.sought({})
    return [
        record.position
        for record in eventlog.read(log)
        if not record.erased and sought.get(record.table, other).has(decode(record.payload))
    ]


@contextmanager
def writers(logs: Iterable[Path]) -> Iterator[list[EventLog]]:
    """The one writer of each log: until they are closed nothing comes in between looking and erasing."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(EventLog(log))) for log in logs]


def erase(log: EventLog, positions: Collection[int]) -> Verdict:
    """Take the payloads at `positions` out for good; returns whether the log then holds, record by record."""
    if positions:
        log.erase(positions)
    return eventlog.verify(log.folder)


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
