"""Groups of rows: by the values of a column, or of a crossing of several. Small ones are pooled, and say so.

A value is told as it is; in quotes where it could be taken for a pool, for no value, or for two values that are crossed.
So different values have different names, and none has that of a pool.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

import polars as pl
from msgspec import Meta

from interlock.errors import ConfigError
from interlock.params import Section

MISSING, POOLED, CROSS = "(missing)", "(others)", " × "
QUOTE, BETWEEN = '"', "×"
DECLARED = "usecase.slices.columns"
MOST = 500


class Slices(Section, frozen=True):
    """Columns of requests or features to slice by, alone and crossed, and the rows below which a value does not stand alone."""

    columns: list[str]
    minimum: Annotated[int, Meta(ge=2)]
    crossings: tuple[Annotated[list[str], Meta(min_length=2)], ...] = ()

    @property
    def read(self) -> list[str]:
        """Every column that slices are made of."""
        return list(dict.fromkeys([*self.columns, *(name for crossing in self.crossings for name in crossing)]))


def crossed(
    columns: pl.DataFrame, alone: Sequence[str], crossings: Sequence[Sequence[str]], declared: str = DECLARED
) -> Iterator[pl.Series]:
    """The texts of each column, then of each crossing, whose values are joined.

    Raises ConfigError where a column has no values to group by (floats and times), and names the key that `declared` it.
    """
    asked = dict.fromkeys([*alone, *(name for names in crossings for name in names)])
    texts: Mapping[str, pl.Series] = {name: _texts(columns[name], declared) for name in asked}
    yield from (texts[name] for name in alone)
    for names in crossings:
        parts = [_told(texts[name], lambda text: BETWEEN in text) for name in names]
        yield pl.select(pl.concat_str(parts, separator=CROSS)).to_series().alias(CROSS.join(names))


def grouped(column: pl.Series, minimum: int, declared: str = DECLARED) -> Iterator[tuple[str, list[str]]]:
    """The values that stand alone, in order, then those that are pooled; raises ConfigError where too many stand alone to be measured."""
    sizes = sorted(column.value_counts(name="rows").iter_rows())
    if (alone := sum(rows >= minimum for _, rows in sizes)) > MOST:
        found = f"{declared}: {column.name} has {alone:,} values of {minimum:,} rows or more, and at most {MOST} are measured"
        raise ConfigError(found, "name a column of fewer values, or raise the minimum")
    yield from ((value, [value]) for value, rows in sizes if rows >= minimum)
    if small := [value for value, rows in sizes if rows < minimum]:
        yield POOLED, small


def _texts(column: pl.Series, declared: str) -> pl.Series:
    if column.dtype.is_float() or column.dtype.is_temporal():
        raise ConfigError(f"{declared}: {column.name} is {column.dtype}, which has no groups", "name a column of few values")
    return _told(column.cast(pl.String), lambda text: text in {MISSING, POOLED} or text.startswith(QUOTE)).fill_null(MISSING)


def _told(column: pl.Series, unclear: Callable[[str], bool]) -> pl.Series:
    """The texts, in quotes where they are `unclear`."""
    told = {text: json.dumps(text, ensure_ascii=False) for text in column.unique().drop_nulls() if unclear(text)}
    return column.replace(told) if told else column
