"""The offline executor: every feature of every request, point in time and strict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from interlock.features import expressions, windows
from interlock.features.asof import per_entity, strictly_before
from interlock.features.featureset import AnyFeature, FeatureSet, Latest, Look, Lookup, OnDemand, Window
from interlock.features.histories import ID, SEEN, TIME, history, looked_up

RANGED = {"min", "max"}


def compute(features: FeatureSet, requests: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """The features of `requests`, in their order: the columns of the requests, then every feature, private ones too.

    `tables` holds the valid rows of each source and reference by name. Raises ContractError where a row breaks what its
    history declares.
    """
    frame = _look_up(features, requests, tables)
    for name in features.histories:
        rows = history(features, name, tables)
        for group in _groups(features, name):
            frame = frame.hstack(_look_back(group, requests, features.request.as_of or "", rows))
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


def _groups(features: FeatureSet, name: str) -> list[list[Latest] | list[Window]]:
    """The features over one history that share a pass over its rows: the same keys, the same moment, the same way to read."""
    groups: dict[object, list[AnyFeature]] = defaultdict(list)
    for feature in features.features:
        if isinstance(feature, Latest) and feature.history == name:
            groups["latest", feature.keys, feature.ago, expressions.digest(feature.where)].append(feature)
        elif isinstance(feature, Window) and feature.history == name:
            groups[feature.statistic in RANGED, feature.keys, feature.ago].append(feature)
    return list(groups.values())  # type: ignore[arg-type] # each group holds one kind, by its key


def _look_back(group: Sequence[Latest] | Sequence[Window], requests: pl.DataFrame, as_of: str, rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.filter(*(pl.col(column).is_not_null() for column, _ in group[0].keys))
    if isinstance(group[0], Latest):
        return _latest([item for item in group if isinstance(item, Latest)], requests, as_of, rows)
    read = windows.ranges if group[0].statistic in RANGED else windows.totals
    return read([item for item in group if isinstance(item, Window)], requests, as_of, rows)


def _latest(group: Sequence[Latest], requests: pl.DataFrame, as_of: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The greatest (event time, id) among the rows seen before: a running maximum of that rank, in the order of being seen."""
    first, keys = group[0], [column for column, _ in group[0].keys]
    at = pl.col(as_of) - pl.duration(microseconds=first.ago)
    if first.where is not None:
        rows = rows.filter(expressions.build(first.where))
    ranked = rows.sort(TIME, ID).with_row_index("__rank")
    best = ranked.sort(SEEN, "__rank").select(*keys, SEEN, per_entity(pl.col("__rank").cum_max(), first.keys))
    chosen = strictly_before(requests, at, best, SEEN, first.keys)["__rank"]
    values = ranked.select(TIME, *(expressions.build(item.value).alias(item.name) for item in group))[chosen].hstack(
        requests.select(at.alias("__at"))
    )
    return values.select(_fresh(item) for item in group)


def _fresh(feature: Latest) -> pl.Expr:
    value = pl.col(feature.name)
    if feature.max_age is None:
        return value
    return pl.when(pl.col("__at") - pl.col(TIME) <= pl.duration(microseconds=feature.max_age)).then(value)
