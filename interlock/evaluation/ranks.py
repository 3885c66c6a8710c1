"""Ranks of scores in integers, so that what rests on them is exact on every machine."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Labels: TypeAlias = npt.NDArray[Any]
Flags: TypeAlias = npt.NDArray[np.bool_]
Scores: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


def doubled(values: Scores) -> Integers:
    """Twice the rank of each value from 1, ties sharing their mean rank: an integer, where the rank may be a half."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    twice: Integers = (2 * last - count + 1).astype(np.int64)
    return twice[place]


def total(values: Integers) -> int:
    """The exact sum, as a Python integer that cannot wrap."""
    return sum(values.tolist())


def squares(values: Integers) -> int:
    """The exact sum of squares, as a Python integer that cannot wrap."""
    return sum(value * value for value in values.tolist())
