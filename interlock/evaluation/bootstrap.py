"""How sure metrics are: 95 % intervals from resampled rows, of one set of scores, of slices, and of two sets compared.

Percentile intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13), by order statistics. Two
scorings of the same rows are drawn together, so what rows have in common cancels. Each resample adds noise of its own to
a calibration error, which therefore lies high: its upper end errs on the safe side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias

import numpy as np
from msgspec import Meta

from interlock.evaluation import resample
from interlock.evaluation.classed import Classed
from interlock.evaluation.fixed import Replicates
from interlock.evaluation.metrics import LOWER_IS_BETTER, NEARER_ZERO_IS_BETTER, Value, measure
from interlock.evaluation.ranked import Ranked
from interlock.evaluation.ranks import Integers, Labels, Scores
from interlock.evaluation.valued import Valued
from interlock.params import Section

TAIL = 0.025
Found: TypeAlias = dict[str, Any]


class Resampled(Protocol):
    """Rows that are measured on many resamples at once."""

    def measure(self, counts: Integers) -> dict[str, Replicates]:
        """Each metric of every round of `counts`, (rounds, all rows); NaN where the rows that it drew cannot bear it."""
        ...


RESAMPLED: Mapping[str, Callable[[Labels, Scores, Integers | None], Resampled]] = {
    "binary": Ranked.of,
    "multiclass": Classed.of,
    "regression": Valued.of,
}


class Evaluation(Section, frozen=True):
    """How many resamples there are, and the seed that they follow from."""

    rounds: Annotated[int, Meta(ge=40, le=100_000)] = 1000
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 7


def metrics(kind: str, labels: Labels, scores: Scores, how: Evaluation) -> Found:
    """Every metric of all rows, with the ends of its interval as `<metric>_low` and `<metric>_high`."""
    return by_group(kind, labels, scores, {"": np.arange(len(labels))}, how)[""]


def by_group(kind: str, labels: Labels, scores: Scores, groups: Mapping[str, Integers], how: Evaluation) -> dict[str, Found]:
    """The same of each group of rows, by its name. Groups share the resamples of all rows."""
    ranked = {name: RESAMPLED[kind](labels, scores, rows) for name, rows in groups.items()}
    drawn = replicates(ranked, len(labels), how)
    exact = {name: measure(kind, labels[rows], scores[rows]) for name, rows in groups.items()}
    return {name: with_ends(exact[name], drawn[name]) for name in groups}


@dataclass(frozen=True)
class Scorings:
    """Several scorings of the same rows, by name: their metrics, and the metrics of every round."""

    exact: Mapping[str, Mapping[str, Value]]
    drawn: Mapping[str, Mapping[str, Replicates]]

    @classmethod
    def of(cls, kind: str, labels: Labels, scores: Mapping[str, Scores], how: Evaluation) -> "Scorings":
        ranked = {name: RESAMPLED[kind](labels, values, None) for name, values in scores.items()}
        return cls({name: measure(kind, labels, values) for name, values in scores.items()}, replicates(ranked, len(labels), how))

    def metrics(self, name: str) -> Found:
        """The metrics of one with their intervals."""
        return with_ends(self.exact[name], self.drawn[name])

    def gains(self, name: str, over: str) -> dict[str, Found]:
        """What one gains over another on the same rows, by metric: positive is better, for errors as well.

        `gain`, the ends `gain_low` and `gain_high` of its interval; the ends are None where rows are too few.
        """
        return {
            metric: _gained(metric, self.exact[over], self.exact[name], self.drawn[over], self.drawn[name]) for metric in self.drawn[name]
        }


def replicates(ranked: Mapping[str, Resampled], rows: int, how: Evaluation) -> dict[str, dict[str, Replicates]]:
    """The metrics of each of `ranked` in every round, out of `rows` rows in all."""
    if not rows or not ranked:
        return {name: {} for name in ranked}
    found = resample.each(rows, how.rounds, how.seed, lambda counts: {name: one.measure(counts) for name, one in ranked.items()})
    return {name: {metric: np.concatenate([chunk[name][metric] for chunk in found]) for metric in found[0][name]} for name in ranked}


def measured(one: Resampled, rows: int, how: Evaluation) -> Found:
    """What `one` measures on each of `rows` rows drawn once, with the ends of its interval; NaN is None."""
    exact = {name: float(values[0]) for name, values in one.measure(np.ones((1, rows), np.int64)).items()}
    known = {name: value if np.isfinite(value) else None for name, value in exact.items()}
    return with_ends(known, replicates({"": one}, rows, how)[""])


def ends(values: Replicates) -> tuple[float | None, float | None]:
    """The interval of what resamples gave; None where a round had too few rows to give a number."""
    if not np.isfinite(values).all():
        return None, None
    ordered = np.sort(values)
    outside = max(1, int((len(values) + 1) * TAIL))
    return float(ordered[outside - 1]), float(ordered[-outside])


def with_ends(exact: Mapping[str, Value], drawn: Mapping[str, Replicates]) -> Found:
    """Each metric, with the ends of its interval where it was resampled."""
    found: Found = {}
    for name, value in exact.items():
        found[name] = value
        if name in drawn:
            found[f"{name}_low"], found[f"{name}_high"] = around(value, *ends(drawn[name]))
    return found


def around(value: Value, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """The interval, widened where `value` lies outside of it; None where there is no value."""
    return (None, None) if value is None or low is None or high is None else (min(low, value), max(high, value))


def _gained(
    name: str, old: Mapping[str, Value], new: Mapping[str, Value], before: Mapping[str, Replicates], after: Mapping[str, Replicates]
) -> Found:
    first, second = old[name], new[name]
    gain = _good(name, second) - _good(name, first) if first is not None and second is not None else None
    low, high = around(gain, *ends(_good(name, after[name]) - _good(name, before[name])))
    return {"gain": gain, "gain_low": low, "gain_high": high}


def _good(name: str, value: Any) -> Any:
    """The value of a metric, or the values of its rounds, as what is better the greater it is."""
    if name in NEARER_ZERO_IS_BETTER:
        return -abs(value)
    return -value if name in LOWER_IS_BETTER else value
