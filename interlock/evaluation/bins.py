"""Bins of equal numbers of rows, which calibration is measured in."""

import numpy as np

from interlock.evaluation.ranks import Integers, Scores

BINS = 10


def binned(values: Scores, bins: int = BINS) -> Integers:
    """The bin, from 0, of each value; equal values share one, so with ties a bin may be larger, or empty."""
    if not len(values):
        return np.zeros(0, np.int64)
    ordered = np.sort(values)
    edges = [ordered[k * (len(values) - 1) // bins] for k in range(1, bins)]
    return np.searchsorted(np.array(edges), values, side="left")
