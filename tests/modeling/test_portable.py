"""Exponential and logarithm against the C library's, and their bits against themselves."""

import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from interlock.modeling import portable
from tests.modeled_flights import flights

EXP = [0.0, -0.0, 1e-300, 5e-324, 1.0, -1.0, 709.782712893384, -708.4, -744.4, -745.13, -745.14, -745.2, -1e300, 0.34657359027997264]
LOG = [5e-324, 2.2e-308, 2.2250738585072014e-308, 1.0, math.nextafter(1, 0), math.nextafter(1, 2), 0.5, 2.0, 0.7071067811865476, 1.7e308]


def worst(found: NDArray[np.float64], expected: list[float]) -> float:
    """The largest distance, in units of the last place of what is expected."""
    return max(float(abs(mine - theirs) / math.ulp(theirs)) for mine, theirs in zip(found.tolist(), expected, strict=True))


def test_exp_is_that_of_the_c_library_within_a_unit_of_the_last_place() -> None:
    """Over the whole range, near 0, where results are subnormal, and at every edge."""
    random = np.random.default_rng(0)
    values = np.concatenate(
        [random.uniform(-745.2, 709.78, 60_000), random.normal(0, 0.3, 30_000), random.uniform(-745.2, -708, 10_000), EXP]
    )
    assert worst(portable.exp(values), [math.exp(value) for value in values]) <= 1


def test_log_is_that_of_the_c_library_within_a_unit_of_the_last_place() -> None:
    """Of every exponent there is, around 1, of subnormal numbers, and at every edge."""
    random = np.random.default_rng(0)
    every = random.integers(1, 0x7FF0000000000000, 60_000).view(np.float64)
    small = random.integers(1, 2**52, 10_000).view(np.float64)
    values = np.concatenate([every, random.uniform(0.5, 2, 30_000), 1 + random.normal(0, 1e-8, 10_000), small, LOG])
    assert worst(portable.log(values), [math.log(value) for value in values]) <= 1


def test_edges_are_what_they_must_be() -> None:
    """Infinite, missing, negative and out of range: no warning, no surprise."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        powers = portable.exp(np.array([np.inf, -np.inf, np.nan, 709.8, -745.3, 0.0]))
        logs = portable.log(np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, -1.0, 1.0]))
    np.testing.assert_array_equal(powers, [np.inf, 0, np.nan, np.inf, 0, 1])
    np.testing.assert_array_equal(logs, [np.inf, np.nan, np.nan, -np.inf, -np.inf, np.nan, 0])


@given(values=arrays(np.float64, st.integers(0, 80), elements=st.floats()), stride=st.integers(1, 4), cut=st.integers(0, 80))
@pytest.mark.parametrize("function", [portable.exp, portable.log])
def test_a_value_has_the_same_bits_in_any_array(function: Callable[[Any], Any], values: Any, stride: int, cut: int) -> None:
    """Alone, reversed, strided and cut anywhere: vector units see other neighbours, and give the same."""
    whole = function(values)
    assert function(np.repeat(values, stride)[::stride]).tobytes() == whole.tobytes()
    assert function(values[::-1])[::-1].tobytes() == whole.tobytes()
    assert np.concatenate([function(values[:cut]), function(values[cut:])]).tobytes() == whole.tobytes()
    assert b"".join(function(values[place : place + 1]).tobytes() for place in range(len(values))) == whole.tobytes()


@given(st.integers(2, 40).flatmap(lambda k: arrays(np.float64, (7, k), elements=st.floats(-1e3, 1e3))))
def test_softmax_adds_up_to_one_and_keeps_order(raw: Any) -> None:
    """Shares of each row are 1 together within 1e-15 a column, ordered as the scores are, and the same in a row alone."""
    shares = portable.softmax(raw)
    assert max(abs(math.fsum(row) - 1) for row in shares.tolist()) <= 1e-15 * raw.shape[1]
    order = np.argsort(raw, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(shares, order, axis=1)) >= 0).all()
    assert b"".join(portable.softmax(raw[row : row + 1]).tobytes() for row in range(7)) == shares.tobytes()
    assert portable.softmax(np.asfortranarray(raw)).tobytes() == shares.tobytes()


def test_softmax_is_scipys() -> None:
    """An independent softmax agrees to twelve digits."""
    from scipy.special import softmax

    raw = flights().select("distance", "hour", "part").head(500).to_numpy() / 100
    np.testing.assert_allclose(portable.softmax(raw), softmax(raw, axis=1), rtol=1e-12)
    assert portable.softmax(raw[:0]).shape == (0, 3)


CODE = """
import hashlib, numpy as np
from interlock.modeling import portable, stopping
random = np.random.default_rng(3)
raw, labels = random.normal(0, 40, (20_001, 3)), random.integers(0, 3, 20_001)
for found in (portable.exp(raw), portable.log(np.abs(raw)), portable.softmax(raw)):
    print(hashlib.sha256(found.tobytes()).hexdigest())
print(stopping.log_loss(labels, raw), *(stopping.LOSSES[name](labels, raw[:, 0]) for name in ("l1", "l2", "poisson")))
"""


def test_a_lesser_processor_gives_the_same_bits() -> None:
    """Without the vector units that NumPy would use every function, and every loss made of them, keeps every bit."""
    units = np._core._multiarray_umath  # type: ignore[attr-defined]
    features = [name for name in units.__cpu_dispatch__ if units.__cpu_features__[name]]
    runs = [
        subprocess.run([sys.executable, "-c", CODE], env={**os.environ, **env}, check=True, capture_output=True, text=True).stdout
        for env in ({}, {"NPY_DISABLE_CPU_FEATURES": " ".join(features)})
    ]
    assert runs[0] == runs[1] != ""
