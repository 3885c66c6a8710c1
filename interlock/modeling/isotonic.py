"""Isotonic calibration: from scores to probabilities by a table, plus, minus, times and divide alone: the same bits on any processor."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from interlock.files import SIGNIFICANT

BIN = 100
BINS = 100


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="table"):
    """Knots of increasing raw scores and non-decreasing probabilities; linear between them, constant outside."""

    raw: tuple[float, ...]
    probability: tuple[float, ...]

    def __post_init__(self) -> None:
        table = len(self.raw) == len(self.probability) > 0 and list(self.raw) == sorted(set(self.raw))
        if not table or [0.0, *self.probability, 1.0] != sorted([0.0, *self.probability, 1.0]):
            raise ValueError("a calibration table's raw scores increase, and its probabilities never decrease and lie within 0 and 1")

    def apply(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of each raw score, within [0, 1]; never decreasing in `raw`."""
        x, y = np.array(self.raw), np.array(self.probability)
        if len(x) == 1:
            return np.full(raw.shape, y[0])
        left = np.clip(np.searchsorted(x, raw, side="right") - 1, 0, len(x) - 2)
        right = left + 1
        between = y[left] + (raw - x[left]) / (x[right] - x[left]) * (y[right] - y[left])
        clamped: NDArray[np.float64] = np.minimum(np.maximum(between, y[left]), y[right])
        return clamped


def fit(raw: NDArray[np.float64], label: NDArray[np.generic]) -> Table:
    """The table of `label` (0 or 1) on `raw`.

    Bins of equal numbers of rows, at most 100 and of 100 rows at least where there are 200; each holds one row of the
    base rate as well, so that no probability is 0 or 1. Isotonic regression (Barlow et al., 1972) pools bins that are out
    of order; each pool is a knot, at its median score, and the outer lines go on to the outermost scores. A class that no
    row has gets the rate of one row.
    """
    order = np.argsort(raw, kind="stable")
    ranked, positives = raw[order], np.concatenate(([0], np.cumsum(label[order].astype(np.int64))))
    edges = _edges(ranked)
    pools = _pools(edges.tolist(), positives[edges].tolist())
    x = [float(ranked[(start + end) // 2]) for start, end, _ in pools]
    y = [rate for _, _, rate in pools]
    return _table([float(ranked[0]), *x, float(ranked[-1])], [_low(x, y, ranked[0]), *y, _high(x, y, ranked[-1])])


def _edges(ranked: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first rows of the bins and the end of the last one; equal scores share a bin."""
    bins = min(BINS, max(2, len(ranked) // BIN))
    nominal = np.arange(bins) * len(ranked) // bins
    starts = np.searchsorted(ranked, ranked[nominal], side="left")
    return np.unique(np.append(starts, len(ranked)))


def _pools(edges: list[int], positives: list[int]) -> list[tuple[int, int, float]]:
    """Pools of adjacent violators: first row, end and rate of each.

    `positives` counts those before each edge. Rates are compared as fractions of whole numbers, in units of one row over
    all rows: SciPy's sums of floats leave it to a rounding error whether equal rates are one pool.
    """
    everything, all_positives = edges[-1], max(1, positives[-1])
    pools: list[tuple[int, int, int, int]] = []
    for start, end, before, after in zip(edges, edges[1:], positives, positives[1:], strict=False):
        first, hits, rows = start, (after - before) * everything + all_positives, end - start + 1
        while pools and pools[-1][2] * rows >= hits * pools[-1][3]:
            first, _, more_hits, more_rows = pools.pop()
            hits, rows = hits + more_hits, rows + more_rows
        pools.append((first, end, hits, rows))
    return [(first, end, hits / (rows * everything)) for first, end, hits, rows in pools]


def _low(x: list[float], y: list[float], least: float) -> float:
    """The first line at the `least` score, at half the first knot's probability or above."""
    return max(y[0] - (x[0] - least) * _slope(x[:2], y[:2]), y[0] / 2)


def _high(x: list[float], y: list[float], greatest: float) -> float:
    """The last line at the `greatest` score, at most halfway from the last knot's probability to 1."""
    return min(y[-1] + (greatest - x[-1]) * _slope(x[-2:], y[-2:]), (y[-1] + 1) / 2)


def _slope(x: list[float], y: list[float]) -> float:
    return (y[-1] - y[0]) / (x[-1] - x[0]) if len(x) > 1 else 0.0


def _table(raw: list[float], probability: list[float]) -> Table:
    """Knots at the digits that the JSON writer keeps, so that a table read back is the one that was fitted."""
    knots = {short(x): short(y) for x, y in zip(raw, probability, strict=True)}
    return Table(tuple(knots), tuple(knots.values()))


def short(value: float) -> float:
    """A number at the digits that the JSON writer keeps."""
    return float(f"{value:.{SIGNIFICANT}g}")
