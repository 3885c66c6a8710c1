"""Isotonic calibration by a table."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression

from interlock.files import write_json
from interlock.modeling.isotonic import Table, fit
from tests.examples import fewer

raws = st.floats(-30, 30) | st.integers(-3, 3).map(float)


@st.composite
def samples(draw: st.DrawFn) -> tuple[Any, Any]:
    rows = draw(st.integers(2, 400))
    raw = draw(arrays(np.float64, rows, elements=raws))
    label = draw(arrays(np.float64, rows, elements=st.sampled_from([0.0, 1.0])))
    label[:2] = (0, 1)
    return raw, label


def drawn(rows: int, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    raw = random.normal(-1, 1.2, rows)
    return raw, (random.random(rows) < 0.7 / (1 + np.exp(-raw))).astype(float)


@given(samples(), arrays(np.float64, 30, elements=st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_probabilities_lie_within_0_and_1_and_never_fall(sample: tuple[Any, Any], raw: Any) -> None:
    """For any validation rows and any later scores: strictly between 0 and 1, and never decreasing, to the last bit."""
    scores = fit(*sample).apply(np.sort(np.concatenate([raw, sample[0]])))
    assert ((scores > 0) & (scores < 1)).all()
    assert (np.diff(scores) >= 0).all()


@settings(max_examples=fewer(2))
@given(samples())
def test_a_calibrator_survives_its_file(sample: tuple[Any, Any]) -> None:
    """The canonical JSON, which rounds floats, loses nothing of it."""
    import tempfile

    calibrator = fit(*sample)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calibrator.json"
        write_json(path, msgspec.to_builtins(calibrator))
        assert msgspec.json.decode(path.read_bytes(), type=Table) == calibrator


@settings(max_examples=fewer(2))
@given(samples(), st.integers(0, 399))
def test_a_score_does_not_depend_on_its_company(sample: tuple[Any, Any], place: int) -> None:
    """One raw score alone gives the bits that it gives among others."""
    calibrator, raw = fit(*sample), sample[0]
    row = place % len(raw)
    assert calibrator.apply(raw[row : row + 1]).tobytes() == calibrator.apply(raw)[row : row + 1].tobytes()


def test_between_knots_it_is_the_line_that_numpy_draws() -> None:
    """numpy.interp, which promises no bits, agrees to 15 digits, beyond both ends too."""
    calibrator = fit(*drawn(5_000))
    raw = np.linspace(-12, 12, 20_001)
    np.testing.assert_allclose(calibrator.apply(raw), np.interp(raw, calibrator.raw, calibrator.probability), rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_the_knots_are_scikit_learns_isotonic_regression(seed: int) -> None:
    """Knots stand within their pools, at the rates that IsotonicRegression gives to the same bins."""
    raw, label = drawn(10_000, seed)
    calibrator = fit(raw, label)
    bins = np.sort(raw).reshape(100, 100)
    hits = label[np.argsort(raw, kind="stable")].reshape(100, 100).sum(axis=1)
    expected = IsotonicRegression().fit_transform(np.arange(100), (hits + label.mean()) / 101).round(12)
    pools = [np.flatnonzero(expected == value) for value in np.unique(expected)]
    np.testing.assert_allclose(calibrator.probability[1:-1], np.unique(expected), rtol=1e-8)
    assert all(bins[pool[0], 0] <= knot <= bins[pool[-1], -1] for pool, knot in zip(pools, calibrator.raw[1:-1], strict=True))


@pytest.mark.parametrize("rows", [60, 300, 3_000, 40_000])
def test_it_is_calibrated_on_what_it_saw_and_on_what_it_did_not(rows: int) -> None:
    """Mean probability and rate agree within four standard errors, on the fitted rows and on fresh ones; few rows make few knots."""
    raw, label = drawn(rows)
    calibrator = fit(raw, label)
    assert len(calibrator.raw) <= max(2, rows // 100) + 2
    assert abs(calibrator.apply(raw).mean() - label.mean()) < 4 * (0.25 / rows) ** 0.5
    fresh, truth = drawn(50_000, seed=1)
    assert abs(calibrator.apply(fresh).mean() - truth.mean()) < 4 * (0.25 / rows) ** 0.5


def test_scores_that_differ_stay_apart_within_the_range_of_validation() -> None:
    """No order is lost on the way from raw scores to probabilities: an AUC is the same before and after."""
    raw, label = drawn(5_000)
    scores = fit(raw, label).apply(np.sort(raw))
    assert (np.diff(scores) > 0).all()


def test_a_constant_score_gets_the_base_rate() -> None:
    """A model that learned nothing says the base rate."""
    calibrator = fit(np.zeros(1000), np.arange(1000) % 4 == 0)
    np.testing.assert_allclose(calibrator.apply(np.array([-9.0, 0.0, 9.0])), 0.25, rtol=1e-9)


@pytest.mark.parametrize(
    ("raw", "probability"),
    [
        ([], []),
        ([0.0], [0.1, 0.2]),
        ([1.0, 0.0], [0.1, 0.2]),
        ([0.0, 0.0], [0.1, 0.2]),
        ([0.0, 1.0], [0.2, 0.1]),
        ([0.0], [1.1]),
        ([0.0], [-0.1]),
    ],
)
def test_a_table_that_is_no_calibrator_is_refused(raw: list[float], probability: list[float]) -> None:
    """A damaged file is noticed when it is read."""
    with pytest.raises(msgspec.ValidationError, match="calibration table"):
        msgspec.convert({"type": "table", "raw": raw, "probability": probability}, Table)


CODE = """
import hashlib, numpy as np
from interlock.modeling.isotonic import fit
raw = np.random.default_rng(3).normal(size=20_000)
label = (np.arange(20_000) * 7919 % 100 < 30 + 10 * np.sign(raw)).astype(float)
calibrator = fit(raw, label)
print(calibrator.raw, calibrator.probability, hashlib.sha256(calibrator.apply(raw * 1.1).tobytes()).hexdigest())
"""


def test_a_lesser_processor_gives_the_same_bits() -> None:
    """Fitted and applied without the vector units that NumPy would use, the table and the probabilities keep every bit."""
    units = np._core._multiarray_umath  # type: ignore[attr-defined]
    features = [name for name in units.__cpu_dispatch__ if units.__cpu_features__[name]]
    runs = [
        subprocess.run([sys.executable, "-c", CODE], env={**os.environ, **env}, check=True, capture_output=True, text=True).stdout
        for env in ({}, {"NPY_DISABLE_CPU_FEATURES": " ".join(features)})
    ]
    assert runs[0] == runs[1] != ""
