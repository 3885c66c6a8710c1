"""What a model must not have known: features that give the outcome away, rows that lie in two splits, labels known too late."""

from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation.metrics import auc
from interlock.evaluation.ranks import Integers, Labels
from interlock.modeling.dataset import Rows

BINS = 64
RARE = 20


def alone(train: Rows, validation: Rows) -> dict[str, Any]:
    """The AUC on the validation rows of each feature by itself, and the strongest.

    A feature scores a row by the share of positives among the training rows of its bin: 64 bins of equal rows, or a bin a level.
    """
    labels, truth = (rows.label.cast(pl.Boolean).to_numpy() for rows in (train, validation))
    found = [
        {"name": name, "auc": auc(truth, _share(train.features[name], labels, validation.features[name]))}
        for name in train.features.columns
    ]
    known = [one for one in found if one["auc"] is not None]
    strongest = max(known, key=lambda one: (one["auc"], one["name"]), default={"name": None, "auc": None})
    return {"strongest": strongest, "features": sorted(known, key=lambda one: (-(one["auc"] or 0), one["name"]))}


def shared(keys: dict[str, pl.DataFrame], by: list[str]) -> dict[str, Any]:
    """Rows whose whole key lies in an earlier split as well, or twice in their own; and test rows whose id trained the model."""
    every = pl.concat([keys[name] for name in ("train", "validation", "test")])
    known = keys["test"].join(keys["train"].select(by).unique(), on=by, how="semi").height
    return {
        "keys": every.height - every.n_unique(),
        "ids": known,
        "ids_share": known / keys["test"].height if keys["test"].height else None,
    }


def _share(train: pl.Series, labels: Labels, validation: pl.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The share of positives of each validation row's bin, which holds one row of the base rate as well."""
    first, second = _bins(train, validation)
    size = int(max(first.max(initial=0), second.max(initial=0))) + 1
    rows, hits = np.bincount(first, minlength=size), np.bincount(first[labels], minlength=size)
    share: np.ndarray[Any, np.dtype[np.float64]] = (hits * len(labels) + int(labels.sum())) / ((rows + 1) * len(labels))
    return share[second]


def _bins(train: pl.Series, validation: pl.Series) -> tuple[Integers, Integers]:
    if train.dtype == pl.String:
        counted = train.alias("level").drop_nulls().value_counts(name="rows").filter(pl.col("rows") >= RARE)
        codes = {level: code for code, level in enumerate(sorted(counted["level"]), start=2)}
        return _codes(train, codes), _codes(validation, codes)
    one, two = (series.cast(pl.Float64).to_numpy() for series in (train, validation))
    ordered = np.sort(one[np.isfinite(one)])
    edges = np.unique(ordered[np.arange(1, BINS) * len(ordered) // BINS]) if len(ordered) else ordered
    return tuple(np.where(np.isfinite(values), np.searchsorted(edges, values, "right") + 1, 0) for values in (one, two))  # type: ignore[return-value]


def _codes(values: pl.Series, codes: dict[str, int]) -> Integers:
    """The code of each level; 1 for rare ones, 0 where there is none."""
    return np.fromiter((0 if value is None else codes.get(value, 1) for value in values), np.int64, len(values))
