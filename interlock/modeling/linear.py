"""The linear baseline: ridge least squares on the labels, with the same bits everywhere.

Features become whole numbers, and whole numbers below 2⁵³ add up exactly in any order: BLAS may sum them as it likes.
"""

import msgspec
import numpy as np
import polars as pl

from interlock.modeling import calibrate, isotonic
from interlock.modeling.calibrate import Columns
from interlock.modeling.design import STEPS, Column, Whole, design, learn
from interlock.modeling.isotonic import Table, short
from interlock.modeling.task import Binary, Labels, Multiclass, Regression, Scores, Task

RIDGE = 1e-4
WEIGHT = 2.0**30
HEAVIEST = 2**44  # times 512, the furthest step of a column, 2⁵³ is not exceeded
FINE = 2.0**18
CHUNK = 16_384


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="range"):
    """A line in units of `spread` from `centre`, cut at the least and the greatest label of training."""

    centre: float
    spread: float
    least: float
    most: float

    def apply(self, raw: Scores) -> Scores:
        found: Scores = np.minimum(np.maximum(self.centre + raw * self.spread, self.least), self.most)
        return found


class Linear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fitted baseline: for each line the `weights` of the constant and of each column in units of 2⁻³⁰, and what makes scores of them."""

    features: tuple[Column, ...]
    weights: tuple[tuple[int, ...], ...]
    calibrator: Table | Columns | Range

    def score(self, frame: pl.DataFrame) -> Scores:
        """The score of each row of `frame`, (n,); of several classes (n, classes)."""
        lines = _lines(self.features, self.weights, frame)
        return self.calibrator.apply(lines if len(self.weights) > 1 else lines[:, 0])


def fit(train: tuple[pl.DataFrame, Labels], validation: tuple[pl.DataFrame, Labels], task: Task) -> Linear:
    """Lines from the training rows: one of the labels, of several classes one of each against the rest.

    The lines of classes are calibrated on the validation rows, as the model's scores are.
    """
    features = tuple(learn(series) for series in train[0])
    match task:
        case Binary():
            weights = _weights(features, train[0], train[1][:, None] * float(STEPS))
            return Linear(features, weights, isotonic.fit(_lines(features, weights, validation[0])[:, 0], validation[1]))
        case Multiclass():
            weights = _weights(features, train[0], (train[1][:, None] == np.arange(len(task.classes))) * float(STEPS))
            return Linear(features, weights, Columns(calibrate.tables(_lines(features, weights, validation[0]), validation[1])))
        case Regression():
            span = _span(train[1])
            units = (train[1][:, None] - span.centre) / span.spread
            return Linear(features, _weights(features, train[0], np.rint(np.clip(units, -1, 1) * FINE), STEPS / FINE), span)


def _span(labels: Labels) -> Range:
    """The middle and half of the range of the labels; rounded, as they will be read, before any label is measured by them."""
    least, most = float(labels.min()), float(labels.max())
    centre = short(least / 2 + most / 2)
    return Range(centre, short(max(most - centre, centre - least)) or 1.0, short(least), short(most))


def _weights(features: tuple[Column, ...], frame: pl.DataFrame, targets: Whole, unit: float = 1.0) -> tuple[tuple[int, ...], ...]:
    """The solutions of the normal equations for each column of whole `targets` (n, lines), in steps of `unit`.

    All weights but the constant's are held back, by a ten thousandth of the rows.
    """
    gram, sums = np.zeros(()), np.zeros(())
    for start in range(0, frame.height, CHUNK):
        rows = design(features, frame[start : start + CHUNK])
        gram, sums = gram + rows.T @ rows, sums + rows.T @ targets[start : start + CHUNK]
    held = np.full(len(gram), RIDGE * gram[0, 0])
    held[0] = 0.0
    solved = _solve(gram + np.diag(held), sums) * unit
    heaviest = HEAVIEST // len(solved)
    return tuple(tuple(map(int, line)) for line in np.clip(np.rint(solved * WEIGHT), -heaviest, heaviest).T)


def _solve(matrix: Whole, targets: Whole) -> Whole:
    """Gauss' elimination of a positive definite system, each step one product and one difference: no BLAS, no fused rounding."""
    table = np.column_stack([matrix, targets])
    for pivot in range(len(table)):
        table[pivot] = table[pivot] / table[pivot, pivot]
        factor = table[:, pivot].copy()
        factor[pivot] = 0.0
        table = table - factor[:, None] * table[pivot]
    return table[:, len(matrix) :]


def _lines(features: tuple[Column, ...], weights: tuple[tuple[int, ...], ...], frame: pl.DataFrame) -> Scores:
    """The value of each line at each row, (n, lines): sums of whole numbers, divided by a power of two."""
    if not frame.height:
        return np.zeros((0, len(weights)))
    heavy = np.array(weights, np.float64).T
    parts = [design(features, frame[start : start + CHUNK]) @ heavy for start in range(0, frame.height, CHUNK)]
    lines: Scores = np.concatenate(parts) / (WEIGHT * STEPS)
    return lines
