"""The profile of features: quantiles and histograms by counting, the same whatever the order of rows."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from interlock.features.featureset import About, OnDemand
from interlock.features.profile import BINS, QUANTILES, distribution, nearest

FLOAT, WHOLE = (OnDemand("x", dtype, About(), ["col", "x"]) for dtype in ("Float64", "Int64"))
floats = st.lists(st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf")]), max_size=60)
wholes = st.lists(st.none() | st.integers(-50, 50) | st.integers(-(2**40), 2**40), max_size=60)


def of(feature: OnDemand, values: list[Any]) -> dict[str, Any]:
    return distribution(feature, pl.Series("x", values, pl.Float64 if feature is FLOAT else pl.Int64))


def edges(histogram: dict[str, Any]) -> list[float]:
    return [histogram["from"] + histogram["width"] * number for number in range(1, len(histogram["counts"]))]


@given(floats, st.randoms())
def test_rows_in_another_order_have_the_same_profile(values: list[float | None], random: Any) -> None:
    """Nothing in a profile depends on the order of rows."""
    shuffled = random.sample(values, len(values))
    assert of(FLOAT, values) == of(FLOAT, shuffled)


@given(floats)
def test_a_histogram_counts_every_finite_value_once(values: list[float | None]) -> None:
    """Counts add up to the finite values, each in the bin whose edges hold it; the rest are null or told as not finite."""
    found = of(FLOAT, values)
    finite = [value for value in values if value is not None and abs(value) < float("inf")]
    assert found.get("not_finite", 0) == sum(value is not None for value in values) - len(finite)
    if not finite:
        assert "histogram" not in found
        return
    counts, ends = found["histogram"]["counts"], edges(found["histogram"])
    assert len(counts) <= BINS
    assert counts == [sum(sum(end <= value for end in ends) == number for value in finite) for number in range(len(counts))]


@given(wholes)
def test_bins_of_integers_hold_equally_many(values: list[int | None]) -> None:
    """The edges of integers are integers, so that no bin is fuller only because it holds one integer more."""
    histogram = of(WHOLE, values).get("histogram")
    if histogram:
        assert histogram["width"] == int(histogram["width"]) >= 1
        assert len(histogram["counts"]) <= BINS
        assert sum(histogram["counts"]) == sum(value is not None for value in values)


@given(floats)
def test_quantiles_are_those_of_polars(values: list[float | None]) -> None:
    """Quantiles, least and greatest are what Polars finds by its nearest rank among the finite values, ties of ranks apart."""
    finite = pl.Series("x", [value for value in values if value is not None and abs(value) < float("inf")], pl.Float64)
    found = of(FLOAT, values)
    if finite.len():
        assert (found["min"], found["max"]) == (finite.min(), finite.max())
        ordered = finite.sort()
        for share in QUANTILES:
            assert nearest(ordered, share) in {finite.quantile(share, way) for way in ("lower", "higher")}


def test_a_constant_and_nothing_have_a_profile() -> None:
    """One value alone is one bin; no rows, and nulls alone, have no figures and no error."""
    assert of(FLOAT, [2.5, 2.5])["histogram"] == {"from": 2.5, "width": 0.0, "counts": [2]}
    assert of(WHOLE, [7])["histogram"] == {"from": 7.0, "width": 1.0, "counts": [1]}
    assert of(FLOAT, []) == {"rows": 0, "null_share": 0.0, "distinct": 0}
    assert of(WHOLE, [None, None]) == {"rows": 2, "null_share": 1.0, "distinct": 0}
