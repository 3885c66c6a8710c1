"""Numbers in whole units."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.evaluation.fixed import Fixed

VALUES = st.lists(st.floats(-1e30, 1e30, allow_subnormal=False), min_size=1, max_size=30)


@given(VALUES, st.integers(1, 2), st.integers(1, 2**20))
def test_a_total_is_the_exact_one_to_the_precision_that_is_told(values: list[float], parts: int, drawn: int) -> None:
    """With counts that add up to the bound, the sum of fractions, less at most half of the last unit a draw and the rounding of a float."""
    counts = np.zeros((1, len(values)), np.int64)
    counts[0, 0], counts[0, -1] = drawn // 2, drawn - drawn // 2
    fixed = Fixed.of(np.array(values), drawn, parts)
    exact = sum((int(count) * Fraction(value) for count, value in zip(counts[0], values, strict=True)), Fraction(0))
    allowed = drawn * Fraction(fixed.units[-1]) / 2 + abs(exact) * Fraction(1, 2**51)
    assert abs(Fraction(fixed.total(counts)[0]) - exact) <= allowed
    assert not any(values) or Fraction(fixed.units[-1]) <= Fraction(max(map(abs, values))) / 2 ** (parts * (62 - drawn.bit_length()) - 1)


@given(VALUES, st.randoms(use_true_random=False))
def test_no_order_of_the_numbers_changes_a_bit(values: list[float], random: Random) -> None:
    """Whole numbers add up to the same in any order, where floats do not."""
    shuffled = values.copy()
    random.shuffle(shuffled)
    ones = np.ones((1, len(values)), np.int64)
    first, second = (Fixed.of(np.array(given), len(given), 2).total(ones)[0] for given in (values, shuffled))
    assert first == second


@pytest.mark.parametrize("rows", [1, 70_000, 2**31])
def test_no_sum_of_the_largest_number_wraps(rows: int) -> None:
    """All draws of the greatest number add up below 2⁶³, on either side of zero."""
    for value in (1.0, -1.0, 1 - 2.0**-53):
        fixed = Fixed.of(np.array([value]), rows)
        assert abs(int(fixed.parts[0][0])) * rows < 2**63
        assert fixed.total(np.array([[rows]]))[0] == pytest.approx(value * rows, rel=1e-9)


def test_nothing_and_zeros_are_zero() -> None:
    """No number, and only zeros, have a sum."""
    assert Fixed.of(np.zeros(0), 5, 2).total(np.zeros((3, 0), np.int64)).tolist() == [0, 0, 0]
    assert Fixed.of(np.zeros(2), 5).total(np.ones((1, 2), np.int64)).tolist() == [0]
