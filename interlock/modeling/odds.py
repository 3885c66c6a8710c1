"""Equalized odds after training: a threshold for each protected group, at which it errs as often as all rows do.

Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning" (2016), section 3.2, without their random part:
of the thresholds of a group the one whose rates lie nearest is taken, so that equal rows get equal scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from interlock.errors import ConfigError, ContractError
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.isotonic import short
from interlock.modeling.mitigate import Group, Thresholds, members
from interlock.modeling.spec import Model
from interlock.modeling.task import Binary, Labels, Scores, Task


@dataclass(frozen=True)
class Plan:
    """Whom it is fair to, from how many rows on a group stands alone, and the threshold of the decision."""

    attributes: tuple[str, ...]
    minimum: int
    threshold: float

    def fit(self, scores: Scores, labels: Labels, features: pl.DataFrame) -> Thresholds:
        """The thresholds, from the scores and the labels of validation rows. Groups that are small, or of one label alone, are pooled."""
        goal = rates(scores, labels, np.array([self.threshold]))[:, 0]
        alone, pooled = [], np.ones(len(labels), bool)
        for values, rows in sorted(_groups(features, self.attributes).items()):
            if len(rows) >= self.minimum and _both(labels[rows]):
                alone.append(Group(values, nearest(scores[rows], labels[rows], goal, self.threshold)))
                pooled[rows] = False
        large = pooled.sum() >= self.minimum and _both(labels[pooled])
        others = nearest(scores[pooled], labels[pooled], goal, self.threshold) if large else self.threshold
        return Thresholds(self.attributes, self.threshold, tuple(alone), others)


def plan(model: Model, task: Task, fairness: Fairness | None, decision: Decision, features: Sequence[str]) -> Plan | None:
    """What `model.mitigation` asks for.

    Raises ConfigError where the task, the decision or the protected attributes do not allow it, and ContractError where the
    attributes are no features, so that scoring would not know them.
    """
    if model.mitigation is None:
        return None
    if not isinstance(task, Binary):
        raise ConfigError(f"model.mitigation is for binary tasks, usecase.task is {task.kind}", "say mitigation: null in conf/model/")
    if fairness is None:
        raise ConfigError("model.mitigation needs usecase.fairness, which says towards whom", "declare it in conf/usecase/")
    if isinstance(decision.threshold, str) or not 0 < decision.threshold < 1:
        found = f"model.mitigation needs a number between 0 and 1 as usecase.decision.threshold, found {decision.threshold!r}"
        raise ConfigError(found, "say in conf/usecase/ from which score on a row is selected")
    if absent := [name for name in fairness.attributes if name not in features]:
        remedy = (
            f'declare it in features.py, {absent[0]} = on_demand(col("{absent[0]}"), "…"): as it is protected it is no input of the model'
        )
        raise ContractError(f"model.mitigation: the protected attribute {absent[0]} is no feature, so scoring does not know it", remedy)
    return Plan(tuple(dict.fromkeys(fairness.attributes)), fairness.minimum, short(decision.threshold))


def nearest(scores: Scores, labels: Labels, goal: Scores, threshold: float) -> float:
    """Of the thresholds between the scores of a group the one whose rates lie nearest to `goal`: the larger of both distances counts.

    Of several that are as near the one nearest to `threshold`. They are rounded as the file that keeps them does.
    """
    ordered = np.unique(scores)
    edges = np.concatenate([[0.0], ordered, [1.0]])
    between = np.unique([short(float(middle)) for middle in (edges[:-1] + edges[1:]) / 2])
    tried = between[(between > 0) & (between < 1)]
    distances = np.abs(rates(scores, labels, tried) - goal[:, None]).max(axis=0)
    return float(tried[np.lexsort((np.abs(tried - threshold), distances))[0]])


def rates(scores: Scores, labels: Labels, thresholds: Scores) -> Scores:
    """The false and the true positive rate at each threshold, (2, thresholds), where rows from it on are selected."""
    found = []
    for wanted in (False, True):
        ranked = np.sort(scores[labels == wanted])
        found.append((len(ranked) - np.searchsorted(ranked, thresholds, side="left")) / len(ranked))
    return np.stack(found)


def _groups(features: pl.DataFrame, attributes: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    """The places of the rows that have each combination of values; rows without one of them are in no group."""
    found: dict[tuple[str, ...], list[int]] = {}
    for place, values in enumerate(members(features, attributes)):
        known = tuple(value for value in values if value is not None)
        if len(known) == len(attributes):
            found.setdefault(known, []).append(place)
    return found


def _both(labels: Labels) -> bool:
    return bool(labels.any() and not labels.all())
