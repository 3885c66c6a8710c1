"""Features as the numbers that trees split on. What is learned here (the codes of text) belongs to the model."""

from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ContractError

RARE = 20
Matrix: TypeAlias = NDArray[np.float64]


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="number"):
    """A numeric or Boolean feature, as it is; null is missing."""

    name: str

    def encode(self, values: pl.Series) -> Matrix:
        if not _is_number(values.dtype):
            raise ContractError(
                f"feature {self.name} is {values.dtype}, the model was trained with a number", "train again, or mend the feature"
            )
        return values.cast(pl.Float64).to_numpy()


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text", dict=True):
    """A feature of text: each of the sorted `levels` is its position, `rare` ones share the next; unseen or null is missing."""

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...]

    @cached_property
    def codes(self) -> dict[str | None, float]:
        other = float(len(self.levels))
        return {**{level: float(code) for code, level in enumerate(self.levels)}, **dict.fromkeys(self.rare, other)}

    def encode(self, values: pl.Series) -> Matrix:
        if values.dtype != pl.String:
            raise ContractError(
                f"feature {self.name} is {values.dtype}, the model was trained with text", "train again, or mend the feature"
            )
        codes, missing = self.codes, float("nan")
        return np.fromiter((codes.get(value, missing) for value in values), np.float64, len(values))


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The learned encoding of a frame of features, in the order of the model's columns."""

    columns: tuple[Number | Text, ...]

    @classmethod
    def fit(cls, frame: pl.DataFrame, *, rare: int = RARE) -> "Encoder":
        """Learn from training rows; levels seen fewer than `rare` times are folded together. Raises ContractError on other types."""
        return cls(tuple(_fit(series, rare) for series in frame))

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def text(self) -> list[int]:
        """The positions of the columns whose numbers are codes."""
        return [position for position, column in enumerate(self.columns) if isinstance(column, Text)]

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """The encoded rows of `frame`, (n, k) in C order, missing as NaN.

        Raises ContractError where a feature is absent or of another type than in training.
        """
        if absent := [name for name in self.names if name not in frame.columns]:
            raise ContractError(f"feature {absent[0]} is missing ({len(absent)} in all)", f"the model reads: {', '.join(self.names)}")
        matrix = np.empty((frame.height, len(self.columns)), np.float64)
        for position, column in enumerate(self.columns):
            matrix[:, position] = column.encode(frame[column.name])
        return matrix


def _fit(series: pl.Series, rare: int) -> Number | Text:
    if _is_number(series.dtype):
        return Number(series.name)
    if series.dtype != pl.String:
        raise ContractError(
            f"feature {series.name} is {series.dtype}: no model reads it", "make it a number, a Boolean or text in features.py"
        )
    counted = series.drop_nulls().value_counts(name="rows")
    return Text(series.name, _levels(counted, pl.col("rows") >= rare), _levels(counted, pl.col("rows") < rare))


def _levels(counted: pl.DataFrame, where: pl.Expr) -> tuple[str, ...]:
    return tuple(sorted(counted.filter(where).to_series().to_list()))


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean
