"""Paths into reports, whatever the reports hold."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.evaluation.paths import at, has, number, undeclared

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3),
    max_leaves=12,
)
PATHS = st.lists(st.sampled_from(["a", "b", "name", "", "0"]), min_size=1, max_size=4).map(".".join)


@given(JSON, PATHS)
def test_no_report_and_no_path_raises(report: Any, path: str) -> None:
    """Lists of numbers, records without a name, text where a mapping should be: the path leads nowhere, and nothing fails."""
    found = at(report, path)
    if found is not None:
        assert has(report, path)
    assert undeclared(report, path) in {True, False}


def test_listed_records_are_reached_by_their_name() -> None:
    """A key of a mapping, or the name of a record; of two records of one name neither."""
    report = {
        "gaps": [{"name": "sex", "odds": 0.1}, {"name": "age", "odds": None}],
        "twice": [{"name": "a", "b": 1}, {"name": "a", "b": 2}],
    }
    assert at(report, "gaps.sex.odds") == 0.1
    assert has(report, "gaps.age.odds")
    assert at(report, "gaps.age.odds") is None
    assert at(report, "twice.a.b") is None


@pytest.mark.parametrize(
    "value", [None, True, False, "1", [1], {"a": 1}, math.nan, math.inf, -math.inf, 10**400, -(10**400)], ids=lambda v: str(v)[:9]
)
def test_what_is_no_finite_number_is_none(value: Any) -> None:
    """A Boolean, text, an infinity, or an integer that no float can hold."""
    assert number(value) is None


def test_only_a_false_on_the_way_is_undeclared() -> None:
    """`declared: false` in the report or in a part on the way says so; true, a missing one or one elsewhere does not."""
    assert undeclared({"worst_slice": {"declared": False, "auc": None}}, "worst_slice.auc")
    assert undeclared({"declared": False, "attributes": []}, "attributes.sex.gaps.odds")
    for declared in (True, None, 0, "false"):
        assert not undeclared({"worst_slice": {"declared": declared}, "other": {"declared": False}}, "worst_slice.auc")
