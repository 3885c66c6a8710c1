"""Groups of rows: by the values of a column, or of a crossing of several. Small ones are pooled, and say so."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import polars as pl
from msgspec import Meta

from interlock.errors import ConfigError
from interlock.params import Section

MISSING, POOLED, CROSS = "(missing)", "(others)", " × "


class Slices(Section, frozen=True):
    """Columns of requests or features to slice by, alone and crossed, and the rows below which a value does not stand alone."""

    columns: list[str]
    minimum: Annotated[int, Meta(ge=2)]
    crossings: tuple[Annotated[list[str], Meta(min_length=2)], ...] = ()

    @property
    def read(self) -> list[str]:
        """Every column that slices are made of."""
        return list(dict.fromkeys([*self.columns, *(name for crossing in self.crossings for name in crossing)]))


def crossed(columns: pl.DataFrame, alone: Sequence[str], crossings: Sequence[Sequence[str]]) -> Iterator[pl.Series]:
    """The texts of each column, then of each crossing, whose values are joined.

    Raises ConfigError where a column has no values to group by (floats and times).
    """
    texts: Mapping[str, pl.Series] = {column.name: _texts(column) for column in columns}
    yield from (texts[name] for name in alone)
    for names in crossings:
        yield pl.select(pl.concat_str([texts[name] for name in names], separator=CROSS)).to_series().alias(CROSS.join(names))


def grouped(column: pl.Series, minimum: int) -> Iterator[tuple[str, list[str]]]:
    """The values that stand alone, in order, then those that are pooled."""
    sizes = sorted(column.value_counts(name="rows").iter_rows())
    yield from ((value, [value]) for value, rows in sizes if rows >= minimum)
    if small := [value for value, rows in sizes if rows < minimum]:
        yield POOLED, small


def _texts(column: pl.Series) -> pl.Series:
    if column.dtype.is_float() or column.dtype.is_temporal():
        raise ConfigError(f"usecase.slices.columns: {column.name} is {column.dtype}, which has no groups", "name a column of few values")
    return column.cast(pl.String).fill_null(MISSING)
