"""How a decision falls on declared groups: rates of each, gaps and ratios between them, with bootstrap intervals.

Names as in Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning" (2016). A gap is the largest less the
smallest value of all groups, a ratio the smallest over the largest. Resampling adds to a gap, so its upper end errs on the safe side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation import resample
from interlock.evaluation.bootstrap import Evaluation, around, ends
from interlock.evaluation.metrics import counts_above
from interlock.evaluation.ranked import Ranked, Replicates
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.groups import POOLED, crossed, grouped

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision", "ece")


@dataclass(frozen=True)
class Side:
    """A gap or a ratio, made of the least and the greatest value, and which of two is worse."""

    of: Callable[[Replicates, Replicates], Replicates]
    worse: Callable[[Replicates, Replicates], Replicates]


GAP = Side(lambda least, greatest: greatest - least, np.maximum)
RATIO = Side(lambda least, greatest: np.where(greatest == 0, np.nan, least / np.where(greatest == 0, 1, greatest)), np.minimum)


def threshold(labels: Labels, scores: Scores, how: Decision) -> float | None:
    """The score from which a row is selected: stated, or the lowest of those that do best on these rows; None without both classes."""
    if not isinstance(how.threshold, str):
        return how.threshold
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return None
    hits, flagged = counts_above(labels, scores)
    wrong = flagged - hits
    goods = {
        "least_cost": -(how.costs.false_positive * wrong + how.costs.false_negative * (positives - hits)),
        "accuracy": hits + negatives - wrong,
        "balanced_accuracy": hits * negatives - wrong * positives,
        "f1": 2 * hits / (flagged + positives),
    }
    best = np.flatnonzero(goods[how.threshold] == goods[how.threshold].max())[-1]
    return float(np.unique(scores)[::-1][best])


def fairness(labels: Labels, scores: Scores, columns: pl.DataFrame, said: Fairness, cut: float | None, how: Evaluation) -> dict[str, Any]:
    """Every attribute and crossing with its groups, those left out, and their gaps and ratios; `columns` are aligned with `labels`."""
    found = [] if cut is None else [_attribute(labels, scores, column, said.minimum, cut, how) for column in _columns(columns, said)]
    return {"declared": True, "threshold": cut, "minimum": said.minimum, "attributes": found}


def undeclared() -> dict[str, Any]:
    """What the report says where the use case names no protected columns."""
    return {"declared": False, "threshold": None, "minimum": None, "attributes": []}


def _columns(columns: pl.DataFrame, said: Fairness) -> list[pl.Series]:
    return list(crossed(columns, said.attributes, said.crossings))


def _attribute(labels: Labels, scores: Scores, column: pl.Series, minimum: int, cut: float, how: Evaluation) -> dict[str, Any]:
    sizes = list(grouped(column, minimum))
    rows = {name: _places(column, members) for name, members in sizes if name != POOLED}
    small = [value for name, members in sizes if name == POOLED for value in members]
    groups = {name: _Group(labels, scores, places, cut) for name, places in rows.items()}
    drawn = resample.each(len(labels), how.rounds, how.seed, lambda counts: {name: one.measure(counts) for name, one in groups.items()})
    every = {name: {rate: np.concatenate([chunk[name][rate] for chunk in drawn]) for rate in RATES} for name in groups}
    exact = {name: one.measure(np.ones((1, len(labels)), np.int64)) for name, one in groups.items()}
    return {
        "name": column.name,
        "groups": [{"name": name, "rows": len(rows[name])} | _rates(exact[name], every[name]) for name in groups],
        "left_out": [{"name": value, "rows": len(_places(column, [value]))} for value in small],
        "gaps": _between(exact, every, GAP),
        "ratios": _between(exact, every, RATIO),
    }


class _Group:
    """The rows of a group by label and decision, measured on many resamples at once."""

    def __init__(self, labels: Labels, scores: Scores, rows: Integers, cut: float) -> None:
        selected = scores >= cut
        self.cells = {
            (label, flag): rows[(labels[rows] == label) & (selected[rows] == flag)] for label in (False, True) for flag in (False, True)
        }
        self.ranked = Ranked.of(labels, scores, rows)

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        n = {cell: np.take(counts, rows, axis=1).sum(axis=1) for cell, rows in self.cells.items()}
        hits, alarms, missed, left = n[True, True], n[False, True], n[True, False], n[False, False]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "selection_rate": (hits + alarms) / (hits + alarms + missed + left),
                "true_positive_rate": hits / (hits + missed),
                "false_positive_rate": alarms / (alarms + left),
                "precision": hits / (hits + alarms),
                "ece": self.ranked.measure(counts)["ece"],
            }


def _between(exact: Mapping[str, Mapping[str, Replicates]], every: Mapping[str, Mapping[str, Replicates]], side: Side) -> dict[str, Any]:
    """What lies between the smallest and the largest value of all groups; None where there are fewer than two, or one has no value.

    `equalized_odds` is the worse of those of the true and the false positive rate.
    """
    one, many = ({rate: _extremes([group[rate] for group in groups.values()], side) for rate in RATES} for groups in (exact, every))
    found: dict[str, Any] = {}
    for rate in RATES:
        found |= _with_ends(rate, one[rate], many[rate])
    odds = [side.worse(rates["true_positive_rate"], rates["false_positive_rate"]) for rates in (one, many)]
    return found | _with_ends("equalized_odds", *odds)


def _extremes(values: list[Replicates], side: Side) -> Replicates:
    if len(values) < 2:
        return np.full(1, np.nan)
    stacked = np.stack(values)
    return side.of(stacked.min(axis=0), stacked.max(axis=0))


def _rates(exact: Mapping[str, Replicates], every: Mapping[str, Replicates]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rate in RATES:
        found |= _with_ends(rate, exact[rate], every[rate])
    return found


def _with_ends(name: str, exact: Replicates, every: Replicates) -> dict[str, Any]:
    value = float(exact[0]) if np.isfinite(exact[0]) else None
    low, high = around(value, *ends(every))
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _places(column: pl.Series, members: list[str]) -> Integers:
    places: Integers = column.is_in(members).arg_true().to_numpy().astype(np.int64)
    return places
