"""Whose rows are meant: the values of one or more columns, as a person writes them, among rows as logs and tables hold them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from interlock.contracts.kinds import Kind, kind
from interlock.dtypes import dtype_text
from interlock.errors import ConfigError
from interlock.features.fitted import fitted

Columns: TypeAlias = Mapping[str, Collection[str]]
Kinds: TypeAlias = Mapping[str, Kind]
DAY = len("2025-03-02")
MIDNIGHT = "T00:00:00"


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

    def sought(self, kinds: Kinds, columns: Columns | None = None) -> "Sought":
        """What to look for in rows whose columns are of `kinds`, text where it says nothing, and have there the names `columns`."""
        return Sought(
            [
                {name: frozenset(_logged(values, kinds.get(name))) for name in (columns or {}).get(column, (column,))}
                for column, values in self.values.items()
            ]
        )

    def unread(self, kinds: Kinds, columns: Columns | None = None) -> dict[tuple[str, str], str]:
        """The column and text of each value that is none of the kind of its column, with what that is."""
        return {
            (column, text): of.words
            for column, values in self.values.items()
            for of in [kinds.get(name) for name in (columns or {}).get(column, (column,))]
            for text in values
            if of is not None and not read([text], of).len()
        }

    def rows(self, found: Mapping[str, pl.DataType], columns: Columns | None = None) -> pl.Expr | None:
        """True for the rows of it in a frame that has the columns `found`; None where it has not all of them."""
        every = []
        for column, values in self.values.items():
            there = [name for name in (columns or {}).get(column, (column,)) if name in found]
            if not there:
                return None
            every.append(pl.any_horizontal(_among(name, found[name], values) for name in there))
        return pl.all_horizontal(every)


@dataclass(frozen=True)
class Sought:
    """By column of an entity the names that it has in a row, and of each the values as the log holds them, in text."""

    columns: list[dict[str, frozenset[str]]]

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether a row, as JSON has it, is of the entity."""
        return all(any(_text(row.get(name)) in values for name, values in names.items()) for names in self.columns)


def read(texts: Iterable[str], of: Kind) -> pl.Series:
    """Those of the texts that are values of a kind; a day alone is its first moment, in UTC where the kind has a zone."""
    return fitted(pl.Series([_moment(text, of.dtype) for text in texts], dtype=pl.String), of).drop_nulls()


def _moment(text: str, dtype: pl.DataType) -> str:
    if not (isinstance(dtype, pl.Datetime) and len(text) == DAY):
        return text
    return f"{text}{MIDNIGHT}{'Z' if dtype.time_zone else ''}"


def _logged(values: Iterable[str], of: Kind | None) -> Iterable[str]:
    return values if of is None else (_text(value) or "" for value in read(values, of).to_physical())


def _among(name: str, dtype: pl.DataType, values: Iterable[str]) -> pl.Expr:
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return pl.col(name).cast(pl.String).is_in(list(values))
    return pl.col(name).is_in(read(values, kind(dtype_text(dtype))).implode())


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
