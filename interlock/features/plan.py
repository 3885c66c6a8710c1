"""How a feature set lies in an online store: which lists there are, who reads them, and how far back.

A list holds the rows of one history by entity. `Totals` are two lists (by event time, by when a row was seen) of running
totals, from which windows subtract; `Rows` is one list of values, for the last row and for ranges. Numbers are fixed by
the order of the declarations, so a store belongs to one feature set.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import polars as pl

from interlock.dtypes import dtype_of
from interlock.features import arithmetic, expressions
from interlock.features.expressions import Node
from interlock.features.featureset import FeatureSet, Keys, Latest, Lookup, Window
from interlock.features.keys import LIST

RANGED = {"min", "max"}
META, IDS, REFERENCES, LISTS = 0, 1_000, 2_000, 10_000


@dataclass(frozen=True)
class Totals:
    """The windows over one history and key that subtract totals: lists `number` (by event time) and `number + 1` (by seen)."""

    number: int
    history: str
    keys: Keys
    windows: tuple[Window, ...]

    @cached_property
    def parts(self) -> dict[str, pl.Expr]:
        """What a row adds to each total: first those of 64 bits, then the squares of 128."""
        found = {name: part for window in self.windows for name, part in arithmetic.parts(window).items()}
        return dict(sorted(found.items(), key=lambda item: item[0].startswith("q")))

    @cached_property
    def own(self) -> dict[str, list[int]]:
        """For each window where its count, total and squares lie: among the 64-bit totals, the last among the squares."""
        return {window.name: [self._place(name) for name in arithmetic.parts(window)] for window in self.windows}

    def _place(self, name: str) -> int:
        return self.squares.index(name) if name.startswith("q") else self.counts.index(name)

    @cached_property
    def counts(self) -> list[str]:
        return [name for name in self.parts if not name.startswith("q")]

    @cached_property
    def squares(self) -> list[str]:
        return [name for name in self.parts if name.startswith("q")]

    @property
    def size(self) -> int:
        """The bytes of one entry."""
        return 8 * len(self.counts) + 16 * len(self.squares)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The distinct (ago, width) that windows ask for."""
        return sorted({(window.ago, window.width) for window in self.windows})

    @property
    def reach(self) -> int:
        """How far before a request rows are read, in microseconds."""
        return max(window.ago + window.width for window in self.windows)


@dataclass(frozen=True)
class Rows:
    """The features that read rows themselves, of one history, key and filter."""

    number: int
    history: str
    keys: Keys
    where: Node | None
    features: tuple[Latest | Window, ...]

    @cached_property
    def values(self) -> dict[str, pl.Expr]:
        """The value of a row for each feature, in the physical form in which it is stored."""
        return {feature.name: _stored(feature) for feature in self.features}

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the value of each feature stands in an entry, after when the row happened and was seen."""
        return {feature.name: 2 + i for i, feature in enumerate(self.features)}

    @property
    def reach(self) -> int | None:
        """How far before a request rows are read, in microseconds; None where the last one is read however old."""
        lengths = [_length(feature) for feature in self.features]
        return None if None in lengths else max(length for length in lengths if length is not None)


@dataclass(frozen=True)
class Plan:
    """The lists of a feature set."""

    features: FeatureSet

    @cached_property
    def totals(self) -> list[Totals]:
        windows = [feature for feature in self.features.features if isinstance(feature, Window) and feature.statistic not in RANGED]
        groups: dict[tuple[str, Keys], list[Window]] = {}
        for window in windows:
            groups.setdefault((window.history, window.keys), []).append(window)
        return [Totals(LISTS + 2 * i, name, keys, tuple(group)) for i, ((name, keys), group) in enumerate(groups.items())]

    @cached_property
    def rows(self) -> list[Rows]:
        groups: dict[tuple[str, Keys, str], list[Latest | Window]] = {}
        for feature in self.features.features:
            if isinstance(feature, Latest) or (isinstance(feature, Window) and feature.statistic in RANGED):
                groups.setdefault((feature.history, feature.keys, expressions.digest(feature.where)), []).append(feature)
        first = LISTS + 2 * len(self.totals)
        return [Rows(first + i, name, keys, group[0].where, tuple(group)) for i, ((name, keys, _), group) in enumerate(groups.items())]

    @cached_property
    def offsets(self) -> list[int]:
        """How far before a request, in microseconds, its reads begin and end."""
        found = {each for listed in self.totals for ago, width in listed.spans for each in (ago, ago + width)}
        for rows in self.rows:
            lateness = self.features.histories[rows.history].lateness
            for feature in rows.features:
                found |= {feature.ago, feature.ago + (feature.width if isinstance(feature, Window) else lateness)}
        return sorted(found)

    @cached_property
    def layout(self) -> str:
        """The fingerprint of everything that decides the bytes of a store: the lists in their order, and what each holds."""
        totals = [[each.history, each.keys, each.counts, each.squares, each.spans] for each in self.totals]
        rows = [[each.history, each.keys, each.where, [_essence(feature) for feature in each.features]] for each in self.rows]
        tables = {name: msgspec.to_builtins(reference) for name, reference in self.features.references.items()}
        histories = [[name, msgspec.to_builtins(history)] for name, history in self.features.histories.items()]
        return expressions.digest([self.features.fingerprint, totals, rows, list(tables.items()), histories])

    @cached_property
    def references(self) -> dict[str, int]:
        """The number under which the rows of each reference lie."""
        return {name: REFERENCES + i for i, name in enumerate(self.features.references)}

    @cached_property
    def ids(self) -> dict[str, int]:
        """The number under which the ids of each history lie."""
        return {name: IDS + i for i, name in enumerate(self.features.histories)}

    @cached_property
    def lookups(self) -> list[Lookup]:
        return [feature for feature in self.features.features if isinstance(feature, Lookup)]


def prefix(number: int, entity: bytes = b"") -> bytes:
    """The bytes with which the keys of a list, or of one entity in it, begin."""
    return LIST.pack(number) + entity


def physical(dtype: pl.DataType) -> pl.DataType:
    """The type in which a value is stored: times and lengths of time as whole numbers."""
    return pl.Int64() if dtype.is_temporal() else dtype


def _stored(feature: Latest | Window) -> pl.Expr:
    expression = expressions.build(feature.value) if isinstance(feature, Latest) else arithmetic.ranged(feature)
    return expression.to_physical().cast(pl.Int64) if dtype_of(feature.dtype).is_temporal() else expression


def _essence(feature: Latest | Window) -> dict[str, Any]:
    """A feature without what changes no value."""
    found: dict[str, Any] = msgspec.to_builtins(feature)
    return {key: value for key, value in found.items() if key not in {"name", "about"}}


def _length(feature: Latest | Window) -> int | None:
    if isinstance(feature, Window):
        return feature.ago + feature.width
    return None if feature.max_age is None else feature.ago + feature.max_age
