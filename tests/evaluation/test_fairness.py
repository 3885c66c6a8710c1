"""Rates of groups, their gaps and ratios, against scikit-learn's metrics of each group."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from interlock.errors import ConfigError
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.fairness import RATES, Fairness, fairness, threshold
from interlock.evaluation.metrics import measure
from interlock.files import by_name
from interlock.params import convert

HOW = Evaluation(rounds=40)
EXACT = 1e-9
ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.5, 0.9]) | st.floats(0, 1), st.sampled_from("abc")), min_size=6, max_size=60
)


def arrays(rows: list[tuple[bool, float, str]]) -> tuple[Any, Any, pl.DataFrame]:
    labels, scores, groups = zip(*rows, strict=True)
    return np.array(labels, bool), np.array(scores, float), pl.DataFrame({"group": groups})


def made(rows: int, shift: float) -> tuple[Any, Any, pl.DataFrame]:
    """Scores that are the chances of their labels, moved by `shift` for the second of two groups."""
    random = np.random.default_rng(1)
    chance, second = random.random(rows), np.arange(rows) % 2 == 1
    scores = np.clip(chance + shift * second, 0, 1)
    return (
        random.random(rows) < chance,
        scores,
        pl.DataFrame({"group": np.where(second, "second", "first"), "other": np.where(np.arange(rows) % 3 == 0, "x", "y")}),
    )


@given(ROWS)
@settings(max_examples=100, deadline=None)
def test_rates_are_those_of_scikit_learn_for_each_group(rows: list[tuple[bool, float, str]]) -> None:
    """Recall, precision, false positive rate and selection rate of each group to 1e-9, and None where its rows bear none."""
    labels, scores, columns = arrays(rows)
    (found,) = fairness(labels, scores, columns, Fairness(["group"], 2, 0.5), 0.5, HOW)["attributes"]
    for group in found["groups"]:
        members = (columns["group"] == group["name"]).to_numpy()
        truth, chosen = labels[members], scores[members] >= 0.5
        assert group["rows"] == members.sum()
        assert group["selection_rate"] == pytest.approx(chosen.mean(), abs=EXACT)
        assert group["ece"] == pytest.approx(measure("binary", truth, scores[members])["ece"], abs=EXACT)
        rates = {
            "true_positive_rate": oracle.recall_score(truth, chosen) if truth.any() else None,
            "precision": oracle.precision_score(truth, chosen) if chosen.any() else None,
            "false_positive_rate": None if truth.all() else 1 - oracle.recall_score(truth, chosen, pos_label=False),
        }
        for name, expected in rates.items():
            assert group[name] == (None if expected is None else pytest.approx(expected, abs=EXACT)), name


@given(ROWS)
@settings(max_examples=100, deadline=None)
def test_a_gap_is_between_the_extremes_and_unknown_where_a_group_is(rows: list[tuple[bool, float, str]]) -> None:
    """As fairlearn defines difference and ratio between groups: largest less smallest, smallest over largest; never of one group."""
    labels, scores, columns = arrays(rows)
    (found,) = fairness(labels, scores, columns, Fairness(["group"], 2, 0.5), 0.5, HOW)["attributes"]
    for rate in RATES:
        values = [group[rate] for group in found["groups"]]
        if len(values) < 2 or None in values:
            assert found["gaps"][rate] is found["ratios"][rate] is None
        else:
            assert found["gaps"][rate] == pytest.approx(max(values) - min(values), abs=EXACT)
            assert found["ratios"][rate] == (pytest.approx(min(values) / max(values), abs=EXACT) if max(values) else None)


def test_the_worse_odds_are_those_of_the_rate_that_lies_further_apart() -> None:
    """The larger gap and the smaller ratio of the true and the false positive rate, as in fairlearn; None where either is."""
    labels, scores, columns = made(900, 0.1)
    (found,) = fairness(labels, scores, columns, Fairness(["group"], 2, 0.5), 0.5, HOW)["attributes"]
    for side, worse in (("gaps", max), ("ratios", min)):
        of = found[side]
        assert of["equalized_odds"] == worse(of["true_positive_rate"], of["false_positive_rate"])
        assert of["equalized_odds_low"] <= of["equalized_odds"] <= of["equalized_odds_high"]
    (found,) = fairness(np.ones(900, bool), scores, columns, Fairness(["group"], 2, 0.5), 0.5, HOW)["attributes"]
    assert found["gaps"]["equalized_odds"] is found["ratios"]["equalized_odds"] is None


def test_a_small_group_is_named_and_left_out() -> None:
    """Below the minimum a group has no rates and moves no gap; the report says how many rows it has."""
    labels, scores, columns = made(2000, 0.0)
    few = columns.with_columns(group=pl.when(pl.int_range(pl.len()) < 30).then(pl.lit("few")).otherwise("group"))
    (found,) = fairness(labels, scores, few, Fairness(["group"], 100, 0.5), 0.5, HOW)["attributes"]
    assert found["left_out"] == [{"name": "few", "rows": 30}]
    assert {group["name"] for group in found["groups"]} == {"first", "second"}


def test_a_biased_group_is_seen_and_a_fair_one_has_an_interval_that_holds_no_gap() -> None:
    """Scores that are higher for one group by a tenth open a gap that is surely there; without that it may be nothing."""
    gaps = {}
    for shift in (0.0, 0.2):
        labels, scores, columns = made(8000, shift)
        (found,) = fairness(labels, scores, columns, Fairness(["group"], 100, 0.5), 0.5, Evaluation(200))["attributes"]
        gaps[shift] = found["gaps"]
    assert gaps[0.2]["false_positive_rate_low"] > 0.1 > gaps[0.0]["false_positive_rate_high"]
    assert gaps[0.2]["equalized_odds_low"] > 0.1 > gaps[0.0]["equalized_odds_high"]
    assert gaps[0.2]["equalized_odds"] == max(gaps[0.2]["false_positive_rate"], gaps[0.2]["true_positive_rate"])


def test_crossings_are_attributes_of_their_own() -> None:
    """Each pair of values is a group, under the names of both columns."""
    labels, scores, columns = made(2000, 0.0)
    said = Fairness(["group"], 100, 0.5, (["group", "other"],))
    found = by_name(fairness(labels, scores, columns, said, 0.5, HOW)["attributes"])
    assert {group["name"] for group in found["group × other"]["groups"]} == {
        f"{one} × {two}" for one in ("first", "second") for two in "xy"
    }


@given(ROWS, st.sampled_from(["accuracy", "balanced_accuracy", "f1"]))
@settings(max_examples=60, deadline=None)
def test_a_chosen_threshold_does_as_well_as_any(rows: list[tuple[bool, float, str]], how: Any) -> None:
    """Scikit-learn's measure at the chosen threshold is not below that at any score there is."""
    labels, scores, _ = arrays(rows)
    assume(labels.any() and not labels.all())
    score = {"accuracy": oracle.accuracy_score, "balanced_accuracy": oracle.balanced_accuracy_score, "f1": oracle.f1_score}[how]
    cut = threshold(labels, scores, how)
    assert score(labels, scores >= cut) >= max(score(labels, scores >= other) for other in scores) - EXACT


def test_a_stated_threshold_is_taken_and_one_class_has_none() -> None:
    """A number is itself; with one class alone nothing can be maximised, and nothing is said of groups."""
    labels, scores, columns = made(100, 0.0)
    assert threshold(labels, scores, 0.3) == 0.3
    assert threshold(np.ones(100, bool), scores, "f1") is None
    assert fairness(labels, scores, columns, Fairness(["group"], 2, "f1"), None, HOW)["attributes"] == []


@pytest.mark.parametrize("said", [{"threshold": 1.5}, {"threshold": "luck"}, {"attributes": []}, {"minimum": 1}], ids=str)
def test_what_means_nothing_is_refused(said: dict[str, Any]) -> None:
    """A threshold beyond 1 or by an unknown measure, no attribute, groups of one row."""
    with pytest.raises(ConfigError, match=r"usecase\.fairness"):
        convert({"attributes": ["group"], "minimum": 100, "threshold": 0.5, **said}, Fairness, "usecase.fairness")
