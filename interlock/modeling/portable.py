"""Exponential and logarithm by plus, minus, times and divide alone: the same bits on every processor.

Those of a C library or of NumPy give other last bits where another set of vector instructions is there. Coefficients and
reduction follow fdlibm (Sun Microsystems, 1993, `e_exp.c` and `e_log.c`); both lie within one unit in the last place of the true value.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
PER_LN2 = 1.44269504088896338700
LEAST, MOST = -745.2, 709.782712893384
EXP = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip


def exp(values: Numbers) -> Numbers:
    """e to the power of each value: 0 below −745.14, infinite above 709.78, NaN for NaN."""
    within = np.clip(values, LEAST, MOST)
    times = np.rint(within * PER_LN2)
    high, low = within - times * LN2_HIGH, times * LN2_LOW
    rest = high - low
    square = rest * rest
    even = rest - square * _horner(EXP, square)
    found = 1.0 - ((low - (rest * even) / (2.0 - even)) - high)
    # NOTE: in two steps, since one power of two alone would leave the range where the result does not
    half = np.trunc(times / 2)
    scaled = np.ldexp(np.ldexp(found, _whole(half)), _whole(times - half))
    out: Numbers = np.where(values > MOST, np.inf, np.where(values < LEAST, 0.0, scaled))
    return np.where(np.isnan(values), np.nan, out)


def log(values: Numbers) -> Numbers:
    """The natural logarithm of each value: −infinity for 0, NaN below it."""
    with np.errstate(invalid="ignore"):
        mantissa, power = np.frexp(np.where((values > 0) & np.isfinite(values), values, 1.0))
    small = mantissa < 0.70710678118654752440
    part = np.where(small, mantissa * 2, mantissa) - 1.0
    power = (power - small).astype(np.float64)
    ratio = part / (2.0 + part)
    square = ratio * ratio
    half = 0.5 * part * part
    found: Numbers = power * LN2_HIGH - ((half - (ratio * (half + square * _horner(LOG, square)) + power * LN2_LOW)) - part)
    edges = np.where(values == 0, -np.inf, np.where(values > 0, values, np.nan))
    return np.where((values > 0) & np.isfinite(values), found, edges)


def softmax(raw: Numbers) -> Numbers:
    """The share of each column's exponential in its row, (n, k)."""
    return normalised(exp(raw - raw.max(axis=1, keepdims=True)))


def normalised(parts: Numbers) -> Numbers:
    """Each row of (n, k) divided by its sum."""
    shares: Numbers = parts / totals(parts)[:, None]
    return shares


def totals(parts: Numbers) -> Numbers:
    """The sum of each row of (n, k), in one order of adding, whatever the number of rows."""
    total = parts[:, 0].copy()
    for column in range(1, parts.shape[1]):
        total = total + parts[:, column]
    return total


def _horner(coefficients: tuple[float, ...], x: Numbers) -> Numbers:
    """The polynomial with these coefficients, that of the lowest power first."""
    found = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        found = found * x + coefficient
    return found


def _whole(values: Numbers) -> NDArray[np.int32]:
    return np.nan_to_num(values).astype(np.int32)
