"""Metrics by slice, on real flights."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from interlock.errors import ConfigError
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.metrics import TABLE, measure
from interlock.evaluation.slices import by_slice
from interlock.modeling.groups import MISSING, POOLED, Slices
from interlock.params import convert
from tests.modeled_flights import flights

ROWS = flights().drop_nulls("late")
LABELS = ROWS["late"].to_numpy()
SCORES = (ROWS["hour"] / 24).to_numpy()
HOW = Evaluation(rounds=40)


def sliced(columns: pl.DataFrame, minimum: int, crossings: list[list[str]] | None = None) -> list[dict[str, Any]]:
    alone = [] if crossings else columns.columns
    labels, scores = (LABELS, SCORES) if len(columns) == len(LABELS) else (np.array([True, False] * 2), np.array([0.1, 0.2, 0.3, 0.4]))
    return by_slice("binary", labels, scores, columns, Slices(alone, minimum, tuple(crossings or [])), HOW)


def test_each_row_is_in_one_slice_of_a_column() -> None:
    """The rows of a column's slices add up to all rows, the pooled and the missing among them; none is empty."""
    found = sliced(ROWS.select("tailnum", "carrier", "morning"), 40)
    for column in ("tailnum", "carrier", "morning"):
        assert sum(record["rows"] for record in found if record["column"] == column) == ROWS.height
    assert min(record["rows"] for record in found) > 0


def test_values_with_few_rows_are_pooled_and_counted() -> None:
    """Only values of at least the minimum stand alone; the rest are one slice that says how many values it holds."""
    sizes = dict(ROWS["carrier"].value_counts().iter_rows())
    found = {record["value"]: record for record in sliced(ROWS.select("carrier"), 500)}
    small = [carrier for carrier, rows in sizes.items() if rows < 500]
    assert found.pop(POOLED)["values"] == len(small) > 1
    assert set(found) == sizes.keys() - set(small)


def test_a_slice_has_the_metrics_of_its_rows() -> None:
    """What a slice says is what its rows alone would."""
    rows = (ROWS["origin"] == "JFK").to_numpy()
    (found,) = (r for r in sliced(ROWS.select("origin"), 2) if r["value"] == "JFK")
    assert {name: found[name] for name in measure("binary", LABELS, SCORES)} == measure("binary", LABELS[rows], SCORES[rows])


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_every_kind_of_task_is_sliced(kind: str) -> None:
    """Each slice has the kind's own metrics of its rows, with intervals, and the headline among them."""
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(3), ROWS.height) if kind == "multiclass" else random.random(ROWS.height)
    labels = random.integers(0, 3, ROWS.height) if kind == "multiclass" else ROWS["part"].to_numpy()
    found = by_slice(kind, labels, scores, ROWS.select("origin"), Slices(["origin"], 100), HOW)
    assert [one["value"] for one in found] == ["EWR", "JFK", "LGA"]
    for one in found:
        rows = (ROWS["origin"] == one["value"]).to_numpy()
        assert {name: one[name] for name in TABLE[kind]} == measure(kind, labels[rows], scores[rows])
        headline = {"multiclass": "auc", "regression": "r2"}[kind]
        assert one[f"{headline}_low"] < one[headline] < one[f"{headline}_high"]


def test_a_missing_value_is_a_slice() -> None:
    """Rows without a value are not lost."""
    columns = pl.DataFrame({"plane": ["a", None, "a", None]})
    found = sliced(columns, 2)
    assert [(record["slice"], record["rows"]) for record in found] == [(f"plane = {MISSING}", 2), ("plane = a", 2)]


@pytest.mark.parametrize("column", ["part", "as_of"])
def test_a_column_without_groups_is_refused(column: str) -> None:
    """Floats and times have no groups; the error names column and type."""
    with pytest.raises(ConfigError, match=column):
        sliced(ROWS.select(column), 2)


def test_a_minimum_of_one_row_is_refused() -> None:
    """A single row bears no metric."""
    with pytest.raises(ConfigError, match=r"usecase\.slices\.minimum"):
        convert({"columns": ["origin"], "minimum": 1}, Slices, "usecase.slices")


def test_a_crossing_is_of_the_rows_that_share_both_values() -> None:
    """Each crossing that is large enough has the metrics of its own rows; small ones are pooled over both columns."""
    found = sliced(ROWS.select("origin", "carrier"), 500, [["origin", "carrier"]])
    assert sum(record["rows"] for record in found) == ROWS.height
    (both,) = (record for record in found if record["value"] == "JFK × B6")
    rows = ((ROWS["origin"] == "JFK") & (ROWS["carrier"] == "B6")).to_numpy()
    assert (both["column"], both["rows"], both["auc"]) == (
        "origin × carrier",
        rows.sum(),
        measure("binary", LABELS[rows], SCORES[rows])["auc"],
    )
    assert both["auc_low"] < both["auc"] < both["auc_high"]
    assert found[-1]["value"] == POOLED
