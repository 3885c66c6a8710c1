"""Who is selected, in each kind of task."""

import re
from typing import Any

import numpy as np
import pytest

from interlock.errors import ConfigError
from interlock.evaluation import selection
from interlock.modeling.decision import Decision
from interlock.modeling.task import Binary, Multiclass, Regression, Task

LATE, WINE, FARE = Binary("late"), Multiclass(("red", "white", "rosé")), Regression("EUR")


def chosen(task: Task, decision: Decision, labels: Any, scores: Any) -> Any:
    cut = selection.cut(task, decision, labels, scores)
    decided = selection.selected(task, decision, cut, labels, scores)
    return None if decided is None else [flags.tolist() for flags in decided]


def test_a_probability_selects_from_its_threshold_on() -> None:
    """The label says who should be selected; a score that equals the threshold selects."""
    labels, scores = np.array([True, False, True]), np.array([0.5, 0.7, 0.4])
    assert chosen(LATE, Decision(0.5), labels, scores) == [[True, False, True], [True, True, False]]
    assert chosen(LATE, Decision(), np.ones(3, bool), scores) is None


def test_a_favourable_class_selects_where_it_is_likeliest() -> None:
    """Any of the favourable classes, in the label and among the scores, of which the first of equal ones is likeliest."""
    labels, scores = np.array([0, 1, 2]), np.array([[0.4, 0.4, 0.2], [0, 0.1, 0.9], [0.1, 0.9, 0]])
    assert chosen(WINE, Decision(favourable=("rosé", "red")), labels, scores) == [[True, False, True], [True, True, False]]
    assert chosen(WINE, Decision(), labels, scores) is None


def test_a_number_selects_from_its_threshold_on() -> None:
    """In the label as in the score, and from a stated number alone."""
    labels, scores = np.array([9.0, 10.0, 11.0]), np.array([10.0, 9.9, 12.0])
    assert chosen(FARE, Decision(10.0), labels, scores) == [[False, True, True], [True, False, True]]
    assert chosen(FARE, Decision(), labels, scores) is None


def test_the_rule_is_said_as_it_is() -> None:
    """A stated threshold, one that was chosen and by what, or the classes."""
    assert selection.said(Decision("f1"), 0.4) == {"threshold": 0.4, "chosen": "f1", "favourable": []}
    assert selection.said(Decision(10.0), 10.0) == {"threshold": 10.0, "chosen": "stated", "favourable": []}
    assert selection.said(Decision(favourable=("red",)), None) == {"threshold": None, "chosen": None, "favourable": ["red"]}


@pytest.mark.parametrize(
    ("task", "decision", "words"),
    [
        (LATE, Decision(1.5), "usecase.decision.threshold: 1.5 is no probability"),
        (LATE, Decision(favourable=("late",)), "usecase.decision.favourable: 'late' is no class; a binary task has no classes"),
        (WINE, Decision(favourable=("pink",)), "usecase.decision.favourable: 'pink' is no class; classes are red, white, rosé"),
        (WINE, Decision(0.5), "usecase.decision.threshold: several classes have none"),
    ],
    ids=["beyond 1", "no classes", "unknown class", "no threshold"],
)
def test_a_decision_of_another_kind_is_refused(task: Task, decision: Decision, words: str) -> None:
    """With its key, what was found and the file to mend, whether groups are declared or not."""
    with pytest.raises(ConfigError, match=rf"^{re.escape(words)}\n.*conf/usecase/"):
        selection.check(task, decision, fair=False)


@pytest.mark.parametrize(
    ("task", "key", "enough"),
    [(WINE, "favourable", Decision(favourable=("red",))), (FARE, "threshold", Decision(10.0))],
    ids=["classes", "number"],
)
def test_fairness_needs_to_know_who_is_selected(task: Task, key: str, enough: Decision) -> None:
    """Where groups are declared, several classes must name favourable ones, and a number must have a threshold; else they need none."""
    with pytest.raises(ConfigError, match=rf"usecase\.decision\.{key}: fairness is declared.*\n.*conf/usecase/"):
        selection.check(task, Decision(), fair=True)
    selection.check(task, Decision(), fair=False)
    selection.check(task, enough, fair=True)
    selection.check(LATE, Decision(), fair=True)
