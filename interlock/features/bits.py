"""What it means that two values are the same to the last bit."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def differing(left: pl.Series, right: pl.Series) -> pl.Series:
    """True where two values differ in a bit or in their type. Null is equal to null alone, NaN to NaN, and zero has no sign."""
    if left.dtype != right.dtype:
        return pl.repeat(True, left.len(), dtype=pl.Boolean, eager=True)
    if left.dtype.is_float():
        return (left.is_null() != right.is_null()) | pl.Series(_bits(left) != _bits(right), dtype=pl.Boolean)
    return left.ne_missing(right)


def _bits(values: pl.Series) -> NDArray[np.int64]:
    plain = values.cast(pl.Float64).fill_null(0.0).to_numpy()
    return np.where(np.isnan(plain), np.nan, plain + 0.0).view(np.int64)
