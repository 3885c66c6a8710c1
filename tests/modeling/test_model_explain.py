"""Why the model scores as it does, for every kind of task, against Shapley values that LightGBM has no part in."""

import warnings
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.modeling.attributed import Attributed, check
from interlock.modeling.booster import Booster
from interlock.modeling.encode import Encoder
from interlock.modeling.explain import by_slice, explain
from interlock.modeling.spec import Model
from interlock.modeling.train import boost, labels
from interlock.params import convert
from tests.modeled_flights import MODEL
from tests.modeling.examples import Example
from tests.modeling.shapley import Table, brute, tables

NUMBERS = ["hour", "distance", "part", "morning", "air"]
SMALL = {**MODEL, "rounds": 6, "num_leaves": 8, "feature_fraction": 1.0}


def of_numbers(example: Example, rows: int) -> tuple[list[list[Table]], NDArray[np.float64], NDArray[np.float64]]:
    """A small model of numbers alone: its trees by raw score, rows with missing values among them, and our contributions."""
    encoder = Encoder.fit(example.train.features.select(NUMBERS))
    parts = [(encoder.matrix(split.features), labels(split, example.task)) for split in (example.train, example.validation)]
    text, _ = boost(encoder, parts[0], parts[1], convert(SMALL, Model, "model"), example.task)
    booster, found = Booster(text), tables(text)
    matrix = encoder.matrix(example.test.features)[:rows].copy()
    matrix[::3, 4] = np.nan
    matrix[1::5, 1] = np.nan
    ours = booster.contributions(matrix).reshape(rows, booster.classes, -1)
    return [found[place :: booster.classes] for place in range(booster.classes)], matrix, ours


def test_contributions_are_shapley_values_by_their_definition(each: Example) -> None:
    """Every subset of five features of each kind of model, with values missing, counted out: within a billionth."""
    trees, matrix, ours = of_numbers(each, 12)
    for place, own in enumerate(trees):
        for row, x in enumerate(matrix):
            assert ours[row, place] == pytest.approx(brute(own, x), rel=1e-9, abs=1e-9)


def test_contributions_are_those_of_an_independent_library(each: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package shap, given the trees as tables, so that its own code runs and LightGBM is not asked to predict anything."""
    trees, matrix, ours = of_numbers(each, 200)

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("LightGBM was asked")

    monkeypatch.setattr(lgb.Booster, "predict", refused)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap  # type: ignore[import-untyped] # it ships no types

        for place, own in enumerate(trees):
            explainer = shap.TreeExplainer({"trees": [_told(tree) for tree in own]}, feature_perturbation="tree_path_dependent")
            assert explainer.model.model_type != "lightgbm"
            theirs = explainer.shap_values(matrix)
            assert ours[:, place, :-1] == pytest.approx(np.asarray(theirs).reshape(len(matrix), -1), rel=1e-9, abs=1e-9)
            assert ours[0, place, -1] == pytest.approx(float(np.ravel(explainer.expected_value)[0]), rel=1e-9)


def _told(tree: Table) -> dict[str, Any]:
    return {
        "children_left": np.array(tree.left, np.int32),
        "children_right": np.array(tree.right, np.int32),
        "children_default": np.array(tree.default, np.int32),
        "features": np.array(tree.feature, np.int32),
        "thresholds": np.array(tree.threshold, np.float64),
        "values": np.array(tree.value, np.float64).reshape(-1, 1),
        "node_sample_weight": np.array(tree.rows, np.float64),
    }


def test_contributions_of_every_row_add_up_to_its_raw_scores(each: Example) -> None:
    """Text and numbers, for each raw score of each kind of task; of classes less the mean over them, as the softmax does not see it."""
    features = each.test.features.head(300)
    found = Attributed.of(each.scorer, features)
    raw = each.scorer.score(features).select(each.task.raw).to_numpy()
    raw = raw - raw.mean(axis=1, keepdims=True) if raw.shape[1] > 1 else raw
    assert found.raw == pytest.approx(raw, rel=1e-9, abs=1e-9)
    assert found.parts.shape == (300, len(each.task.raw), len(each.scorer.model.features) + 1)
    assert found.parts.sum(axis=2) == pytest.approx(raw, rel=1e-9, abs=1e-9)


def test_importance_is_the_mean_absolute_contribution(each: Example) -> None:
    """For 500 real rows, as NumPy computes it from LightGBM's own contributions, classes added up; highest first, every feature once."""
    features = each.test.features.head(500)
    report = explain(each.scorer, each.test.key.head(500), features)
    theirs = each.oracle.predict(each.trained.encoder.matrix(features), pred_contrib=True)
    parts = np.asarray(theirs).reshape(500, len(each.task.raw), -1)
    parts = parts - parts.mean(axis=1, keepdims=True) if parts.shape[1] > 1 else parts
    by_class = np.abs(parts).mean(axis=0)[:, :-1]
    names = each.trained.encoder.names
    found = report["global"]
    assert {one["feature"]: one["importance"] for one in found} == pytest.approx(
        dict(zip(names, by_class.sum(axis=0), strict=True)), rel=1e-12
    )
    assert [one["importance"] for one in found] == sorted((one["importance"] for one in found), reverse=True)
    assert [one["rank"] for one in found] == list(range(1, 10))
    classes = getattr(each.task, "classes", ())
    assert [one["class"] for one in report["classes"]] == list(classes)
    for one, means in zip(report["classes"], by_class, strict=False):
        assert {each["feature"]: each["importance"] for each in one["features"]} == pytest.approx(dict(zip(names, means, strict=True)))


def test_slices_are_explained_by_their_own_rows(each: Example) -> None:
    """Each value of a column, and of a crossing, as its rows alone are explained; the distance is 0 for what has all rows."""
    key, features = each.test.key.head(600), each.test.features.head(600)
    columns = features.select("origin", "morning").with_columns(all=pl.lit("one"))
    slices = by_slice(columns, ["origin", "all"], [["origin", "morning"]], 30)
    report = explain(each.scorer, key, features, slices)
    found = {one["slice"]: one for one in report["slices"]}
    assert sum(one["rows"] for name, one in found.items() if name.startswith("origin = ")) == 600
    jfk = features["origin"] == "JFK"
    alone = explain(each.scorer, key.filter(jfk), features.filter(jfk))["global"]
    assert found["origin = JFK"]["rows"] == jfk.sum()
    expected = {one["feature"]: one["importance"] for one in alone}
    for one in found["origin = JFK"]["features"]:
        assert one["importance"] == pytest.approx(expected[one["feature"]], rel=1e-9)
    assert found["all = one"]["distance"] == pytest.approx(0, abs=1e-12)
    everything = {one["feature"]: one["importance"] for one in report["global"]}
    shares = [{name: value / sum(table.values()) for name, value in table.items()} for table in (expected, everything)]
    assert found["origin = JFK"]["distance"] == pytest.approx(sum(abs(shares[0][name] - shares[1][name]) for name in expected) / 2)
    distances = [one["distance"] for one in report["different"]]
    assert distances == sorted((one["distance"] for one in report["slices"] if one["value"] != "(others)"), reverse=True)[:3]


def test_a_slice_that_is_called_as_a_pool_is_none(example: Example) -> None:
    """Values of such names stand beside the pool and beside rows without a value, and no row is lost."""
    key, features = example.test.key.head(600), example.test.features.head(600)
    names = ["(others)"] * 200 + ["(missing)"] * 190 + [None] * 180 + ["small"] * 10 + ["few"] * 20
    slices = by_slice(pl.DataFrame({"home": names}), ["home"], [], 30)
    report = explain(example.scorer, key, features, slices)
    assert [(one["value"], one["pooled"], one["rows"]) for one in report["slices"]] == [
        ('"(missing)"', False, 190), ('"(others)"', False, 200), ("(missing)", False, 180), ("(others)", True, 30),
    ]  # fmt: skip
    assert {one["slice"] for one in report["different"]} == {'home = "(others)"', 'home = "(missing)"', "home = (missing)"}


def test_examples_are_the_rows_that_score_highest_and_lowest(each: Example) -> None:
    """Each with its key, its scores, and the features, by their own values, that weigh most; of classes the likeliest."""
    key, features = each.test.key.head(500), each.test.features.head(500)
    report = explain(each.scorer, key, features)
    final = each.scorer.score(features).select(each.task.final)
    likeliest = final.max_horizontal().sort(descending=True)
    told = [[max(row[name] for name in each.task.final) for row in report[side]] for side in ("highest", "lowest")]
    assert told == [likeliest.head(3).to_list(), likeliest.reverse().head(3).to_list()]
    row = key["flight_id"].to_list().index(report["highest"][0]["flight_id"])
    assert report["highest"][0]["as_of"] == key["as_of"][row].isoformat()
    parts = report["highest"][0]["contributions"]
    assert all(part["value"] == features[part["feature"]][row] for part in parts)
    assert [abs(part["contribution"]) for part in parts] == sorted((abs(part["contribution"]) for part in parts), reverse=True)


def test_contributions_that_do_not_add_up_are_refused(example: Example) -> None:
    """The parts of every row sum to its raw score, and one that is off by a millionth is noticed."""
    features = example.test.features.head(100)
    parts, raw = example.scorer.contributions(features), example.scorer.score(features)["raw_score"].to_list()
    check(parts, raw)
    parts[42, 3] += 1e-6
    with pytest.raises(ArtifactError, match="row 42: contributions add up to"):
        check(parts, raw)
    parts[42, 3] = np.nan
    with pytest.raises(ArtifactError, match="row 42"):
        check(parts, raw)
