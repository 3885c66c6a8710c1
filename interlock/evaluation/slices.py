"""Metrics by slice: the rows of each value of a declared column, or of a crossing of several. Small ones are pooled, and say so."""

from typing import Annotated, Any

import polars as pl
from msgspec import Meta

from interlock.evaluation.bootstrap import Evaluation, by_group
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.modeling.groups import crossed, grouped
from interlock.params import Section


class Slices(Section, frozen=True):
    """Columns of requests or features to slice by, alone and crossed, and the rows below which a value does not stand alone."""

    columns: list[str]
    minimum: Annotated[int, Meta(ge=2)]
    crossings: tuple[Annotated[list[str], Meta(min_length=2)], ...] = ()

    @property
    def read(self) -> list[str]:
        """Every column that slices are made of."""
        return list(dict.fromkeys([*self.columns, *(name for crossing in self.crossings for name in crossing)]))


def by_slice(kind: str, labels: Labels, scores: Scores, columns: pl.DataFrame, slices: Slices, how: Evaluation) -> list[dict[str, Any]]:
    """One record a slice, with all metrics and their intervals; `columns` are aligned with `labels`.

    `values` counts what a slice pools. Raises ConfigError where a column has no values to group by (floats and times).
    """
    said: dict[str, dict[str, Any]] = {}
    rows: dict[str, Integers] = {}
    for column in crossed(columns, slices.columns, slices.crossings):
        for name, members in grouped(column, slices.minimum):
            title = f"{column.name} = {name}"
            said[title] = {"slice": title, "column": column.name, "value": name, "values": len(members)}
            rows[title] = column.is_in(members).arg_true().to_numpy().astype("int64")
    return [said[title] | found for title, found in by_group(kind, labels, scores, rows, how).items()]
