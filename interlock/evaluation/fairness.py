"""How a decision falls on declared groups: rates of each, gaps and ratios between them, with bootstrap intervals.

Names as in Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning" (2016). A gap is the largest less the
smallest value of all groups, a ratio the smallest over the largest. Resampling adds to a gap, so its upper end errs on the safe side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation.bootstrap import Evaluation, around, ends, replicates
from interlock.evaluation.calibrated import Calibrated
from interlock.evaluation.decided import Decided
from interlock.evaluation.fixed import Replicates
from interlock.evaluation.multiclass import of_likeliest
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.evaluation.selection import Selected
from interlock.evaluation.valued import PARTS
from interlock.modeling.decision import Fairness
from interlock.modeling.groups import POOLED, crossed, grouped

DECLARED = "usecase.fairness.attributes"
DECIDED = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision")
RATES = (*DECIDED, "ece")
NEVER: Replicates = np.full(1, np.nan)


@dataclass(frozen=True)
class Side:
    """A gap or a ratio, made of the least and the greatest value, and which of two is worse."""

    of: Callable[[Replicates, Replicates], Replicates]
    worse: Callable[[Replicates, Replicates], Replicates]


GAP = Side(lambda least, greatest: greatest - least, np.maximum)
RATIO = Side(lambda least, greatest: np.where(greatest == 0, np.nan, least / np.where(greatest == 0, 1, greatest)), np.minimum)


def fairness(
    kind: str, labels: Labels, scores: Scores, decided: Selected | None, columns: pl.DataFrame, *, said: Fairness, how: Evaluation
) -> dict[str, Any]:
    """Every attribute and crossing with its groups, those left out, and their gaps and ratios; `columns` are aligned with `labels`.

    `decided` tells which rows should be selected, and which are. `ece` is the kind's own calibration error of a group's rows:
    of the likeliest class where there are several, in the unit of the label where that is a number. Raises ConfigError
    where an attribute has no values to group by.
    """
    found: list[dict[str, Any]] = []
    if decided is None:
        return {"declared": True, "minimum": said.minimum, "compared": said.between, "attributes": found}
    positive, selected = decided
    for column in crossed(columns, said.attributes, said.crossings, DECLARED):
        places = {name: _places(column, members) for name, members in grouped(column, said.minimum, DECLARED) if name != POOLED}
        small = [value for name, members in grouped(column, said.minimum, DECLARED) if name == POOLED for value in members]
        groups = {
            name: _Group(Decided.of(positive, selected, rows), CALIBRATED[kind](labels, scores, rows)) for name, rows in places.items()
        }
        left_out = [{"name": value, "rows": len(_places(column, [value]))} for value in small]
        found.append({"name": column.name, **_attribute(groups, len(labels), places, said.between, how), "left_out": left_out})
    return {"declared": True, "minimum": said.minimum, "compared": said.between, "attributes": found}


def undeclared() -> dict[str, Any]:
    """What the report says where the use case names no protected columns."""
    return {"declared": False, "threshold": None, "chosen": None, "favourable": [], "minimum": None, "compared": None, "attributes": []}


CALIBRATED: Mapping[str, Callable[[Labels, Scores, Integers], Calibrated]] = {
    "binary": Calibrated.of,
    "multiclass": lambda labels, scores, rows: Calibrated.of(*of_likeliest(labels, scores), rows),
    "regression": lambda labels, scores, rows: Calibrated.of(labels, scores, rows, PARTS),
}


@dataclass(frozen=True)
class _Group:
    """The rows of a group, measured on many resamples at once."""

    decided: Decided
    calibrated: Calibrated

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        return self.decided.measure(counts) | {"ece": self.calibrated.measure(counts)}


def _attribute(groups: Mapping[str, _Group], rows: int, places: Mapping[str, Integers], least: int, how: Evaluation) -> dict[str, Any]:
    """The rates of every group, and what lies between those of at least `least` rows."""
    every = replicates(groups, rows, how)
    exact = {name: one.measure(np.ones((1, rows), np.int64)) for name, one in groups.items()}
    large = {name: len(places[name]) >= least for name in groups}
    one, many = ({name: found[name] for name in groups if large[name]} for found in (exact, every))
    return {
        "groups": [
            {"name": name, "rows": len(places[name]), "compared": large[name]} | _rates(exact[name], every[name]) for name in groups
        ],
        "gaps": _between(one, many, GAP),
        "ratios": _between(one, many, RATIO),
    }


def _between(exact: Mapping[str, Mapping[str, Replicates]], every: Mapping[str, Mapping[str, Replicates]], side: Side) -> dict[str, Any]:
    """What lies between the smallest and the largest value of all groups; None where there are fewer than two, or one has no value.

    `equalized_odds` is the worse of those of the true and the false positive rate. Where everybody or nobody is selected there
    is no decision whose rates could be compared: they are None as well.
    """
    if {float(group["selection_rate"][0]) for group in exact.values()} in ({0.0}, {1.0}):
        exact, every = ({name: {**group, **dict.fromkeys(DECIDED, NEVER)} for name, group in groups.items()} for groups in (exact, every))
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
