"""Decisions of every kind of task, and the figures of what moves, counted by hand."""

import msgspec
import polars as pl
import pytest

from interlock.errors import ContractError
from interlock.features.featureset import About, FeatureSet, OnDemand, Request
from interlock.lineage import environment, flips, rescored
from interlock.lineage.flips import Version
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from interlock.serving.record import Prediction, Snapshot


@pytest.mark.parametrize(
    ("task", "threshold", "scores", "decided"),
    [
        ({"kind": "binary", "positive": "late"}, 0.5, {"score": [0.4, 0.5, 0.6]}, ["not selected", "selected", "selected"]),
        ({"kind": "binary", "positive": "late"}, None, {"score": [0.4, 0.5]}, [None, None]),
        ({"kind": "regression", "unit": "min"}, 10.0, {"score": [9.0, 10.0]}, ["not selected", "selected"]),
        (
            {"kind": "multiclass", "classes": ["a", "b", "c"]},
            None,
            {"score_a": [0.1, 0.4], "score_b": [0.7, 0.4], "score_c": [0.2, 0.2]},
            ["b", "a"],
        ),
    ],
)
def test_what_is_decided(
    task: dict[str, object], threshold: float | None, scores: dict[str, list[float]], decided: list[str | None]
) -> None:
    """From the threshold on a row is selected; of several classes it is the likeliest one, the first of equals; else nothing is."""
    kind: Binary | Multiclass | Regression = msgspec.convert(task, Task)
    assert Version("v", kind, threshold).decided(pl.DataFrame(scores)).to_list() == decided


def test_figures_are_those_counted_by_hand() -> None:
    rows = pl.DataFrame(
        {"then": ["a", "a", "b", None], "now": ["a", "b", "a", "b"], flips.THEN: [0.1, 0.2, 0.3, 0.4], flips.NOW: [0.1, 0.5, 0.1, 0.4]}
    )
    found = flips.figures(rows)
    assert (found["rows"], found["flips"], found["moved"]) == (4, 2, 2)
    assert found["flipped"] == [{"from": "a", "to": "b", "rows": 1}, {"from": "b", "to": "a", "rows": 1}]
    assert found["mean_move"] == pytest.approx(0.025)
    assert found["mean_absolute_move"] == pytest.approx(0.125)
    assert found["largest_move"] == 0.5 - 0.2
    assert flips.figures(rows.tail(1))["flips"] is None


def test_a_request_that_lacks_what_a_version_asks_for_is_told() -> None:
    """A field that may be null is null where it is missing; another, or one of another type, cannot be made up."""
    declared = FeatureSet(
        Request(("k",), None, {"k": "String", "n": "Int64"}, ("n",)), {}, {}, (OnDemand("m", "Int64", About("m"), ["col", "n"]),)
    )
    snapshot = Snapshot("", "", "", 0, "")
    made = Prediction(0, "batch", "v", "", "", "", {"k": "a"}, {}, {}, snapshot, {})
    assert rescored.requests(declared, [made]).rows() == [("a", None)]
    with pytest.raises(ContractError, match="the request has no k"):
        rescored.requests(declared, [msgspec.structs.replace(made, request={"n": 1})])
    with pytest.raises(ContractError, match="other types"):
        rescored.requests(declared, [msgspec.structs.replace(made, request={"k": "a", "n": "many"})])


def test_a_pin_with_markers_allows_the_version_of_each() -> None:
    assert environment.allowed("2.1.0") == {"2.1.0"}
    assert environment.allowed("2.4.6 ; python_full_version < '3.12', 2.5.5 ; python_full_version >= '3.12'") == {"2.4.6", "2.5.5"}
