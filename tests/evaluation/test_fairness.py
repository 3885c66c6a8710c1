"""Rates of groups, their gaps and ratios, against fairlearn and scikit-learn's metrics of each group."""

from typing import Any

import fairlearn.metrics as fair
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from interlock.errors import ConfigError
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.fairness import RATES, fairness
from interlock.evaluation.metrics import measure
from interlock.files import by_name
from interlock.modeling.decision import Fairness
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


def of_binary(labels: Any, scores: Any, columns: pl.DataFrame, said: Fairness, how: Evaluation = HOW) -> list[dict[str, Any]]:
    """The attributes, where a score of a half selects."""
    found: list[dict[str, Any]] = fairness("binary", labels, scores, (labels, scores >= 0.5), columns, said=said, how=how)["attributes"]
    return found


@given(ROWS)
def test_rates_are_those_of_scikit_learn_for_each_group(rows: list[tuple[bool, float, str]]) -> None:
    """Recall, precision, false positive rate and selection rate of each group to 1e-9, and None where its rows bear none."""
    labels, scores, columns = arrays(rows)
    (found,) = of_binary(labels, scores, columns, Fairness(["group"], 2))
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
def test_a_gap_is_between_the_extremes_and_unknown_where_a_group_is(rows: list[tuple[bool, float, str]]) -> None:
    """As fairlearn defines difference and ratio between groups: largest less smallest, smallest over largest; never of one group."""
    labels, scores, columns = arrays(rows)
    (found,) = of_binary(labels, scores, columns, Fairness(["group"], 2))
    undecided = {group["selection_rate"] for group in found["groups"]} in ({0.0}, {1.0})
    for rate in RATES:
        values = [group[rate] for group in found["groups"]]
        if len(values) < 2 or None in values or (undecided and rate != "ece"):
            assert found["gaps"][rate] is found["ratios"][rate] is None
        else:
            assert found["gaps"][rate] == pytest.approx(max(values) - min(values), abs=EXACT)
            assert found["ratios"][rate] == (pytest.approx(min(values) / max(values), abs=EXACT) if max(values) else None)


def test_the_worse_odds_are_those_of_the_rate_that_lies_further_apart() -> None:
    """The larger gap and the smaller ratio of the true and the false positive rate, as in fairlearn; None where either is."""
    labels, scores, columns = made(900, 0.1)
    (found,) = of_binary(labels, scores, columns, Fairness(["group"], 2))
    for side, worse in (("gaps", max), ("ratios", min)):
        of = found[side]
        assert of["equalized_odds"] == worse(of["true_positive_rate"], of["false_positive_rate"])
        assert of["equalized_odds_low"] <= of["equalized_odds"] <= of["equalized_odds_high"]
    (found,) = of_binary(np.ones(900, bool), scores, columns, Fairness(["group"], 2))
    assert found["gaps"]["equalized_odds"] is found["ratios"]["equalized_odds"] is None


def test_a_small_group_is_named_and_left_out() -> None:
    """Below the minimum a group has no rates and moves no gap; the report says how many rows it has."""
    labels, scores, columns = made(2000, 0.0)
    few = columns.with_columns(group=pl.when(pl.int_range(pl.len()) < 30).then(pl.lit("few")).otherwise("group"))
    (found,) = of_binary(labels, scores, few, Fairness(["group"], 100))
    assert found["left_out"] == [{"name": "few", "rows": 30}]
    assert {group["name"] for group in found["groups"]} == {"first", "second"}


def test_groups_whatever_they_are_called_are_told_apart() -> None:
    """A value that is called as a pool, or as no value, is a group of its own; small ones of such names are left out by theirs."""
    labels, scores, _ = made(2000, 0.0)
    names = ["(others)"] * 700 + ["(missing)"] * 600 + [None] * 500 + ["x"] * 180 + ["(others) "] * 20
    (found,) = of_binary(labels, scores, pl.DataFrame({"group": names}), Fairness(["group"], 100))
    sizes = {group["name"]: group["rows"] for group in found["groups"]}
    assert sizes == {'"(others)"': 700, '"(missing)"': 600, "(missing)": 500, "x": 180}
    assert found["left_out"] == [{"name": "(others) ", "rows": 20}]


def test_small_groups_are_measured_and_not_compared() -> None:
    """With `compared`, gaps and ratios are those of the larger groups alone; the rates of the others are there all the same."""
    labels, scores, columns = made(2000, 0.0)
    odd = columns.with_columns(group=pl.when(pl.int_range(pl.len()) < 150).then(pl.lit("odd")).otherwise("group"))
    scores = np.where(np.arange(2000) < 150, 1.0, scores)
    (every,) = of_binary(labels, scores, odd, Fairness(["group"], 100))
    (found,) = of_binary(labels, scores, odd, Fairness(["group"], 100, compared=500))
    assert {group["name"]: group["compared"] for group in found["groups"]} == {"first": True, "second": True, "odd": False}
    assert [group["selection_rate"] for group in found["groups"]] == [group["selection_rate"] for group in every["groups"]]
    rates = [group["selection_rate"] for group in found["groups"] if group["compared"]]
    assert found["gaps"]["selection_rate"] == max(rates) - min(rates) < every["gaps"]["selection_rate"]
    with pytest.raises(ConfigError, match="compared is no less than minimum"):
        convert({"attributes": ["group"], "minimum": 100, "compared": 50}, Fairness, "usecase.fairness")


@pytest.mark.parametrize("everybody", [False, True])
def test_without_a_decision_there_is_nothing_to_compare(everybody: bool) -> None:
    """Where nobody is selected, or everybody, all groups are treated alike and nothing is shown by that: no gap is no gap of 0."""
    labels, _, columns = made(2000, 0.3)
    (found,) = of_binary(labels, np.full(2000, float(everybody)), columns, Fairness(["group"], 100))
    for side in ("gaps", "ratios"):
        of = found[side]
        assert {of[name] for name in ("selection_rate", "true_positive_rate", "false_positive_rate", "precision", "equalized_odds")} == {
            None
        }
        assert {of[f"equalized_odds{end}"] for end in ("_low", "_high")} == {None}
        assert of["ece"] is not None
    (found,) = of_binary(labels, np.where(np.arange(2000) == 0, 1.0 - everybody, float(everybody)), columns, Fairness(["group"], 100))
    assert found["gaps"]["selection_rate"] > 0, "one row that is decided otherwise is a decision"


def test_an_attribute_without_groups_is_refused_by_its_own_key() -> None:
    """The error names what the use case says of fairness, not of slices."""
    labels, scores, columns = made(100, 0.0)
    with pytest.raises(ConfigError, match=r"^usecase\.fairness\.attributes: age is Float64"):
        of_binary(labels, scores, columns.with_columns(age=scores), Fairness(["age"], 2))


def test_a_biased_group_is_seen_and_a_fair_one_has_an_interval_that_holds_no_gap() -> None:
    """Scores that are higher for one group by a tenth open a gap that is surely there; without that it may be nothing."""
    gaps = {}
    for shift in (0.0, 0.2):
        labels, scores, columns = made(8000, shift)
        (found,) = of_binary(labels, scores, columns, Fairness(["group"], 100), Evaluation(200))
        gaps[shift] = found["gaps"]
    assert gaps[0.2]["false_positive_rate_low"] > 0.1 > gaps[0.0]["false_positive_rate_high"]
    assert gaps[0.2]["equalized_odds_low"] > 0.1 > gaps[0.0]["equalized_odds_high"]
    assert gaps[0.2]["equalized_odds"] == max(gaps[0.2]["false_positive_rate"], gaps[0.2]["true_positive_rate"])


def test_crossings_are_attributes_of_their_own() -> None:
    """Each pair of values is a group, under the names of both columns."""
    labels, scores, columns = made(2000, 0.0)
    found = by_name(of_binary(labels, scores, columns, Fairness(["group"], 100, (["group", "other"],))))
    assert {group["name"] for group in found["group × other"]["groups"]} == {
        f"{one} × {two}" for one in ("first", "second") for two in "xy"
    }


def test_gaps_and_ratios_equal_those_of_fairlearn() -> None:
    """Demographic parity and equalized odds, difference and ratio, and the difference of every rate, to 1e-9 before rounding."""
    random = np.random.default_rng(4)
    groups, chance = random.choice(["a", "b", "c"], 3000, p=[0.6, 0.3, 0.1]), random.random(3000)
    labels, scores = random.random(3000) < chance, np.clip(chance + 0.1 * (groups == "b") - 0.05 * (groups == "c"), 0, 1)
    selected = scores >= 0.5
    (found,) = of_binary(labels, scores, pl.DataFrame({"group": groups}), Fairness(["group"], 2))
    of = {"sensitive_features": groups}
    gaps, ratios = found["gaps"], found["ratios"]
    assert gaps["selection_rate"] == pytest.approx(fair.demographic_parity_difference(labels, selected, **of), abs=EXACT)
    assert ratios["selection_rate"] == pytest.approx(fair.demographic_parity_ratio(labels, selected, **of), abs=EXACT)
    assert gaps["equalized_odds"] == pytest.approx(fair.equalized_odds_difference(labels, selected, **of), abs=EXACT)
    assert ratios["equalized_odds"] == pytest.approx(fair.equalized_odds_ratio(labels, selected, **of), abs=EXACT)
    metrics = {
        "selection_rate": fair.selection_rate,
        "true_positive_rate": fair.true_positive_rate,
        "false_positive_rate": fair.false_positive_rate,
        "precision": oracle.precision_score,
    }
    frame = fair.MetricFrame(metrics=metrics, y_true=labels, y_pred=selected, **of)
    for rate in metrics:
        assert gaps[rate] == pytest.approx(frame.difference()[rate], abs=EXACT), rate
        assert ratios[rate] == pytest.approx(frame.ratio()[rate], abs=EXACT), rate
        assert [group[rate] for group in found["groups"]] == pytest.approx(frame.by_group[rate].tolist(), abs=EXACT), rate


def test_several_classes_and_numbers_have_groups_of_their_own_kind() -> None:
    """Rates are those of what is favourable, or reached; `ece` is the kind's own calibration error of the group's rows."""
    random = np.random.default_rng(5)
    columns, said = pl.DataFrame({"group": random.choice(["x", "y"], 400)}), Fairness(["group"], 2)
    classes, shares = random.integers(0, 3, 400), random.dirichlet(np.ones(3), 400)
    numbers, guesses = random.normal(0, 1, 400), random.normal(0, 1, 400)
    cases = {
        "multiclass": (classes, shares, (np.isin(classes, [0, 2]), np.isin(shares.argmax(axis=1), [0, 2])), "ece"),
        "regression": (numbers, guesses, (numbers >= 0.3, guesses >= 0.3), "calibration_error"),
    }
    for kind, (labels, scores, decided, metric) in cases.items():
        (found,) = fairness(kind, labels, scores, decided, columns, said=said, how=HOW)["attributes"]
        for group in found["groups"]:
            rows = (columns["group"] == group["name"]).to_numpy()
            positive, selected = (flags[rows] for flags in decided)
            assert group["ece"] == pytest.approx(measure(kind, labels[rows], scores[rows])[metric], abs=EXACT)
            assert group["true_positive_rate"] == pytest.approx(fair.true_positive_rate(positive, selected), abs=EXACT)
            assert group["precision"] == pytest.approx(oracle.precision_score(positive, selected), abs=EXACT)
            assert group["selection_rate_low"] < group["selection_rate"] < group["selection_rate_high"]


def test_without_a_rule_nothing_is_said_of_groups() -> None:
    """Where there is no threshold, since one class alone chose none, the report is declared and has no attribute."""
    labels, scores, columns = made(100, 0.0)
    found = fairness("binary", labels, scores, None, columns, said=Fairness(["group"], 2), how=HOW)
    assert found == {"declared": True, "minimum": 2, "compared": 2, "attributes": []}


@pytest.mark.parametrize("said", [{"threshold": 0.5}, {"attributes": []}, {"minimum": 1}], ids=str)
def test_what_means_nothing_is_refused(said: dict[str, Any]) -> None:
    """A threshold, which belongs to the decision, no attribute, groups of one row."""
    with pytest.raises(ConfigError, match=r"usecase\.fairness"):
        convert({"attributes": ["group"], "minimum": 100, **said}, Fairness, "usecase.fairness")
