"""Features as columns of whole numbers, which is what the linear baseline is a line over.

Whole numbers below 2⁵³ add up exactly in any order: BLAS may sum their products as it likes.
"""

from typing import TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.modeling.isotonic import short

STEPS = 256
FURTHEST = 2.0
LEVELS = 32
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
        with np.errstate(over="ignore"):  # what is beyond all numbers is at the furthest
            units = np.clip((np.where(missing, self.centre, numbers) - self.centre) / self.spread, -FURTHEST, FURTHEST)
        return [np.rint(units * STEPS), missing * float(STEPS)]


class Levels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A text as one column a frequent level."""

    name: str
    levels: tuple[str, ...]

    def columns(self, values: pl.Series) -> list[Whole]:
        return [(values == level).fill_null(value=False).to_numpy() * float(STEPS) for level in self.levels]


Column: TypeAlias = Centred | Levels


def learn(series: pl.Series) -> Column:
    """What a feature of the training rows becomes: its most frequent levels, or a number of a middle and a spread."""
    if series.dtype == pl.String:
        counted = series.alias("level").drop_nulls().value_counts(name="rows").sort("rows", "level", descending=[True, False])
        return Levels(series.name, tuple(counted["level"].head(LEVELS).to_list()))
    numbers = series.cast(pl.Float64).to_numpy()
    ordered = np.sort(numbers[np.isfinite(numbers)])
    low, middle, high = (float(ordered[len(ordered) * part // 100]) if len(ordered) else 0.0 for part in (5, 50, 95))
    spread = high - low if high > low else float(ordered[-1] - ordered[0]) if len(ordered) else 0.0
    return Centred(series.name, short(middle), short(spread) if 0 < spread < float("inf") else 1.0)


def design(features: tuple[Column, ...], frame: pl.DataFrame) -> Whole:
    """The constant and every feature's columns, (rows, columns), each a whole number of at most 512."""
    columns = [np.full(frame.height, float(STEPS)), *(column for feature in features for column in feature.columns(frame[feature.name]))]
    return np.column_stack(columns)
