"""What a model must beat: one score for all, a line over the same features and, where one is named, a forecast that is there already."""

import math

import msgspec
import numpy as np
import polars as pl

from interlock.errors import ContractError
from interlock.modeling import linear, portable
from interlock.modeling.isotonic import short
from interlock.modeling.linear import Linear
from interlock.modeling.task import Binary, Labels, Multiclass, Regression, Scores, Task


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature that is a forecast by itself."""

    feature: str
    otherwise: float

    def score(self, frame: pl.DataFrame) -> Scores:
        """Its values, (n,), and `otherwise` where there is none."""
        values = frame[self.feature].cast(pl.Float64).to_numpy()
        return np.where(np.isfinite(values), values, self.otherwise)


class Baselines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Always saying the `base_rate` of the training rows, a linear model of the same features, and a `named` feature.

    The base rate is the share of positives, the share of each class, or the mean of the labels; their median for the loss `absolute`.
    """

    base_rate: float | tuple[float, ...]
    linear: Linear
    named: Named | None = None

    def scores(self, features: pl.DataFrame) -> dict[str, Scores]:
        """The scores of each row of `features`, in the shape of the model's own, by the name of the baseline."""
        found = {"base_rate": self._always(features.height), "linear": self.linear.score(features)}
        return found | ({"named": self.named.score(features)} if self.named else {})

    def _always(self, rows: int) -> Scores:
        if isinstance(self.base_rate, tuple):
            return portable.normalised(np.tile(self.base_rate, (rows, 1)))
        return np.full(rows, self.base_rate)

    @property
    def reads(self) -> list[str]:
        """The features that they need."""
        return list(dict.fromkeys([*(feature.name for feature in self.linear.features), *([self.named.feature] if self.named else [])]))


def fit(train: tuple[pl.DataFrame, Labels], validation: tuple[pl.DataFrame, Labels], inputs: list[str], task: Task) -> Baselines:
    """The baselines of a model of these `inputs`; raises ContractError where `usecase.task.baseline` is no numeric feature."""
    rows, others = (train[0].select(inputs), train[1]), (validation[0].select(inputs), validation[1])
    best = rate(train[1], task)
    return Baselines(best, linear.fit(rows, others, task), None if isinstance(best, tuple) else _named(train[0], task, best))


def rate(labels: Labels, task: Task) -> float | tuple[float, ...]:
    """What is best said of every row alike, at the digits that the JSON writer keeps."""
    match task:
        case Binary():
            return short(int(labels.sum()) / len(labels))
        case Multiclass():
            return tuple(short(int(count) / len(labels)) for count in np.bincount(labels, minlength=len(task.classes)))
        case Regression():
            return short(float(np.median(labels)) if task.loss == "absolute" else math.fsum(labels) / len(labels))


def _named(features: pl.DataFrame, task: Task, otherwise: float) -> Named | None:
    if not isinstance(task, Regression) or task.baseline is None:
        return None
    found = features.schema.get(task.baseline)
    if found is None or not found.is_numeric():
        numbers = [name for name, dtype in features.schema.items() if dtype.is_numeric()]
        what = "no feature" if found is None else f"a feature of {found}, no number"
        raise ContractError(f"usecase.task.baseline: {task.baseline!r} is {what}", f"name one of: {', '.join(numbers)}")
    return Named(task.baseline, otherwise)
