"""The bootstrap's resamples: how often each row is drawn, in integers that are the same on every machine and for every NumPy.

Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from interlock.evaluation.ranks import Integers

CELLS = 2**18
WORKERS = 2
T = TypeVar("T")


def chunks(rows: int, rounds: int) -> list[range]:
    """The rounds in runs whose counts fit a processor's cache. Their cut changes no number."""
    step = max(1, CELLS // max(1, rows))
    return [range(start, min(start + step, rounds)) for start in range(0, rounds, step)]


def counts(rows: int, rounds: Sequence[int], seed: int) -> Integers:
    """How often each of `rows` rows is drawn, (rounds, rows): `rows` draws with replacement in each round.

    A draw is the upper part of 32 random bits times `rows`, so no row is likelier than another by more than rows / 2³².
    """
    return np.stack([_round(rows, seed, number) for number in rounds])


def each(rows: int, rounds: int, seed: int, use: Callable[[Integers], T]) -> list[T]:
    """What `use` makes of the counts of every chunk of rounds, in order, two chunks at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda numbers: use(counts(rows, numbers, seed)), chunks(rows, rounds)))


def _round(rows: int, seed: int, number: int) -> Integers:
    bits = np.random.PCG64([seed, number]).random_raw((rows + 1) // 2).view(np.uint32)[:rows]
    drawn = (bits.astype(np.uint64) * np.uint64(rows)) >> np.uint64(32)
    return np.bincount(drawn.astype(np.int64), minlength=rows)
