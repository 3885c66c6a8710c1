"""Pairs of training and validation rows, the last of them the graph's own. No row of the test split is in any.

By time each earlier pair is the graph's own moved back by whole lengths of its validation period: training rows are asked, and
their labels matured, before the validation period begins. By hash the other pairs draw the same rows anew, by other salts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import polars as pl

from interlock import frames
from interlock.errors import ConfigError
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.split import MATURED, ByGroup, ByRow, ByTime, Split, assign

OPEN = ("train", "validation")


@dataclass(frozen=True)
class Fold:
    """Rows to train on, and rows to be judged by."""

    train: Rows
    validation: Rows


def open_folds(folder: Path, split: Split, folds: int) -> list[Fold]:
    """So many folds of the features in `folder`, the graph's own last; the test rows are dropped before anything is done with others."""
    whole = Dataset.open(folder, split)
    asked = _asked(folder, whole, split, folds)
    kept = whole.split.is_in(OPEN)
    key, features = whole.key.filter(kept), whole.features.filter(kept)
    dataset = Dataset(whole.by, key, features, whole.label.filter(kept), whole.period.filter(kept), whole.split.filter(kept))
    earlier = [_fold(dataset, assigned) for assigned in _earlier(asked.filter(kept), dataset, split, folds)]
    return [*earlier, Fold(dataset.rows("train"), dataset.rows("validation"))]


def _asked(folder: Path, dataset: Dataset, split: Split, folds: int) -> pl.DataFrame:
    """What rows are split by: their key, and when their label matured or the column of their group."""
    if folds == 1 or isinstance(split, ByRow):
        return dataset.key
    file, column = ("requests", split.column) if isinstance(split, ByGroup) else ("outcomes", MATURED)
    return dataset.key.with_columns(frames.read(folder / f"{file}.parquet", [column])[column])


def _earlier(asked: pl.DataFrame, dataset: Dataset, split: Split, folds: int) -> Iterator[pl.Series]:
    """The split of each row in each fold but the last, the earliest first."""
    key = dataset.key.columns
    as_of = next((name for name in key if name not in dataset.by), None)
    for back in range(folds - 1, 0, -1):
        if isinstance(split, ByTime):
            yield assign(asked, _moved(split, back), key, as_of)["split"]
        else:
            drawn = msgspec.structs.replace(split, salt=f"{split.salt}/fold {back}").period(asked, key, as_of)
            yield pl.select(pl.when(drawn == "validation").then(drawn).otherwise(pl.lit("train"))).to_series()


def _moved(split: ByTime, back: int) -> ByTime:
    length = split.validation_until - split.train_until
    try:
        start = split.train_until - back * length
    except OverflowError:
        raise ConfigError(f"{back + 1} folds reach back beyond the year 1", "ask for fewer: --folds") from None
    return ByTime(start, start + length, split.test_until)


def _fold(dataset: Dataset, assigned: pl.Series) -> Fold:
    moved = replace(dataset, period=assigned, split=assigned)
    return Fold(moved.rows("train"), moved.rows("validation"))
