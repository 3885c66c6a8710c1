"""Metrics by slice: the rows of each value of a declared column. Values with too few rows are pooled, and say so."""

from collections.abc import Iterator
from typing import Annotated, Any

import polars as pl
from msgspec import Meta

from interlock.errors import ConfigError
from interlock.evaluation.metrics import measure
from interlock.evaluation.ranks import Labels, Scores
from interlock.params import Section

MISSING, POOLED = "(missing)", "(others)"


class Slices(Section, frozen=True):
    """Columns of requests or features to slice by, and the rows below which a value does not stand alone."""

    columns: list[str]
    minimum: Annotated[int, Meta(ge=2)]


def by_slice(kind: str, labels: Labels, scores: Scores, columns: pl.DataFrame, minimum: int) -> list[dict[str, Any]]:
    """One record a slice, with all metrics, for every value of every one of `columns`, which are aligned with `labels`.

    `values` counts what a slice pools. Raises ConfigError where a column has no values to group by (floats and times).
    """
    found = []
    for column in map(_texts, columns):
        for name, members in _groups(column, minimum):
            rows = column.is_in(members).to_numpy()
            said = {"slice": f"{column.name} = {name}", "column": column.name, "value": name, "values": len(members)}
            found.append(said | measure(kind, labels[rows], scores[rows]))
    return found


def _texts(column: pl.Series) -> pl.Series:
    if column.dtype.is_float() or column.dtype.is_temporal():
        raise ConfigError(f"usecase.slices.columns: {column.name} is {column.dtype}, which has no groups", "name a column of few values")
    return column.cast(pl.String).fill_null(MISSING)


def _groups(column: pl.Series, minimum: int) -> Iterator[tuple[str, list[str]]]:
    """The values that stand alone, in order, then those that are pooled."""
    sizes = sorted(column.value_counts().iter_rows())
    yield from ((value, [value]) for value, rows in sizes if rows >= minimum)
    if small := [value for value, rows in sizes if rows < minimum]:
        yield POOLED, small
