"""Metrics by slice: the rows of each value of a declared column, or of a crossing of several. Small ones are pooled, and say so."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.evaluation import regression
from interlock.evaluation.bootstrap import Evaluation, by_group
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.modeling.groups import POOLED, Slices, crossed, grouped

Slice: TypeAlias = Mapping[str, Any]
TOO_FEW = "raise usecase.slices.minimum, or slice otherwise"


def by_slice(kind: str, labels: Labels, scores: Scores, columns: pl.DataFrame, slices: Slices, how: Evaluation) -> list[dict[str, Any]]:
    """One record a slice, with all metrics and their intervals; `columns` are aligned with `labels`.

    `values` counts what a slice holds, which is `pooled` where each has fewer rows than the minimum. Slices of a regression
    say how far labels `spread` as well. Raises ConfigError where a column has no values to group by (floats and times).
    """
    said: dict[str, dict[str, Any]] = {}
    rows: dict[str, Integers] = {}
    for column in crossed(columns, slices.columns, slices.crossings):
        for name, members in grouped(column, slices.minimum):
            title = f"{column.name} = {name}"
            said[title] = {"slice": title, "column": column.name, "value": name, "values": len(members), "pooled": name == POOLED}
            rows[title] = column.is_in(members).arg_true().to_numpy().astype("int64")
    found = by_group(kind, labels, scores, rows, how)
    spreads = _spreads(labels, rows) if kind == "regression" else {}
    return [said[title] | found[title] | spreads.get(title, {}) for title in said]


def worst(slices: Sequence[Slice], kind: str, headline: str) -> dict[str, Any]:
    """The slice that stands alone whose headline metric is surely the least; of a regression the one whose `error` may be largest too.

    One whose rows bear no interval is no evidence that it is any better: it comes first, without an end, and with what to do.
    """
    alone = [one for one in slices if not one["pooled"]]
    least = f"{headline}_low"
    found = _told(min(alone, key=lambda one: _first(one, one[least]), default={}), (headline, least))
    return found | ({"error": _error(alone)} if kind == "regression" else {})


def _error(alone: Sequence[Slice]) -> dict[str, Any]:
    """The slice whose rmse may be largest, measured by how far labels spread."""

    def most(one: Slice) -> float | None:
        return -one["rmse_high"] / one["spread"] if one["rmse_high"] is not None and one["spread"] else None

    return _told(min(alone, key=lambda one: _first(one, most(one)), default={}), ("rmse", "rmse_high", "spread"))


def _first(one: Slice, end: float | None) -> tuple[bool, float, int, str]:
    """What slices are ordered by: those without an end first, then the least."""
    return end is not None, end or 0.0, one["rows"], one["slice"]


def _told(one: Slice, names: Sequence[str]) -> dict[str, Any]:
    found = {name: one.get(name) for name in ("slice", "rows", *names)}
    lacking = one and any(one[name] is None for name in names)
    return found | ({"lacking": f"{one['slice']}, of {one['rows']} rows, bears no interval: {TOO_FEW}"} if lacking else {})


def _spreads(labels: Scores, rows: Mapping[str, Integers]) -> dict[str, dict[str, float | None]]:
    """How far labels lie from their mean: those of all rows, or those of the slice where that is more."""
    every = _spread(labels)
    return {title: {"spread": max(filter(None, (every, _spread(labels[of]))), default=None)} for title, of in rows.items()}


def _spread(labels: Scores) -> float | None:
    middle = regression.mean(labels, labels)
    return None if middle is None else regression.rmse(labels, np.full(len(labels), middle))
