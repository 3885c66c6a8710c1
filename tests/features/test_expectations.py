"""What is expected of features, offline and online: the same values are outside, warnings are counted, failures refuse a row."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.dtypes import dtype_of
from interlock.errors import ContractError
from interlock.features.expectations import broken, enforce, outside, refusals, warnings
from interlock.features.featureset import About, FeatureSet, OnDemand, Request

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Float64": st.floats(),
    "Float32": st.floats(width=32),
    "Int64": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "UInt8": st.integers(0, 255),
    "Boolean": st.booleans(),
}
bounds = st.tuples(*[st.floats(allow_nan=False) | st.sampled_from([-1.0, 0.0, 0.1, 1.0, float(2**53)])] * 2).map(sorted)


def feature(name: str, dtype: str, **about: Any) -> OnDemand:
    return OnDemand(name, dtype, About(**about), ["col", name])


def declared(*features: OnDemand) -> FeatureSet:
    return FeatureSet(Request(("id",), None, {"id": "Int64"}), {}, {}, features)


@st.composite
def batches(draw: st.DrawFn) -> tuple[FeatureSet, pl.DataFrame]:
    """A few features of every type, some with an expectation, and rows."""
    rows = draw(st.integers(0, 6))
    made, columns = [], {}
    for number in range(draw(st.integers(1, 5))):
        dtype = draw(st.sampled_from(sorted(VALUES)))
        name = draw(st.sampled_from(["f", "_f"])) + str(number)
        expect = draw(st.none() | bounds)
        made.append(feature(name, dtype, expect=expect and tuple(expect), severity=draw(st.sampled_from(["warn", "fail"]))))
        columns[name] = pl.Series(draw(st.lists(st.none() | VALUES[dtype], min_size=rows, max_size=rows)), dtype=dtype_of(dtype))
    return declared(*made), pl.DataFrame(columns)


@given(batches())
def test_online_and_offline_find_the_same_values(batch: tuple[FeatureSet, pl.DataFrame]) -> None:
    """A micro-batch breaks exactly where the expression over a whole frame does: nulls never, NaN always, bounds included; private never."""
    features, frame = batch
    found = [(row, name) for row, name, _ in broken(features, frame).rows()]
    expected = [(row, item.name) for item in features.public for row in frame.select(x=outside(item)).with_row_index().filter("x")["index"]]
    assert sorted(found) == sorted(expected)


@given(batches())
def test_a_whole_frame_fails_where_a_row_would(batch: tuple[FeatureSet, pl.DataFrame]) -> None:
    """`featurize` fails on a frame if and only if the online executor refuses a row of it; every other broken value is a warning."""
    features, frame = batch
    found = broken(features, frame)
    refused, counted = refusals(features, found), warnings(features, found)
    strict = [name for name in found["feature"] if features.by_name[name].about.severity == "fail"]
    assert len(strict) + counted.total() == found.height
    if refused:
        with pytest.raises(ContractError):
            enforce(features, frame)
    else:
        enforce(features, frame)
        assert not strict


def test_a_refused_row_says_why_and_the_others_stand() -> None:
    """The row with the value outside is refused with feature, value and range; a warning of another row only counts."""
    features = declared(feature("speed", "Float64", expect=(0.0, 10.0), severity="fail"), feature("age", "Int64", expect=(0.0, 60.0)))
    found = broken(features, pl.DataFrame({"speed": [1.0, 11.5, None], "age": [61, None, 99]}))
    assert found.rows() == [(1, "speed", 11.5), (0, "age", 61.0), (2, "age", 99.0)]
    assert found.schema == {"row": pl.UInt32, "feature": pl.String, "value": pl.Float64}
    assert warnings(features, found) == {"age": 2}
    refused = refusals(features, found)
    assert {row: str(error) for row, error in refused.items()} == {
        1: "speed is 11.5, outside of [0.0, 10.0]\n  → mend its source, or lower the severity to warn"
    }


def test_the_first_feature_that_fails_a_row_is_named() -> None:
    """A row that several features refuse is refused for the first of them in declared order."""
    features = declared(*(feature(name, "Int64", expect=(0, 1), severity="fail") for name in ("b", "a")))
    refused = refusals(features, broken(features, pl.DataFrame({"a": [5], "b": [7]})))
    assert refused[0].found.startswith("b is 7")


def test_a_batch_as_expected_has_nothing_broken() -> None:
    """Where every value is as expected the answer is empty, and of the same columns."""
    features = declared(feature("age", "Int64", expect=(0, 60)))
    found = broken(features, pl.DataFrame({"age": [0, 60, None]}))
    assert found.is_empty()
    assert found.schema == broken(features, pl.DataFrame({"age": [61]})).schema
