"""The threshold of a binary decision: how it is chosen, and what it and others cost."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from interlock.evaluation.bootstrap import Evaluation, measured
from interlock.evaluation.decided import Decided
from interlock.evaluation.fixed import Replicates
from interlock.evaluation.ranks import Flags, Integers, Scores
from interlock.modeling.decision import Costs, Decision
from interlock.modeling.isotonic import short

NONE_ABOVE = 1.0
STATED = "stated"


def chosen(how: Decision) -> str:
    """What the threshold does best, or that it is stated."""
    return how.threshold if isinstance(how.threshold, str) else STATED


def threshold(labels: Flags, scores: Scores, how: Decision) -> float | None:
    """The score from which a row is selected: stated, or the lowest of those that do best on these rows; None without both classes.

    One that is chosen lies between two scores. Where it is best to select no row it is 1, if none scores that. It has the
    digits that reports keep, so that whoever selects by what they read selects these rows.
    """
    if not isinstance(how.threshold, str):
        return short(how.threshold)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return None
    cuts, hits, flagged = _candidates(labels, scores)
    wrong = flagged - hits
    goods = {
        "least_cost": -(how.costs.false_positive * wrong + how.costs.false_negative * (positives - hits)),
        "accuracy": hits + negatives - wrong,
        "balanced_accuracy": hits * negatives - wrong * positives,
        "f1": 2 * hits / (flagged + positives),
    }
    best = np.flatnonzero(goods[how.threshold] == goods[how.threshold].max())[-1]
    return float(cuts[best])


def decision(labels: Flags, scores: Scores, cut: float | None, said: Decision, how: Evaluation) -> dict[str, Any] | None:
    """What selecting from `cut` on does to these rows, rates and the mean cost of a row with the ends of their intervals.

    Beside it the mean cost of selecting none, and all. None where there is no threshold, or no row.
    """
    if cut is None or not len(labels):
        return None
    rows, positives = len(labels), int(labels.sum())
    return {
        "threshold": cut,
        "chosen": chosen(said),
        **measured(_Costed(Decided.of(labels, scores >= cut), said.costs), rows, how),
        "cost_of_none": said.costs.false_negative * positives / rows,
        "cost_of_all": said.costs.false_positive * (rows - positives) / rows,
    }


@dataclass(frozen=True)
class _Costed:
    decided: Decided
    costs: Costs

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        found = self.decided.measure(counts)
        hits, alarms, missed, left = self.decided.counted(counts)
        with np.errstate(invalid="ignore"):
            cost = (self.costs.false_positive * alarms + self.costs.false_negative * missed) / (hits + alarms + missed + left)
        return {
            "selected": found["selection_rate"],
            "precision": found["precision"],
            "recall": found["true_positive_rate"],
            "false_positive_rate": found["false_positive_rate"],
            "cost": cost,
        }


def _candidates(labels: Flags, scores: Scores) -> tuple[Scores, Integers, Integers]:
    """Every threshold there is, the highest first, with the positives and all rows that it selects."""
    ordered = np.unique(scores)
    between = [short(float(middle)) for middle in (np.append(0.0, ordered[:-1]) + ordered) / 2]
    cuts = np.unique([*between, NONE_ABOVE])[::-1]
    hits, flagged = (len(one) - np.searchsorted(np.sort(one), cuts, "left") for one in (scores[labels], scores))
    return cuts, hits, flagged
