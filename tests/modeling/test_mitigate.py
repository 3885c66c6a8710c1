"""Equalized odds by a threshold for each group."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import equalized_odds_difference
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from interlock.errors import ConfigError, ContractError
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.mitigate import Group, Thresholds, stretch
from interlock.modeling.odds import Plan, nearest, plan, rates
from interlock.modeling.spec import Model
from interlock.modeling.task import Binary, Multiclass
from interlock.modeling.train import fit
from interlock.params import convert
from tests.modeled_flights import MODEL
from tests.modeling.examples import Example, written

SCORE = st.floats(0, 1) | st.sampled_from([0.25, 0.5, 0.500000001, 0.75])
INNER = st.floats(1e-6, 1 - 1e-6) | st.sampled_from([0.1, 0.5, 0.75])
FAIR = Fairness(["origin"], 200)
TASK = Binary("late")


def model(**changes: Any) -> Model:
    return convert({**MODEL, "mitigation": "equalized_odds", **changes}, Model, "model")


@given(st.lists(SCORE, min_size=1, max_size=40), INNER, INNER)
def test_order_is_kept_and_the_same_rows_are_selected(scores: list[float], own: float, threshold: float) -> None:
    """Within a group: no two rows change places, all stay within 0 and 1, and those at the group's threshold or above it reach the
    decision's; a group whose threshold is the decision's keeps its bits."""
    before = np.sort(np.array(scores))
    after = stretch(before, np.full(len(before), own), threshold)
    assert (np.diff(after) >= 0).all()
    assert ((after >= 0) & (after <= 1)).all()
    assert ((after >= threshold) == (before >= own)).all()
    assert stretch(before, np.full(len(before), threshold), threshold).tobytes() == before.tobytes()


@given(st.lists(st.tuples(st.integers(1, 999), st.booleans()), min_size=4, max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_no_threshold_lies_nearer(rows: list[tuple[int, bool]], false: float, true: float) -> None:
    """By brute force, with scikit-learn's counts: of all thresholds that part the rows in another way none comes nearer to the goal."""
    rows += [(500, True), (500, False)]
    scores, labels = np.array([score for score, _ in rows]) / 1000, np.array([label for _, label in rows])

    def distance(threshold: float) -> float:
        (tn, fp), (fn, tp) = confusion_matrix(labels, scores >= threshold, labels=[False, True])
        return float(max(abs(fp / (fp + tn) - false), abs(tp / (tp + fn) - true)))

    found = nearest(scores, labels, np.array([false, true]), 0.5)
    everywhere = [0.0005, *((low + high) / 2 for low, high in pairwise(sorted(set(scores.tolist())))), 0.9995]
    assert 0 < found < 1
    assert distance(found) == min(map(distance, everywhere))
    assert float(f"{found:.9g}") == found


def test_rates_are_those_of_a_confusion_matrix() -> None:
    """At every threshold: the share of the negatives, and of the positives, that are selected."""
    random = np.random.default_rng(0)
    scores, labels = random.integers(0, 20, 300) / 20, random.random(300) < 0.4
    for threshold in np.linspace(0.01, 0.99, 40):
        (tn, fp), (fn, tp) = confusion_matrix(labels, scores >= threshold)
        assert rates(scores, labels, np.array([threshold])).ravel().tolist() == [fp / (fp + tn), tp / (tp + fn)]


def groups(rows: int = 20_000) -> tuple[Any, Any, pl.DataFrame]:
    """Two large groups, one of which is scored too high and harder to tell apart, and a few others; their scores, labels and features."""
    random = np.random.default_rng(5)
    group = random.choice(["a", "b", "c", "d"], rows, p=[0.6, 0.38, 0.015, 0.005])
    latent = random.normal(size=rows)
    labels = latent + random.normal(size=rows) * np.where(group == "b", 0.8, 0.6) > 0.2
    scores = 1 / (1 + np.exp(-2 * latent - 0.6 * (group == "b")))
    return scores, labels, pl.DataFrame({"group": group, "young": random.random(rows) < 0.5})


def test_groups_err_alike_afterwards() -> None:
    """Fairlearn's equalized odds difference falls to a third, on fresh rows; the gap that is left is of what can be told apart at all."""
    scores, labels, features = groups()
    half = len(labels) // 2
    found = Plan(("group",), 500, 0.5).fit(scores[:half], labels[:half], features[:half])
    assert [group.values for group in found.groups] == [("a",), ("b",)]
    later, truth, who = scores[half:], labels[half:], features[half:]
    large = who["group"].is_in(["a", "b"]).to_numpy()
    gaps = [
        equalized_odds_difference(truth[large], made[large] >= 0.5, sensitive_features=who["group"].to_numpy()[large])
        for made in (later, found.apply(later, who))
    ]
    assert gaps[1] < gaps[0] / 3 < 0.1
    assert roc_auc_score(truth, found.apply(later, who)) > roc_auc_score(truth, later) - 0.01


def test_small_groups_share_a_threshold_and_those_that_nobody_knows_too() -> None:
    """Groups of fewer rows, new ones and rows without a value are one group; where even that is small, the plain scores stay."""
    scores, labels, features = groups()
    features = features.with_columns(group=pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("group"))
    found = Plan(("group",), 500, 0.5).fit(scores, labels, features)
    rest = (features["group"].is_null() | features["group"].is_in(["c", "d"])).to_numpy()
    assert found.others == nearest(scores[rest], labels[rest], rates(scores, labels, np.array([0.5]))[:, 0], 0.5) != 0.5
    asked = pl.DataFrame({"group": ["c", "d", "never seen", None]}, schema={"group": pl.String})
    assert len(set(found.apply(np.full(4, 0.6), asked).tolist())) == 1
    few = Plan(("group",), 2_000, 0.5).fit(scores, labels, features)
    assert few.others == 0.5
    assert few.apply(np.full(4, 0.6), asked).tolist() == [0.6] * 4


def test_a_crossing_is_a_group() -> None:
    """All attributes together tell rows apart, a Boolean one by its text; groups of one label alone are pooled."""
    scores, labels, features = groups()
    labels = labels & ~((features["group"] == "b") & features["young"]).to_numpy()
    found = Plan(("group", "young"), 500, 0.5).fit(scores, labels, features)
    assert [group.values for group in found.groups] == [("a", "false"), ("a", "true"), ("b", "false")]
    again = found.apply(scores, features)
    assert b"".join(found.apply(scores[row : row + 1], features[row : row + 1]).tobytes() for row in range(50)) == again[:50].tobytes()


@pytest.mark.parametrize("mark", ["\x1f", "\x1f\x1f", "\x1fa\x1f"])
def test_a_value_may_hold_any_mark(mark: str) -> None:
    """Values of two attributes that would run into each other, joined by any mark, stay groups of their own."""
    scores, labels, features = groups()
    features = features.select(
        first=pl.when(pl.col("group") == "a").then(pl.lit(f"x{mark}y")).otherwise(pl.lit("x")),
        second=pl.when(pl.col("group") == "a").then(pl.lit("z")).otherwise(pl.lit(f"y{mark}z")),
    )
    found = Plan(("first", "second"), 500, 0.5).fit(scores, labels, features)
    assert {group.values for group in found.groups} == {(f"x{mark}y", "z"), ("x", f"y{mark}z")}
    assert len({group.threshold for group in found.groups}) == 2
    own = {group.values: group.threshold for group in found.groups}
    expected = stretch(scores, np.array([own[values] for values in features.rows()]), 0.5)
    assert found.apply(scores, features).tobytes() == expected.tobytes()


def test_an_attribute_that_is_declared_twice_counts_once() -> None:
    """It tells no more groups apart than once."""
    assert plan(model(), TASK, Fairness(["origin", "origin"], 200), Decision(threshold=0.5), ["origin"]) == plan(
        model(), TASK, FAIR, Decision(threshold=0.5), ["origin"]
    )


@pytest.mark.parametrize(
    ("attributes", "groups"),
    [((), ()), (("a", "a"), ()), (("a",), (Group(("x",), 0.5), Group(("x",), 0.6)))],
    ids=["no attribute", "an attribute twice", "a group twice"],
)
def test_groups_that_cannot_be_told_apart_are_refused(attributes: tuple[str, ...], groups: tuple[Group, ...]) -> None:
    """A damaged file is noticed when it is read."""
    with pytest.raises(ValueError, match="stands twice"):
        Thresholds(attributes, 0.5, groups, 0.5)


def test_mitigated_scores_are_part_of_the_model(example: Example, tmp_path: Path) -> None:
    """Trees and raw scores are those of the plain model; thresholds survive the file; the protected feature is no input, yet needed."""
    decision = Decision(threshold=0.3)
    trained = fit(example.train, example.validation, model(), TASK, FAIR, decision)
    plain = fit(example.train, example.validation, model(mitigation=None), TASK, FAIR, decision)
    scorer = written(tmp_path, trained, TASK)
    assert (trained.booster, trained.calibrator) == (plain.booster, plain.calibrator)
    assert "origin" not in scorer.model.features
    assert "origin" in scorer.model.reads
    assert scorer.model.mitigation == trained.mitigation is not None
    scored = scorer.score(example.test.features)
    raw = scored["raw_score"].to_numpy()
    stretched = trained.mitigation.apply(trained.calibrator.apply(raw), example.test.features)
    assert scored["score"].to_numpy().tobytes() == stretched.tobytes() != trained.calibrator.apply(raw).tobytes()
    with pytest.raises(ContractError, match="feature origin is missing: scores of groups are told apart by it"):
        scorer.score(example.test.features.drop("origin"))


def test_without_the_word_nothing_is_done(example: Example) -> None:
    """The default model is not mitigated, whatever is protected."""
    assert plan(model(mitigation=None), TASK, FAIR, Decision(threshold=0.5), ["origin"]) is None
    assert example.trained.mitigation is None


@pytest.mark.parametrize(
    ("task", "fairness", "decision", "error", "message"),
    [
        (Multiclass(("a", "b", "c")), FAIR, 0.5, ConfigError, "for binary tasks, usecase.task is multiclass"),
        (TASK, None, 0.5, ConfigError, "needs usecase.fairness"),
        (TASK, FAIR, "least_cost", ConfigError, "needs a number between 0 and 1 as usecase.decision.threshold, found 'least_cost'"),
        (TASK, FAIR, 1.0, ConfigError, "found 1.0"),
        (TASK, Fairness(["sex"], 200), 0.5, ContractError, r"sex is no feature(.|\n)*declare it in features.py, sex = on_demand"),
    ],
)
def test_what_does_not_allow_it_is_named(task: Any, fairness: Any, decision: Any, error: type[Exception], message: str) -> None:
    """Before anything is trained: the key, and what to write."""
    with pytest.raises(error, match=message):
        plan(model(), task, fairness, Decision(threshold=decision), ["origin", "carrier"])


@pytest.mark.parametrize(("threshold", "values"), [(0.0, ("a",)), (1.0, ("a",)), (0.5, ("a", "b")), (0.5, ())])
def test_thresholds_that_are_none_are_refused(threshold: float, values: tuple[str, ...]) -> None:
    """A damaged file is noticed when it is read."""
    with pytest.raises(ValueError, match="thresholds of groups"):
        Thresholds(("group",), 0.5, (Group(values, threshold),), 0.5)
