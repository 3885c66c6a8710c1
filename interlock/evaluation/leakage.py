"""What a model must not have known: features that give the outcome away, rows that lie in two splits, labels known too late."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.evaluation import binary, multiclass, regression
from interlock.evaluation.fixed import Fixed
from interlock.evaluation.ranks import Flags, Integers, Labels, Scores
from interlock.modeling.dataset import Rows
from interlock.modeling.split import MATURED
from interlock.modeling.task import Multiclass, Task

BINS = 64
RARE = 20
OF_LEVELS = 50
Bins: TypeAlias = tuple[Integers, Integers]


def alone(task: Task, train: Rows, validation: Rows) -> dict[str, Any]:
    """The headline metric on the validation rows of each feature by itself, and the strongest.

    A feature scores a row by what the training rows of its bin were, 64 bins of equal rows, as many as there are where these
    are fewer, or a bin a level: the share of positives, the shares of classes, or the mean label. R² is the higher of that of the label and that of its place among
    the labels of training: where few large labels make up the variance, the first misses a feature that is the label.
    """
    labels, truth = (task.labels(rows.label) for rows in (train, validation))
    told: list[dict[str, Any]] = []
    for name in train.features.columns:
        bins = _bins(train.features[name], validation.features[name])
        told.append({"name": name, task.headline: ALONE[task.kind](task, labels, truth, bins)})
    known = sorted((one for one in told if one[task.headline] is not None), key=lambda one: (-one[task.headline], one["name"]))
    return {"strongest": known[0] if known else {"name": None, task.headline: None}, "features": known}


def shared(keys: dict[str, pl.DataFrame], by: list[str]) -> dict[str, Any]:
    """Rows whose whole key lies in an earlier split as well, or twice in their own; and test rows whose id trained the model."""
    every = pl.concat([keys[name] for name in ("train", "validation", "test")])
    known = keys["test"].join(keys["train"].select(by).unique(), on=by, how="semi").height
    return {
        "keys": every.height - every.n_unique(),
        "ids": known,
        "ids_share": known / keys["test"].height if keys["test"].height else None,
    }


def immature(outcomes: pl.DataFrame, ends: Mapping[str, datetime], keys: Mapping[str, pl.DataFrame]) -> dict[str, int]:
    """Of each split, the rows whose outcome was known only after its end; none where nothing matures, or no period ends."""
    found = dict.fromkeys(keys, 0)
    for name in ends if MATURED in outcomes.columns else ():
        late = outcomes.filter(~(pl.col(MATURED) <= ends[name]).fill_null(value=False))
        found[name] = keys[name].join(late, on=keys[name].columns, how="semi").height
    return found


def _binary(_: Task, labels: Labels, truth: Labels, bins: Bins) -> float | None:
    return binary.auc(truth, _share(labels, bins))


def _multiclass(task: Task, labels: Labels, truth: Labels, bins: Bins) -> float | None:
    assert isinstance(task, Multiclass)
    return multiclass.auc(truth, np.column_stack([_share(labels == place, bins) for place in range(len(task.classes))]))


def _regression(_: Task, labels: Labels, truth: Labels, bins: Bins) -> float | None:
    places = [_place(values, np.sort(labels)) for values in (labels, truth)]
    found = [regression.r2(seen, _mean(known, bins)) for known, seen in ((labels, truth), places)]
    return max((value for value in found if value is not None), default=None)


ALONE: Mapping[str, Callable[[Task, Labels, Labels, Bins], float | None]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}


def _share(labels: Flags, bins: Bins) -> Scores:
    """The share of positives of each validation row's bin, which holds one row of the base rate as well."""
    first, second, size = *bins, _size(bins)
    rows, hits = np.bincount(first, minlength=size), np.bincount(first[labels], minlength=size)
    share: Scores = (hits * len(labels) + int(labels.sum())) / ((rows + 1) * len(labels))
    return share[second]


def _mean(labels: Scores, bins: Bins) -> Scores:
    """The mean label of each validation row's bin; of all rows where it has none."""
    first, second, size = *bins, _size(bins)
    fixed, sums = Fixed.of(labels, len(labels), 2), []
    for part in fixed.parts:
        sums.append(np.zeros(size, np.int64))
        np.add.at(sums[-1], first, part)
    overall = fixed.total(np.ones((1, len(labels)), np.int64))[0] / len(labels)
    rows = np.bincount(first, minlength=size)
    mean: Scores = np.where(rows, fixed.join(sums) / np.maximum(rows, 1), overall)
    return mean[second]


def _place(values: Scores, ordered: Scores) -> Scores:
    """The share of the `ordered` numbers that lie below each value, equal ones counting half."""
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


def _size(bins: Bins) -> int:
    return int(max(one.max(initial=0) for one in bins)) + 1


def _bins(train: pl.Series, validation: pl.Series) -> Bins:
    if train.dtype == pl.String:
        rare = min(RARE, max(1, len(train) // OF_LEVELS))
        counted = train.alias("level").drop_nulls().value_counts(name="rows").filter(pl.col("rows") >= rare)
        codes = {level: code for code, level in enumerate(sorted(counted["level"]), start=2)}
        return _codes(train, codes), _codes(validation, codes)
    one, two = (series.cast(pl.Float64).to_numpy() for series in (train, validation))
    ordered = np.sort(one[np.isfinite(one)])
    edges = np.unique(ordered[np.arange(1, BINS) * len(ordered) // BINS]) if len(ordered) else ordered
    # NOTE: no edge at the least value, so that what lies below it shares its bin, and not one without training rows
    edges = edges[edges > ordered[0]] if len(ordered) else edges
    return tuple(np.where(np.isfinite(values), np.searchsorted(edges, values, "right") + 1, 0) for values in (one, two))  # type: ignore[return-value]


def _codes(values: pl.Series, codes: dict[str, int]) -> Integers:
    """The code of each level; 1 for rare ones, 0 where there is none."""
    return np.fromiter((0 if value is None else codes.get(value, 1) for value in values), np.int64, len(values))
