"""When training ends: after so many rounds without a better metric of the validation rows.

LightGBM's own metrics add floats in the order of its threads, and take logarithms of the C library's: of them only `auc`,
which counts pairs, has the same bits everywhere. The others are computed here, of the raw scores that are served later.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from interlock.modeling import portable
from interlock.modeling.task import Labels, Scores

Loss: TypeAlias = Callable[[Labels, Scores], float]
Sets: TypeAlias = Mapping[str, tuple[Scores, Labels]]
Curves: TypeAlias = dict[str, list[float]]


def log_loss(labels: Labels, raw: Scores) -> float:
    """The mean of −log of the softmax of each row's own class; `labels` are positions among the columns of `raw`."""
    below = raw - raw.max(axis=1, keepdims=True)
    total = portable.totals(portable.exp(below))
    return _mean(portable.log(total) - below[np.arange(len(labels)), labels])


def squared(labels: Labels, raw: Scores) -> float:
    return _mean(np.square(labels - raw))


def absolute(labels: Labels, raw: Scores) -> float:
    return _mean(np.abs(labels - raw))


def poisson(labels: Labels, raw: Scores) -> float:
    """The mean negative logarithm of the likelihood, less what does not depend on the score."""
    return _mean(portable.exp(raw) - labels * raw)


def _mean(losses: Scores) -> float:
    return math.fsum(losses) / len(losses)


LOSSES: dict[str, Loss] = {"multi_logloss": log_loss, "l2": squared, "l1": absolute, "poisson": poisson}


@dataclass
class Own:
    """By a metric of LightGBM's own that is exact."""

    metric: str
    sets: Sets
    patience: int
    history: dict[str, Curves] = field(default_factory=dict)

    @cached_property
    def callbacks(self) -> list[Callable[[Any], None]]:
        import lightgbm as lgb

        return [lgb.early_stopping(self.patience, verbose=False), lgb.record_evaluation(self.history)]

    def watched(self, data: Any) -> list[Any]:
        """The sets as LightGBM's own, binned as its training `data` are."""
        return [data.create_valid(*rows) for rows in self.sets.values()]

    @property
    def curves(self) -> Curves:
        return {name: self.history[name][self.metric] for name in self.sets}

    def best(self, booster: Any) -> int:
        return int(booster.best_iteration)


@dataclass
class Watch:
    """By a loss of the raw scores, to which each round's trees are added as scoring adds them; the last set decides."""

    loss: Loss
    sets: Sets
    patience: int
    threads: int
    curves: Curves = field(default_factory=dict)
    raw: dict[str, Scores] = field(default_factory=dict)

    @property
    def callbacks(self) -> list[Callable[[Any], None]]:
        return [self._after]

    def watched(self, _: Any) -> list[Any]:
        return []

    def best(self, _: Any) -> int:
        """The first of the rounds with the least loss."""
        deciding = self.curves[list(self.sets)[-1]]
        return deciding.index(min(deciding)) + 1

    def _after(self, env: Any) -> None:
        import lightgbm as lgb

        for name, (matrix, labels) in self.sets.items():
            # NOTE: asked without a number of threads LightGBM would go on to train with as many as there are cores
            part = env.model.predict(matrix, start_iteration=env.iteration, num_iteration=1, raw_score=True, num_threads=self.threads)
            self.raw[name] = self.raw.get(name, 0.0) + part
            self.curves.setdefault(name, []).append(self.loss(labels, self.raw[name]))
        if env.iteration + 1 - self.best(None) >= self.patience:
            raise lgb.EarlyStopException(self.best(None) - 1, [])


def watch(metric: str, sets: Sets, patience: int, threads: int) -> Own | Watch:
    """What ends training by `metric` of the sets, by name, the last of which decides."""
    return Watch(LOSSES[metric], sets, patience, threads) if metric in LOSSES else Own(metric, sets, patience)
