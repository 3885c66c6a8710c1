"""Metrics by slice, on real flights."""

import numpy as np
import polars as pl
import pytest

from interlock.errors import ConfigError
from interlock.evaluation.metrics import measure
from interlock.evaluation.slices import MISSING, POOLED, Slices, by_slice
from interlock.params import convert
from tests.modeled_flights import flights

ROWS = flights().drop_nulls("late")
LABELS = ROWS["late"].to_numpy()
SCORES = (ROWS["hour"] / 24).to_numpy()


def test_each_row_is_in_one_slice_of_a_column() -> None:
    """The rows of a column's slices add up to all rows, the pooled and the missing among them; none is empty."""
    found = by_slice("binary", LABELS, SCORES, ROWS.select("tailnum", "carrier", "morning"), 40)
    for column in ("tailnum", "carrier", "morning"):
        assert sum(record["rows"] for record in found if record["column"] == column) == ROWS.height
    assert min(record["rows"] for record in found) > 0


def test_values_with_few_rows_are_pooled_and_counted() -> None:
    """Only values of at least the minimum stand alone; the rest are one slice that says how many values it holds."""
    sizes = dict(ROWS["carrier"].value_counts().iter_rows())
    found = {record["value"]: record for record in by_slice("binary", LABELS, SCORES, ROWS.select("carrier"), 500)}
    small = [carrier for carrier, rows in sizes.items() if rows < 500]
    assert found.pop(POOLED)["values"] == len(small) > 1
    assert set(found) == sizes.keys() - set(small)


def test_a_slice_has_the_metrics_of_its_rows() -> None:
    """What a slice says is what its rows alone would."""
    rows = (ROWS["origin"] == "JFK").to_numpy()
    (found,) = (r for r in by_slice("binary", LABELS, SCORES, ROWS.select("origin"), 2) if r["value"] == "JFK")
    assert {name: found[name] for name in measure("binary", LABELS, SCORES)} == measure("binary", LABELS[rows], SCORES[rows])


def test_a_missing_value_is_a_slice() -> None:
    """Rows without a value are not lost."""
    columns = pl.DataFrame({"plane": ["a", None, "a", None]})
    found = by_slice("binary", np.array([True, False] * 2), np.array([0.1, 0.2, 0.3, 0.4]), columns, 2)
    assert [(record["slice"], record["rows"]) for record in found] == [(f"plane = {MISSING}", 2), ("plane = a", 2)]


@pytest.mark.parametrize("column", ["part", "as_of"])
def test_a_column_without_groups_is_refused(column: str) -> None:
    """Floats and times have no groups; the error names column and type."""
    with pytest.raises(ConfigError, match=column):
        by_slice("binary", LABELS, SCORES, ROWS.select(column), 2)


def test_a_minimum_of_one_row_is_refused() -> None:
    """A single row bears no metric."""
    with pytest.raises(ConfigError, match=r"usecase\.slices\.minimum"):
        convert({"columns": ["origin"], "minimum": 1}, Slices, "usecase.slices")
