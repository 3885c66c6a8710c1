"""The rows behind each feature of one request: the executor itself is asked which it counts, and what they alone give."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import polars as pl

from interlock.dtypes import dtype_text
from interlock.features import counted, expressions, offline, payloads
from interlock.features.featureset import AnyFeature, FeatureSet, History, Latest, Lookup, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.frames import ROW
from interlock.lineage.known import POSITION, Known

SLACK = 2


@dataclass(frozen=True)
class Behind:
    """What lies behind the features of one request, a frame of one row."""

    known: Known
    request: pl.DataFrame

    @cached_property
    def features(self) -> FeatureSet:
        return self.known.features

    @cached_property
    def moment(self) -> int:
        """When it was asked, in microseconds; 0 where time plays no part."""
        as_of = self.features.request.as_of
        return int(self.request[as_of].to_physical()[0]) if as_of else 0

    @cached_property
    def near(self) -> dict[str, pl.DataFrame]:
        """By history, the rows that may count: of a stretch around every window, in which the executor finds its bounds."""
        found = {}
        for name in self.features.histories:
            backs = [_reach(each) for each in self._looking(name)]
            since = None if None in backs else self.moment - SLACK * max((back for back in backs if back is not None), default=0)
            found[name] = self.known.history(name, since, self.moment)
        return found

    @cached_property
    def counted(self) -> dict[str, pl.DataFrame]:
        """By feature that looks back, the rows that it counted: ROW, POSITION, ID, TIME, SEEN and the columns of the history."""
        looking = [feature for name in self.features.histories for feature in self._looking(name)]
        return {each.name: counted.offline_rows(self.features, each, self.near[each.history], self.request) for each in looking}

    @cached_property
    def values(self) -> pl.DataFrame:
        """Every feature, private ones too, from nothing but the rows that were counted."""
        tables, over = {name: self.known.reference(name) for name in self.features.references}, {}
        for name, declared in self.features.histories.items():
            ids = [self.counted[each.name][ID] for each in self._looking(name)]
            mine = self.near[name].filter(pl.col(ID).is_in(pl.concat(ids).implode()) if ids else pl.lit(False)).drop(ROW, POSITION)
            tables[name], over[name] = mine.lazy(), plain(name, mine, declared.lateness)
        alone = FeatureSet(self.features.request, self.features.references, over, self.features.features)
        return offline.compute(alone, self.request, tables).select(feature.name for feature in self.features.features)

    def agrees(self, feature: Latest | Window, recorded: Any) -> bool:
        """Whether the rows that a feature counted, and they alone, give what was recorded."""
        rows = self.counted[feature.name].drop(ROW, POSITION)
        over = {feature.history: plain(feature.history, rows, self.features.histories[feature.history].lateness)}
        made = offline.compute(FeatureSet(self.features.request, {}, over, (feature,)), self.request, {feature.history: rows.lazy()})
        return same(made[feature.name], recorded)

    def looked_up(self, feature: Lookup) -> pl.DataFrame:
        """The row of its reference that a lookup read, whole; none where its key is null or unseen."""
        asked = self.request.hstack(self.values.select(pl.exclude(self.request.columns)))
        keys = [pl.col(theirs) == pl.lit(asked[ours][0], asked.schema[ours]) for theirs, ours in feature.keys]
        return self.known.reference(feature.reference).filter(*keys).collect()

    def _looking(self, name: str) -> list[Latest | Window]:
        """The features over a history."""
        return [each for each in self.features.features if isinstance(each, Latest | Window) and each.history == name]


def read(feature: Latest | Window) -> list[str]:
    """The columns of its history that a feature reads."""
    nodes = [feature.where, feature.value if isinstance(feature, Latest) else feature.measure]
    return sorted({theirs for theirs, _ in feature.keys}.union(*(expressions.columns(node) for node in nodes if node is not None)))


def plain(name: str, rows: pl.DataFrame, lateness: int) -> History:
    """A history that is `rows` as they stand."""
    types = {column: dtype_text(dtype) for column, dtype in rows.schema.items() if column not in {ID, TIME, SEEN}}
    known = {column: dtype_text(rows.schema[column]) for column in (ID, TIME, SEEN)}
    columns: Mapping[str, Any] = {column: ["col", column] for column in types}
    return History(name, {**known, **types}, ["col", ID], ["col", TIME], dict(columns), types, available=["col", SEEN], lateness=lateness)


def same(made: pl.Series, recorded: Any) -> bool:
    """Whether a column of one value would be recorded as it was: to the bit."""
    column = made.alias("value").to_frame()
    now = msgspec.json.decode(payloads.encoded(column)[0])["value"]
    return msgspec.json.encode(now) == msgspec.json.encode(recorded)


def _reach(feature: AnyFeature) -> int | None:
    """How far before a request a feature looks, in microseconds; None where however far."""
    if isinstance(feature, Window):
        return feature.ago + feature.width
    if isinstance(feature, Latest) and feature.max_age is not None:
        return feature.ago + feature.max_age
    return None
