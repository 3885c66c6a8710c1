"""Champion against candidate, on the same rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from interlock.errors import ArtifactError
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.champion import BETTER, LUCK, SAME, UNKNOWN, WORSE, compare, predictions, word
from interlock.evaluation.gates import Gate
from interlock.evaluation.predictions import Predictions
from interlock.evaluation.verdicts import FAIL, FIRST, LACKING, PASS
from interlock.modeling.task import Binary
from tests.evaluation.kinds import KINDS, candidate

HOW = Evaluation(200, 7)
WHY = "Because."
ROWS = 2_000
DROP = Gate("test.auc", WHY, max_drop=0.02, against="champion")
ENDS = st.floats(-1, 1)


def made(noise: float, rows: int = ROWS) -> Predictions:
    """Labels that are the same in every call, and scores that tell them the worse the more noise there is."""
    random = np.random.default_rng(3)
    labels, luck = random.random(rows) < 0.4, random.random(rows)
    scores = (labels + noise * luck) / (1 + noise)
    return Predictions(
        pl.DataFrame({"id": np.arange(rows)}), pl.DataFrame({"label": labels, "raw_score": scores, "score": scores}), Binary("yes")
    )


def test_a_worse_candidate_is_told_so_and_refused() -> None:
    """Gain and interval are of the metric's own difference, the word says worse, and the gate fails; turned around it passes."""
    good, bad = made(1.5), made(6.0)
    found = compare(bad, good, {"champion": DROP}, HOW)
    (auc,) = (one for one in found["metrics"] if one["name"] == "auc")
    exact = roc_auc_score(bad.labels, bad.scores) - roc_auc_score(good.labels, good.scores)
    assert auc["gain"] == pytest.approx(exact, abs=1e-12)
    assert auc["gain_low"] < auc["gain"] < auc["gain_high"] < 0
    assert (found["outcome"], found["headline"], found["rows"]) == (WORSE, "auc", ROWS)
    assert (found["verdict"], found["passed"], found["gates"]["champion"]["verdict"]) == (FAIL, False, FAIL)
    turned = compare(good, bad, {"champion": DROP}, HOW)
    assert (turned["outcome"], turned["verdict"], turned["passed"]) == (BETTER, PASS, True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_no_worse_than_itself(kind: str) -> None:
    """Of each kind of task: every gain is 0 with no width, no difference can be told, and no drop is too small to exclude."""
    model = candidate(kind)
    gate = Gate(f"test.{model.task.headline}", WHY, max_drop=0.0, against="champion")
    found = compare(model.test, predictions(model.scorer, model.test, model.features), {"champion": gate}, HOW)
    assert {(one["gain"], one["gain_low"], one["gain_high"], one["outcome"]) for one in found["metrics"]} == {(0, 0, 0, SAME)}
    assert (found["outcome"], found["passed"]) == (SAME, True)


@given(ENDS, ENDS, ENDS, st.floats(0, 1))
def test_a_bound_passes_is_failed_or_is_not_told(first: float, second: float, third: float, bound: float) -> None:
    """Pass where the whole interval keeps the bound, fail where none of it does, else not enough evidence, for either kind of bound."""
    from interlock.evaluation import champion

    low, gain, high = sorted((first, second, third))
    for gate, least in (
        (Gate("test.auc", WHY, max_drop=bound, against="champion"), -bound),
        (Gate("test.auc", WHY, min_gain=bound, against="champion"), bound),
    ):
        verdict = champion._judged(gate, {"gain": gain, "gain_low": low, "gain_high": high})["verdict"]
        assert verdict == (PASS if low >= least else FAIL if high < least else LACKING)


def test_without_a_champion_it_is_a_first_release_and_no_pass() -> None:
    """Every gate against a champion says so; other gates are not asked."""
    found = compare(made(1.5), None, {"champion": DROP, "auc": Gate("test.auc", WHY, min=0.5)}, HOW)
    assert (found["outcome"], found["verdict"], found["passed"], found["metrics"]) == (FIRST, FIRST, False, [])
    assert {name: gate["verdict"] for name, gate in found["gates"].items()} == {"champion": FIRST}


def test_where_no_gate_asks_there_is_not_enough_evidence() -> None:
    """A better candidate passes nothing that was not asked; a metric that nobody measures is no evidence either."""
    assert compare(made(1.5), made(6.0), {}, HOW)["verdict"] == LACKING
    unknown = compare(made(1.5), made(6.0), {"g": Gate("test.beauty", WHY, max_drop=1, against="champion")}, HOW)
    assert (unknown["verdict"], unknown["gates"]["g"]["value"]) == (LACKING, None)
    assert "no number that champion and candidate have" in unknown["gates"]["g"]["words"]


def test_too_few_rows_tell_nothing() -> None:
    """With one row, or none, no word is said and no gate passes."""
    for rows in (0, 1):
        found = compare(made(1.5, rows), made(6.0, rows), {"champion": DROP}, HOW)
        assert (found["outcome"], found["verdict"]) == (UNKNOWN, LACKING)


def altered(of: Predictions, how: str) -> Predictions:
    scored, key = of.scored, of.key
    changes: dict[str, dict[str, Any]] = {
        "keys": {"key": key.with_columns(pl.col("id") + 1)},
        "order": {"key": key.reverse(), "scored": scored.reverse()},
        "fewer": {"key": key.head(9), "scored": scored.head(9)},
        "columns": {"key": key.rename({"id": "name"})},
        "labels": {"scored": scored.with_columns(~pl.col("label"))},
        "scores": {"scored": scored.with_columns(score=float("nan"))},
        "lengths": {"scored": scored.head(9)},
        "task": {"task": Binary("no")},
    }
    return replace(of, **changes[how])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("keys", "other rows: 2000 and 2000"),
        ("order", "other rows"),
        ("fewer", "other rows: 9 and 2000"),
        ("columns", "other rows"),
        ("labels", "other labels on 2000 of 2000 rows"),
        ("scores", "the champion has rows without a label or a finite score"),
        ("lengths", "the champion has rows without a label or a finite score"),
        ("task", "have other tasks"),
    ],
)
def test_what_is_not_of_the_same_rows_is_refused(how: str, words: str) -> None:
    """Other keys, order, number or labels of rows, another task, or scores that are no numbers: an error, not a comparison."""
    with pytest.raises(ArtifactError, match=words):
        compare(made(1.5), altered(made(1.5), how), {"champion": DROP}, HOW)


def test_a_champion_of_other_features_is_refused_by_name() -> None:
    """It cannot score rows that lack what it reads: the features are named."""
    model = candidate("binary")
    with pytest.raises(ArtifactError, match="the champion reads features that are not there: carrier, hour"):
        predictions(model.scorer, model.test, model.features.drop("carrier", "hour"))


@given(ENDS, ENDS, ENDS)
def test_a_difference_is_told_only_beyond_the_luck_of_training(first: float, second: float, third: float) -> None:
    """Never where the interval holds zero, and only where it still lies off zero when it is twice as wide."""
    low, gain, high = sorted((first, second, third))
    told = word({"gain": gain, "gain_low": low, "gain_high": high})
    stretched = gain - LUCK * (gain - low), gain + LUCK * (high - gain)
    if low <= 0 <= high or stretched[0] <= -1e-9 < 1e-9 <= stretched[1]:
        assert told == SAME
    assert (told == BETTER) <= (low > 0)
    assert (told == WORSE) <= (high < 0)
    assert word({"gain": gain, "gain_low": None, "gain_high": None}) == UNKNOWN
