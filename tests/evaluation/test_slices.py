"""Metrics by slice, on real flights."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.gates import Gate, judge
from interlock.evaluation.metrics import TABLE, measure
from interlock.evaluation.slices import by_slice, worst
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.modeling.groups import MISSING, POOLED, Slices, grouped
from interlock.params import convert, read_yaml
from tests.modeled_flights import flights

ROWS = flights().drop_nulls("late")
LABELS = ROWS["late"].to_numpy()
SCORES = (ROWS["hour"] / 24).to_numpy()
HOW = Evaluation(rounds=40)
GATES = Path(__file__).parents[2] / "conf/gates/regression.yaml"
ODD = st.sampled_from([None, MISSING, POOLED, f'"{MISSING}"', '"', "a", "b", "a × b", " × ", "×", "a ×", "× b", ""])


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


@given(st.lists(st.tuples(ODD, ODD), min_size=1, max_size=40), st.integers(2, 6))
def test_no_row_is_lost_or_taken_for_another_whatever_values_are_called(rows: list[tuple[str | None, str | None]], minimum: int) -> None:
    """Of each column and crossing the sizes are those of its values, counted by themselves, and the rest is one pool."""
    columns = pl.DataFrame(rows, schema={"one": pl.String, "two": pl.String}, orient="row")
    labels, scores = np.arange(len(rows)) % 2 == 0, np.linspace(0, 1, len(rows))
    found = by_slice("binary", labels, scores, columns, Slices(["one", "two"], minimum, (["one", "two"],)), HOW)
    for column, of in {"one": ["one"], "two": ["two"], "one × two": ["one", "two"]}.items():
        sizes = columns.group_by(of).len()["len"].to_list()
        mine = [one for one in found if one["column"] == column]
        assert sorted(one["rows"] for one in mine if not one["pooled"]) == sorted(size for size in sizes if size >= minimum)
        pool = [(one["rows"], one["values"], one["value"]) for one in mine if one["pooled"]]
        small = [size for size in sizes if size < minimum]
        assert pool == ([(sum(small), len(small), POOLED)] if small else [])
    assert len({one["slice"] for one in found}) == len(found)


def test_a_pool_of_one_small_value_is_a_pool_and_not_judged() -> None:
    """Twelve rows that are ranked backwards, below the declared minimum, are told of and are not the worst slice."""
    labels, scores = np.tile([True, False], 106), np.tile([0.9, 0.1], 106)
    scores[200:] = 1 - scores[200:]
    columns = pl.DataFrame({"home": ["large"] * 200 + ["small"] * 12})
    found = by_slice("binary", labels, scores, columns, Slices(["home"], 30), HOW)
    assert [(one["value"], one["values"], one["pooled"], one["auc"]) for one in found] == [("large", 1, False, 1.0), (POOLED, 1, True, 0.0)]
    assert worst(found, "binary", "auc")["slice"] == "home = large"


def test_a_slice_that_bears_no_interval_is_the_worst_and_says_what_to_do() -> None:
    """Of 200 rows 3 are positive, and ranked backwards: no other slice is judged in its place, and the gate finds no evidence."""
    random = np.random.default_rng(1)
    labels, scores = random.random(1000) < 0.5, random.random(1000)
    labels[800:], scores[800:803] = False, 0.0
    labels[800:803] = True
    columns = pl.DataFrame({"home": ["large"] * 800 + ["rare"] * 200})
    found = worst(by_slice("binary", labels, scores, columns, Slices(["home"], 100), Evaluation(200)), "binary", "auc")
    told = "home = rare, of 200 rows, bears no interval: raise usecase.slices.minimum, or slice otherwise"
    assert found == {"slice": "home = rare", "rows": 200, "auc": 0.0, "auc_low": None, "lacking": told}
    gate = Gate("worst_slice.auc", "Nobody is ranked worse than by a coin.", min=0.5)
    (said,) = judge({"slices": gate}, {"metrics": {"worst_slice": found}})["gates"].values()
    assert said["verdict"] == LACKING
    assert said["words"].endswith(told)


def regressed(broken: float = 0.0) -> dict[str, Any]:
    """The worst slice of a good model, R² 0.5, whose slices hold few rows that vary less than all do; one may be off by `broken`."""
    random = np.random.default_rng(3)
    places = np.repeat(np.arange(12), 60)
    truth = random.normal(0, 1, 12)[places] + random.normal(0, 0.4, 720)
    scores = truth + broken * (places == 5)
    columns = pl.DataFrame({"place": [f"p{place:02}" for place in places]})
    return worst(by_slice("regression", truth + random.normal(0, 1, 720), scores, columns, Slices(["place"], 30), HOW), "regression", "r2")


def test_a_good_regression_is_not_refused_by_a_slice_that_hardly_varies_and_a_broken_slice_is() -> None:
    """The default gate: where a slice's own variance leaves no R², its error is measured by how far labels spread."""
    gate = convert(read_yaml(GATES)["slices"], Gate, "gates.slices")
    verdicts = {}
    for broken in (0.0, 3.0, -3.0):
        found = regressed(broken)
        (said,) = judge({"slices": gate}, {"metrics": {"worst_slice": {"declared": True, **found}}})["gates"].values()
        verdicts[broken] = (said["verdict"], found["error"]["slice"] == "place = p05")
    assert regressed()["r2_low"] < -0.25
    assert verdicts == {0.0: (PASS, verdicts[0.0][1]), 3.0: (FAIL, True), -3.0: (FAIL, True)}


def test_labels_spread_by_their_deviation_in_the_slice_or_of_all_whichever_is_more() -> None:
    """As NumPy's standard deviation; a slice whose labels are all the same is measured by all of them."""
    labels, columns = np.array([1.0, 9.0, 5.0, 5.0]), pl.DataFrame({"place": ["a", "a", "b", "b"]})
    found = by_slice("regression", labels, labels, columns, Slices(["place"], 2), HOW)
    assert [one["spread"] for one in found] == pytest.approx([np.std([1.0, 9.0]), np.std(labels)])


def test_more_groups_than_can_be_measured_are_refused() -> None:
    """With the key, the column and how many: resampling each of thousands would take hours."""
    column = pl.Series("city", [str(number) for number in range(600) for _ in range(3)])
    with pytest.raises(ConfigError, match=r"usecase.slices.columns: city has 600 values of 3 rows or more, and at most 500 are measured"):
        list(grouped(column, 3))
    assert [len(members) for _, members in grouped(column, 4)] == [600]
