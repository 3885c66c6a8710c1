"""The threshold of a binary decision, against scikit-learn."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from interlock.errors import ConfigError
from interlock.evaluation import selection
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.ranks import Flags, Scores
from interlock.evaluation.thresholds import decision, threshold
from interlock.files import read_json, write_json
from interlock.modeling.decision import Costs, Decision
from interlock.modeling.task import Binary, Regression
from interlock.params import convert
from tests.examples import fewer

HOW = Evaluation(rounds=100)
EXACT = 1e-9
SCORES = st.sampled_from([0.1, 0.5, 0.9]) | st.floats(0, 1)
ROWS = st.lists(st.tuples(st.booleans(), SCORES.map(lambda score: round(score, 6))), min_size=6, max_size=60)
NEAR = st.sampled_from([1 / 3, 1 / 3 + 1e-11, 1 / 3 - 1e-11, 1 / 3 + 4e-10, 0.0, 1.0, 1 - 2**-53])
MEASURES = {"accuracy": oracle.accuracy_score, "balanced_accuracy": oracle.balanced_accuracy_score, "f1": oracle.f1_score}


def arrays(rows: list[tuple[bool, float]]) -> tuple[Flags, Scores]:
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, bool), np.array(scores, float)


def spent(labels: Flags, selected: Flags, costs: Costs) -> float:
    """The mean cost of a row, counted from scikit-learn's confusion matrix."""
    _, alarms, missed, _ = oracle.confusion_matrix(labels, selected, labels=[False, True]).ravel()
    return float((costs.false_positive * alarms + costs.false_negative * missed) / len(labels))


@given(ROWS, st.sampled_from(sorted(MEASURES)))
@settings(max_examples=fewer(2))
def test_a_chosen_threshold_does_as_well_as_any(rows: list[tuple[bool, float]], how: Any) -> None:
    """Scikit-learn's measure at the chosen threshold is not below that at any score there is, or where no row is selected."""
    labels, scores = arrays(rows)
    assume(labels.any() and not labels.all())
    cut = threshold(labels, scores, Decision(how))
    assert cut is not None
    measured = [MEASURES[how](labels, scores >= other) for other in [*scores, 2.0]]
    assert MEASURES[how](labels, scores >= cut) >= max(measured[:-1]) - EXACT
    assert scores.max() == 1 or MEASURES[how](labels, scores >= cut) >= measured[-1] - EXACT


@given(ROWS, st.sampled_from([0.0, 0.2, 1.0, 50.0]), st.sampled_from([0.0, 1.0, 3.0]))
@settings(max_examples=fewer(2))
def test_no_threshold_costs_less_than_the_chosen_one(rows: list[tuple[bool, float]], false_positive: float, false_negative: float) -> None:
    """By default the costs are least, among all scores and selecting no row; of equal ones the lowest is taken."""
    labels, scores = arrays(rows)
    assume(labels.any() and not labels.all())
    costs = Costs(false_positive, false_negative)
    cut = threshold(labels, scores, Decision(costs=costs))
    assert cut is not None
    least = spent(labels, scores >= cut, costs)
    assert least <= min(spent(labels, scores >= other, costs) for other in scores) + EXACT
    assert scores.max() == 1 or least <= spent(labels, scores > 1, costs) + EXACT
    assert all(spent(labels, scores >= other, costs) > least - EXACT for other in scores if other < cut)


@given(
    st.lists(st.tuples(st.booleans(), NEAR | SCORES), min_size=6, max_size=40),
    st.sampled_from(["least_cost", *sorted(MEASURES)]) | st.floats(0, 1),
)
def test_whoever_decides_by_the_threshold_that_is_reported_gets_the_figures_beside_it(rows: list[tuple[bool, float]], how: Any) -> None:
    """A stated one and a chosen one, as they are read from the file, select the very rows that were judged, however near scores lie."""
    labels, scores = arrays(rows)
    assume(labels.any() and not labels.all())
    cut = selection.cut(Binary("late"), Decision(how), labels, scores)
    found = decision(labels, scores, cut, Decision(how), HOW)
    with TemporaryDirectory() as folder:
        write_json(Path(folder) / "metrics.json", found)
        read = read_json(Path(folder) / "metrics.json")
    assert read["threshold"] == cut
    selected = scores >= read["threshold"]
    assert read["selected"] == pytest.approx(selected.mean(), rel=1e-8)
    assert read["recall"] == pytest.approx(selected[labels].mean(), rel=1e-8)
    assert read["false_positive_rate"] == pytest.approx(selected[~labels].mean(), rel=1e-8)


def test_a_number_is_decided_by_the_threshold_that_is_reported() -> None:
    """Of a regression as well: the digits that the writer drops are dropped before rows are selected."""
    assert selection.cut(Regression("EUR"), Decision(1234.56789012345), np.zeros(2), np.zeros(2)) == 1234.56789


def test_a_chosen_threshold_lies_between_two_scores() -> None:
    """Half way, so that a score which differs in its last bit on another machine is not selected there alone."""
    assert threshold(np.array([False, True]), np.array([0.2, 0.6]), Decision("accuracy")) == 0.4


def test_where_it_is_best_to_select_nobody_nobody_is() -> None:
    """If an alarm costs a hundred times what a miss does, the threshold is 1, which no score reaches."""
    labels, scores = np.array([True, False] * 20), np.linspace(0.3, 0.6, 40)
    cut = threshold(labels, scores, Decision(costs=Costs(100.0, 1.0)))
    found = decision(labels, scores, cut, Decision(costs=Costs(100.0, 1.0)), HOW)
    assert found is not None
    assert (cut, found["selected"], found["precision"]) == (1.0, 0.0, None)
    assert found["cost"] == found["cost_of_none"] == 0.5


def test_a_stated_threshold_is_taken_and_one_class_has_none() -> None:
    """A number is itself; with one class alone nothing can be maximised, and there is no decision to tell of."""
    labels, scores = np.array([True, False]), np.array([0.9, 0.1])
    assert threshold(labels, scores, Decision(0.3)) == 0.3
    assert threshold(np.ones(2, bool), scores, Decision("f1")) is None
    assert decision(labels, scores, None, Decision("f1"), HOW) is None


def test_the_decision_is_told_as_scikit_learn_measures_it() -> None:
    """Shares, precision, recall, false positive rate and the mean cost of the rows, with intervals that hold them."""
    random = np.random.default_rng(1)
    scores = random.random(2000)
    labels, said = random.random(2000) < scores, Decision("f1", Costs(2.0, 5.0))
    cut = threshold(labels, scores, said)
    found = decision(labels, scores, cut, said, HOW)
    assert found is not None
    assert cut is not None
    selected = scores >= cut
    expected = {
        "selected": float(selected.mean()),
        "precision": oracle.precision_score(labels, selected),
        "recall": oracle.recall_score(labels, selected),
        "false_positive_rate": 1 - oracle.recall_score(labels, selected, pos_label=False),
        "cost": spent(labels, selected, said.costs),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=EXACT), name
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert (found["threshold"], found["chosen"]) == (cut, "f1")
    assert found["cost_of_none"] == pytest.approx(spent(labels, scores > 1, said.costs))
    assert found["cost_of_all"] == pytest.approx(spent(labels, scores >= 0, said.costs))


@pytest.mark.parametrize("said", [{"threshold": "luck"}, {"costs": {"false_positive": -1}}, {"cost": {}}], ids=str)
def test_what_means_nothing_is_refused(said: dict[str, Any]) -> None:
    """An unknown measure, a cost below nothing, an unknown key."""
    with pytest.raises(ConfigError, match=r"usecase\.decision"):
        convert(said, Decision, "usecase.decision")
