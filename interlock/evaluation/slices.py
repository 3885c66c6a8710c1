"""Metrics by slice: the rows of each value of a declared column, or of a crossing of several. Small ones are pooled, and say so."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interlock.evaluation.bootstrap import Evaluation, by_group
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.modeling.groups import Slices, crossed, grouped


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


def worst(slices: Sequence[Mapping[str, Any]], headline: str) -> dict[str, Any]:
    """The slice of one value whose headline metric is surely the least."""
    least = f"{headline}_low"
    known = [one for one in slices if one.get(least) is not None and one["values"] == 1]
    found = min(known, key=lambda one: (one[least], one["slice"]), default={})
    return {name: found.get(name) for name in ("slice", "rows", headline, least)}
