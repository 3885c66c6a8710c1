"""What every trial stands on: rows read once, encoded once and binned once, and the way from a model's settings to its value."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.errors import ContractError
from interlock.evaluation.metrics import TABLE
from interlock.features import featureset
from interlock.features.featureset import FeatureSet
from interlock.modeling import odds
from interlock.modeling.booster import Booster
from interlock.modeling.encode import Encoder
from interlock.modeling.spec import Model
from interlock.modeling.task import Scores, Task
from interlock.modeling.train import Binned, Part, binning, finish, grow, labels, learnable, refused, shown, watched
from interlock.sweeping.folds import Fold, open_folds
from interlock.sweeping.settings import FEATURES, Settings

BINNED = 4
Hear: TypeAlias = Callable[[int, int, float], None]
Key: TypeAlias = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class Outcome:
    """What a trial gave: the value of each fold, and of the last, the graph's own, the rounds, the trees and the scores of its rows."""

    values: tuple[float, ...]
    rounds: int
    booster: str
    scores: Scores


@dataclass
class Encoded:
    """A fold as numbers, all inputs of it, and what was binned of it, the last few of other bins or other features."""

    fold: Fold
    encoder: Encoder
    train: Part
    validation: Part
    binned: OrderedDict[Key, tuple[Any, Any]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, fold: Fold, inputs: Sequence[str], task: Task) -> "Encoded":
        encoder = Encoder.fit(fold.train.features.select(inputs))
        train, validation = ((encoder.matrix(rows.features), labels(rows, task)) for rows in (fold.train, fold.validation))
        return cls(fold, encoder, train, validation)

    @cached_property
    def order(self) -> Any:
        """The places of the validation rows in the order of their key, which is that of predictions."""
        key = self.fold.validation.key
        return key.select(pl.arg_sort_by(key.columns)).to_series().to_numpy()

    def bins(self, model: Model, kept: Sequence[str], task: Task) -> Binned:
        """The rows binned as `model` asks, of the features `kept`: shared with every model that asks for the same bins.

        What a training watches is binned for its thread alone: LightGBM writes the names of features into it each time.
        """
        key = (model.max_bin, tuple(kept))
        with self.lock:
            data, sets = self.binned.get(key) or self._bins(model, kept, task)
            self.binned[key] = data, sets
            self.binned.move_to_end(key)
            while len(self.binned) > BINNED:
                self.binned.popitem(last=False)
            return Binned(data, sets, watched(data, sets, model, task))

    def _bins(self, model: Model, kept: Sequence[str], task: Task) -> tuple[Any, Any]:
        places = [self.encoder.names.index(name) for name in kept]
        encoder = Encoder(tuple(self.encoder.columns[place] for place in places))
        train, validation = ((_some(matrix, places), label) for matrix, label in (self.train, self.validation))
        data = binning(encoder, train, model, task)
        with refused():
            data.construct()
        sets = shown(train, validation)
        return data, {name: (np.ascontiguousarray(matrix), label) for name, (matrix, label) in sets.items()}


@dataclass(frozen=True)
class Ground:
    """The project as the stages `train`, `score` and `evaluate` see it, less the test rows; `inputs` are what a model could read."""

    said: Settings
    features: FeatureSet
    columns: list[str]
    inputs: list[str]
    folds: list[Encoded]

    @classmethod
    def open(cls, folds: int = 1) -> "Ground":
        """From the current project; raises ArtifactError where a file is missing."""
        said = Settings.load()
        opened = open_folds(FEATURES, said.split, folds)
        columns = opened[-1].train.features.columns
        protected = [] if said.fairness is None or said.fairness.inputs else said.fairness.read
        inputs = [name for name in columns if name not in protected]
        encoded = [Encoded.of(fold, inputs, said.task) for fold in opened]
        return cls(said, featureset.read(FEATURES / "featureset.json"), columns, inputs, encoded)

    @property
    def labels(self) -> Any:
        """The labels of the graph's own validation rows, in the order of their key."""
        own = self.folds[-1]
        return own.validation[1][own.order]

    def outcome(self, model: Model, hear: Hear) -> Outcome:
        """Train and judge `model` on the graph's own fold, then on the others; `hear` is told fold, round and metric.

        Raises ContractError where nothing can be learned so, and whatever `hear` raises.
        """
        own = len(self.folds) - 1
        value, rounds, text, scores = self._judged(model, own, hear)
        others = [self._judged(model, place, hear)[0] for place in range(own)]
        return Outcome((*others, value), rounds, text, scores)

    def _judged(self, model: Model, place: int, hear: Hear) -> tuple[float, int, str, Scores]:
        """The headline metric as `evaluate` reports it of the validation rows of a fold."""
        fold = self.folds[place]
        plan = odds.plan(model, self.said.task, self.said.fairness, self.said.decision, self.columns)
        kept = model.kept(self.columns, [name for name in self.columns if name not in self.inputs])
        learnable(fold.fold.train, model, self.said.task)
        binned = fold.bins(model, kept, self.said.task)
        text, _ = grow(binned, model, self.said.task, lambda done, metric: hear(place, done, metric))
        booster = Booster(text, threads=model.threads)
        _, _, scores = finish(booster, binned.sets["validation"], fold.fold.validation.features, self.said.task, plan)
        scores, label = scores[fold.order], fold.validation[1][fold.order]
        value = TABLE[self.said.task.kind][self.said.task.headline](label, scores)
        if value is None:
            found = f"{self.said.task.headline} cannot be told of the {len(label)} validation rows"
            raise ContractError(found, "move the split, in conf/usecase/")
        return float(value), booster.rounds, text, scores


def _some(matrix: Any, places: Sequence[int]) -> Any:
    return matrix if len(places) == matrix.shape[1] else np.ascontiguousarray(matrix[:, places])
