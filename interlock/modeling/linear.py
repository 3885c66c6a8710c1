"""The linear baseline: ridge least squares on the labels, with the same bits everywhere.

Features become whole numbers, and whole numbers below 2⁵³ add up exactly in any order: BLAS may sum them as it likes.
"""

from typing import TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.files import SIGNIFICANT
from interlock.modeling import calibrate
from interlock.modeling.calibrate import Calibrator

STEPS = 256
FURTHEST = 2.0
LEVELS = 32
RIDGE = 1e-4
WEIGHT = 2.0**30
HEAVIEST = 2**44  # times 512, the furthest step of a column, 2⁵³ is not exceeded
CHUNK = 16_384
Whole: TypeAlias = NDArray[np.float64]


class Centred(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="number"):
    """A number, less its median, in units of what lies between its 5th and its 95th hundredth; missing stands at the median."""

    name: str
    centre: float
    spread: float

    def columns(self, values: pl.Series) -> list[Whole]:
        """Its steps, and whether it is missing."""
        numbers = values.cast(pl.Float64).to_numpy()
        missing = ~np.isfinite(numbers)
        units = np.clip((np.where(missing, self.centre, numbers) - self.centre) / self.spread, -FURTHEST, FURTHEST)
        return [np.rint(units * STEPS), missing * float(STEPS)]


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A text as one column a frequent level."""

    name: str
    levels: tuple[str, ...]

    def columns(self, values: pl.Series) -> list[Whole]:
        return [(values == level).fill_null(value=False).to_numpy() * float(STEPS) for level in self.levels]


class Linear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fitted baseline: `weights` of the constant and of each column in units of 2⁻³⁰, and the calibrator of their sum."""

    features: tuple[Centred | Levels, ...]
    weights: tuple[int, ...]
    calibrator: Calibrator

    def score(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The probability of each row of `frame`."""
        return self.calibrator.apply(_raw(self.features, self.weights, frame))


def fit(train: tuple[pl.DataFrame, Whole], validation: tuple[pl.DataFrame, Whole]) -> Linear:
    """Weights from the training rows, the calibrator from the validation rows, as the model's own; labels are 0 or 1."""
    features = tuple(_learn(series) for series in train[0])
    weights = _weights(features, *train)
    return Linear(features, weights, calibrate.fit(_raw(features, weights, validation[0]), validation[1]))


def _learn(series: pl.Series) -> Centred | Levels:
    if series.dtype == pl.String:
        counted = series.alias("level").drop_nulls().value_counts(name="rows").sort("rows", "level", descending=[True, False])
        return Levels(series.name, tuple(counted["level"].head(LEVELS).to_list()))
    numbers = series.cast(pl.Float64).to_numpy()
    ordered = np.sort(numbers[np.isfinite(numbers)])
    low, middle, high = (float(ordered[len(ordered) * part // 100]) if len(ordered) else 0.0 for part in (5, 50, 95))
    spread = high - low if high > low else float(ordered[-1] - ordered[0]) if len(ordered) else 0.0
    return Centred(series.name, _short(middle), _short(spread) if 0 < spread < float("inf") else 1.0)


def _weights(features: tuple[Centred | Levels, ...], frame: pl.DataFrame, labels: Whole) -> tuple[int, ...]:
    """The solution of the normal equations; all weights but the constant's are held back, by a ten thousandth of the rows."""
    products: Whole = np.zeros(0)
    for start in range(0, frame.height, CHUNK):
        rows = _design(features, frame[start : start + CHUNK])
        both = np.column_stack([rows, labels[start : start + CHUNK] * STEPS])
        products = products + both.T @ both if products.size else both.T @ both
    gram, target = products[:-1, :-1].copy(), products[:-1, -1].copy()
    held = np.full(len(gram), RIDGE * gram[0, 0])
    held[0] = 0.0
    solved = _solve(gram + np.diag(held), target)
    heaviest = HEAVIEST // len(solved)
    return tuple(int(weight) for weight in np.clip(np.rint(solved * WEIGHT), -heaviest, heaviest))


def _solve(matrix: Whole, target: Whole) -> Whole:
    """Gauss' elimination of a positive definite system, each step one product and one difference: no BLAS, no fused rounding."""
    table = np.column_stack([matrix, target])
    for pivot in range(len(table)):
        table[pivot] = table[pivot] / table[pivot, pivot]
        factor = table[:, pivot].copy()
        factor[pivot] = 0.0
        table = table - factor[:, None] * table[pivot]
    return table[:, -1]


def _raw(features: tuple[Centred | Levels, ...], weights: tuple[int, ...], frame: pl.DataFrame) -> NDArray[np.float64]:
    if not frame.height:
        return np.zeros(0)
    heavy = np.array(weights, np.float64)
    parts = [_design(features, frame[start : start + CHUNK]) @ heavy for start in range(0, frame.height, CHUNK)]
    raw: NDArray[np.float64] = np.concatenate(parts) / (WEIGHT * STEPS)
    return raw


def _design(features: tuple[Centred | Levels, ...], frame: pl.DataFrame) -> Whole:
    """The constant and every feature's columns, (rows, columns), each a whole number of at most 512."""
    columns = [np.full(frame.height, float(STEPS)), *(column for feature in features for column in feature.columns(frame[feature.name]))]
    return np.column_stack(columns)


def _short(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")
