"""What changed in the data, by the validation reports of both sides."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts import profile
from interlock.contracts.report import _column as described
from interlock.reporting import tables


class Side:
    """A side with a validation report alone."""

    def __init__(self, **of: Any) -> None:
        self.found = {"world": "full", "findings": [], "tables": of}

    def report(self, _: str) -> Any:
        return self.found


def table(rows: int = 10, aside: int = 0, broke: int = 0, columns: list[Any] | None = None) -> dict[str, Any]:
    rules = [{"rule": "unique", "column": "id", "severity": "quarantine", "rows": broke}]
    return {"rows": rows, "quarantined": aside, "rules": rules, "columns": columns or []}


def changed(before: Side, after: Side) -> dict[str, Any]:
    found = tables.changed(before, after)  # type: ignore[arg-type] # of a side it asks the report alone
    assert found is not None
    return found


def test_equal_reports_have_nothing_to_say() -> None:
    """Every list is empty."""
    assert not any(changed(Side(a=table()), Side(a=table())).values())


def test_rows_rules_and_columns_are_told_by_table() -> None:
    """Counts of both sides; a table or column of one side alone has none on the other."""
    column = {"column": "x", "dtype": "Int64", "nulls": 0.0, "bins": []}
    found = changed(Side(a=table(10, 1, 1), gone=table(5)), Side(a=table(12, 3, 3, [column])))
    assert found["tables"] == [
        {"table": "a", "rows_base": 10, "rows_head": 12, "quarantined_base": 1, "quarantined_head": 3},
        {"table": "gone", "rows_base": 5, "rows_head": None, "quarantined_base": 0, "quarantined_head": None},
    ]
    assert found["rules"] == [{"table": "a", "rule": "unique", "column": "id", "severity": "quarantine", "base": 1, "head": 3}]
    assert found["columns"] == [{"table": "a", "column": "x", "base": None, "head": "Int64"}]


@given(st.lists(st.integers(0, 9), min_size=30, max_size=60), st.lists(st.integers(0, 9), min_size=30, max_size=60))
def test_a_distance_is_that_of_the_profiles_themselves(before: list[int], after: list[int]) -> None:
    """Over the same bins the reports give the total variation distance that the profiles give."""
    one = profile.column(pl.Series("x", before))
    other = profile.column(pl.Series("x", after), one)
    found = changed(Side(a=table(columns=[described("x", one, None)])), Side(a=table(columns=[described("x", other, None)])))
    expected = profile.distance(one, other)
    assert [one["distance"] for one in found["shifts"]] == ([pytest.approx(expected)] if expected >= tables.SHIFTED else [])
