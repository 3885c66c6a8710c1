"""The offline executor: every feature of every request, point in time and strict."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import polars as pl

from interlock.features import expressions, windows
from interlock.features.asof import Joined, Past, micros
from interlock.features.featureset import AnyFeature, FeatureSet, Keys, Latest, Look, Lookup, OnDemand, Window
from interlock.features.histories import ID, SEEN, TIME, history, looked_up

Group: TypeAlias = Sequence[Latest] | Sequence[Window]


def compute(
    features: FeatureSet,
    requests: pl.DataFrame,
    tables: Mapping[str, pl.LazyFrame],
    histories: Mapping[str, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """The features of `requests`, in their order: the columns of the requests, then every feature, private ones too.

    `tables` holds the valid rows of each source and reference by name; `histories` saves deriving them from `tables`.
    Raises ContractError where a row breaks what its history declares.
    """
    frame = _look_up(features, requests, tables)
    for name in features.histories:
        passes = _passes(features, name)
        made = history(features, name, tables) if histories is None else histories[name]
        rows = made.select(ID, TIME, SEEN, *_read(passes)).rechunk()
        frame = frame.hstack(_look_back(Past(rows, micros(requests[features.request.as_of or ""])), requests, passes))
    for feature in features.ordered():
        if isinstance(feature, OnDemand):
            frame = frame.with_columns(expressions.build(feature.expression).alias(feature.name))
    return frame.select(*requests.columns, *(feature.name for feature in features.features))


def _look_up(features: FeatureSet, requests: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    frame = requests.lazy()
    for feature in features.features:
        if isinstance(feature, Lookup):
            look = Look(feature.reference, feature.column, feature.keys)
            frame = looked_up(frame, feature.name, look, features.references[feature.reference], tables[feature.reference])
    return frame.collect()


def _passes(features: FeatureSet, name: str) -> dict[Keys, list[Group]]:
    """The features over one history by their keys, in groups that share a pass over the rows."""
    passes: dict[Keys, dict[object, list[AnyFeature]]] = defaultdict(lambda: defaultdict(list))
    for feature in features.features:
        if isinstance(feature, Latest) and feature.history == name:
            passes[feature.keys]["latest", feature.ago, expressions.digest(feature.where)].append(feature)
        elif isinstance(feature, Window) and feature.history == name:
            passes[feature.keys][feature.name if feature.statistic in windows.BEST else "totals"].append(feature)
    return {keys: list(groups.values()) for keys, groups in passes.items()}  # type: ignore[arg-type] # each group holds one kind, by its key


def _read(passes: Mapping[Keys, list[Group]]) -> set[str]:
    """The columns of a history that keys, filters, measures and values read."""
    looking = [feature for groups in passes.values() for group in groups for feature in group]
    nodes = [node for feature in looking for node in (feature.where, feature.value if isinstance(feature, Latest) else feature.measure)]
    return {theirs for keys in passes for theirs, _ in keys}.union(*(expressions.columns(node) for node in nodes if node is not None))


def _look_back(past: Past, requests: pl.DataFrame, passes: Mapping[Keys, list[Group]]) -> list[pl.Series]:
    """Every feature over one history: keys have nothing to do with each other, so a thread takes one at a time."""

    def by(keys: Keys) -> list[pl.Series]:
        joined = Joined.by(keys, past, requests)
        return [column for group in passes[keys] for column in _found(group, joined)]

    with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
        return [column for found in threads.map(by, passes) for column in found]


def _found(group: Group, joined: Joined) -> Iterable[pl.Series]:
    if isinstance(group[0], Latest):
        return _latest([item for item in group if isinstance(item, Latest)], joined)
    found = [item for item in group if isinstance(item, Window)]
    windows.refuse_inexact(found, joined.past.rows)
    return [windows.extreme(found[0], joined)] if found[0].statistic in windows.BEST else windows.totals(found, joined)


def _latest(group: Sequence[Latest], joined: Joined) -> pl.DataFrame:
    """The values in the row with the greatest (event time, id) of those seen before."""
    first, past = group[0], joined.past
    own = joined if first.where is None else joined.where(expressions.build(first.where))
    rows = past.rows.select(TIME, *(expressions.build(item.value).alias(item.name) for item in group))
    values = rows.select(pl.all().gather(own.last(first.ago)))
    age = pl.Series(past.moments - first.ago) - values[TIME].dt.timestamp("us")
    return values.select(pl.when(age <= item.max_age).then(item.name) if item.max_age is not None else item.name for item in group)
