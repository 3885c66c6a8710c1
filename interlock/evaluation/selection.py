"""Who is selected by a score, and who should be by the label, in each kind of task."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from interlock.errors import ConfigError
from interlock.evaluation.multiclass import likeliest
from interlock.evaluation.ranks import Flags, Labels, Scores
from interlock.evaluation.thresholds import chosen, threshold
from interlock.modeling.decision import Decision
from interlock.modeling.isotonic import short
from interlock.modeling.task import Binary, Multiclass, Regression, Task

Selected: TypeAlias = tuple[Flags, Flags]
WHERE = "mend it in conf/usecase/"


def said(decision: Decision, cut: float | None) -> dict[str, Any]:
    """The rule, as reports tell it: a threshold and how it was chosen, and the classes that are favourable."""
    return {"threshold": cut, "chosen": None if cut is None else chosen(decision), "favourable": list(decision.favourable)}


def cut(task: Task, decision: Decision, labels: Labels, scores: Scores) -> float | None:
    """The score from which rows are selected, chosen on these rows where that is asked; None where there is none."""
    if isinstance(task, Binary):
        return threshold(labels, scores, decision)
    return short(decision.threshold) if isinstance(task, Regression) and not isinstance(decision.threshold, str) else None


def selected(task: Task, decision: Decision, cut: float | None, labels: Labels, scores: Scores) -> Selected | None:
    """Which rows should be selected, and which are; None where nothing says so."""
    return TABLE[task.kind](task, decision, cut, labels, scores)


def check(task: Task, decision: Decision, *, fair: bool) -> None:
    """Raise ConfigError where the decision is not one of such a task, or lacks what fairness is measured by."""
    stated = None if isinstance(decision.threshold, str) else decision.threshold
    classes = task.classes if isinstance(task, Multiclass) else ()
    if unknown := [name for name in decision.favourable if name not in classes]:
        known = f"classes are {', '.join(classes)}" if classes else f"a {task.kind} task has no classes"
        raise ConfigError(f"usecase.decision.favourable: {unknown[0]!r} is no class; {known}", WHERE)
    if isinstance(task, Multiclass) and stated is not None:
        raise ConfigError("usecase.decision.threshold: several classes have none", "name usecase.decision.favourable in conf/usecase/")
    if isinstance(task, Binary) and stated is not None and not 0 <= stated <= 1:
        raise ConfigError(f"usecase.decision.threshold: {stated:g} is no probability", WHERE)
    if fair and isinstance(task, Multiclass) and not decision.favourable:
        lacks = "usecase.decision.favourable: fairness is declared, and no class is said to be favourable"
        raise ConfigError(lacks, f"name some of {', '.join(classes)} in conf/usecase/")
    if fair and isinstance(task, Regression) and stated is None:
        lacks = f"usecase.decision.threshold: fairness is declared, and {decision.threshold!r} is no number of {task.unit}"
        raise ConfigError(lacks, "say in conf/usecase/ from which score a row is selected")


def _binary(_: Task, __: Decision, cut: float | None, labels: Labels, scores: Scores) -> Selected | None:
    return None if cut is None else (labels, scores >= cut)


def _multiclass(task: Task, decision: Decision, _: float | None, labels: Labels, scores: Scores) -> Selected | None:
    assert isinstance(task, Multiclass)
    favourable = [task.classes.index(name) for name in decision.favourable]
    return (np.isin(labels, favourable), np.isin(likeliest(scores), favourable)) if favourable else None


def _regression(_: Task, __: Decision, cut: float | None, labels: Labels, scores: Scores) -> Selected | None:
    return None if cut is None else (labels >= cut, scores >= cut)


TABLE: Mapping[str, Callable[[Task, Decision, float | None, Labels, Scores], Selected | None]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}
