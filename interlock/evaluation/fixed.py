"""Numbers in whole units, so that sums of them are exact in any order, and the same on every machine."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from interlock.evaluation.ranks import Integers, Scores

Replicates: TypeAlias = NDArray[np.float64]
BITS = 62


@dataclass(frozen=True)
class Fixed:
    """Numbers as the sum of `parts`, whole multiples of `units`, of which each is a fraction of the one before.

    The greatest number takes as many bits as leave the sum of all that are drawn below 2⁶³: of a hundred thousand rows one
    part keeps a number to 2⁻⁴⁵ of the greatest, two parts to 2⁻⁹⁰.
    """

    parts: tuple[Integers, ...]
    units: tuple[float, ...]

    @classmethod
    def of(cls, values: Scores, drawn: int, parts: int = 1) -> "Fixed":
        """`values`, of any finite magnitude, whose counts in a round add up to `drawn` at most."""
        bits = BITS - drawn.bit_length()
        exponent = int(np.frexp(np.abs(values).max(initial=0.0))[1]) - bits
        left, whole, units = values, [], []
        for _ in range(parts):
            scaled = np.ldexp(left, -exponent)
            whole.append(np.rint(scaled).astype(np.int64))
            units.append(float(np.ldexp(1.0, exponent)))
            left, exponent = np.ldexp(scaled - np.rint(scaled), exponent), exponent - bits
        return cls(tuple(whole), tuple(units))

    def total(self, counts: Integers) -> Replicates:
        """The sum of the numbers in each round of `counts`, (rounds, numbers)."""
        return self.join([np.einsum("ij,j->i", counts, part) for part in self.parts])

    def join(self, sums: list[Integers]) -> Replicates:
        """A number of each sum of every part."""
        return added([part.astype(np.float64) * unit for part, unit in zip(sums, self.units, strict=True)])


def added(terms: list[Replicates]) -> Replicates:
    """The sum of equally long arrays, in their order."""
    found = terms[0]
    for term in terms[1:]:
        found = found + term
    return found


def from_zero(values: Integers) -> Integers:
    """The sum of all values before each position, and of all of them at the end."""
    out = np.zeros((values.shape[0], values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out
