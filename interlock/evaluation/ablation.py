"""What each view or feature is worth: models trained again without it, compared on the same validation rows.

Leaving out by training again, not by shuffling: what remains may stand in for what is gone (Hooker, Mentch and Zhou,
"Unrestricted Permutation Forces Extrapolation", 2021).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np

from interlock import params
from interlock.evaluation.bootstrap import Evaluation, Scorings
from interlock.features import expressions, featureset
from interlock.features.featureset import AnyFeature, FeatureSet, Lookup, OnDemand
from interlock.modeling import calibrate
from interlock.modeling.booster import Booster
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.decision import Fairness
from interlock.modeling.encode import Encoder, Matrix
from interlock.modeling.spec import Model
from interlock.modeling.split import Split
from interlock.modeling.task import Labels, Scores, Task
from interlock.modeling.train import boost, labels

FEATURES = Path("data/features")
ALL, SEED, REQUEST = "all", "another seed", "request"
SECONDS = 5e-9  # for a row, a feature and a round, on two cores
By: TypeAlias = Literal["view", "feature"]


@dataclass(frozen=True)
class Ablation:
    """Training and validation rows, and everything that a model is trained by; `inputs` are the features that it reads."""

    task: Task
    model: Model
    how: Evaluation
    features: FeatureSet
    inputs: list[str]
    train: Rows
    validation: Rows

    @classmethod
    def open(cls, rounds: int | None = None) -> "Ablation":
        """From the current project, with fewer `rounds` where they are said; raises ArtifactError where a file is missing."""
        task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
        split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
        fairness: Fairness | None = params.load("usecase.fairness", Fairness, default=None)
        model, how = params.load("model", Model), params.load("usecase.evaluation", Evaluation, default=Evaluation())
        features = featureset.read(FEATURES / "featureset.json")
        dataset = Dataset.open(FEATURES, split)
        train, validation = dataset.rows("train"), dataset.rows("validation")
        inputs = model.kept(train.features.columns, [] if fairness is None or fairness.inputs else fairness.read)
        changed = model if rounds is None else msgspec.structs.replace(model, rounds=rounds)
        return cls(task, changed, how, features, inputs, train, validation)

    def parts(self, by: By) -> dict[str, list[str]]:
        """The inputs by the view that they read, themselves or through others, or each alone."""
        if by == "feature":
            return {name: [name] for name in self.inputs}
        found: dict[str, list[str]] = {}
        for name in self.inputs:
            for view in sorted(views(self.features, name)):
                found.setdefault(view, []).append(name)
        return found

    def expected(self, trainings: int, rounds: int) -> float:
        """Roughly how many seconds so many trainings of so many rounds take."""
        return SECONDS * len(self.train.label) * len(self.inputs) * trainings * min(rounds, self.model.rounds)

    def scores(self, dropped: Collection[str] = (), *, seed: int = 0) -> Scores:
        """The calibrated scores of the validation rows by a model trained without the `dropped` features."""
        kept = [place for place, name in enumerate(self.inputs) if name not in dropped]
        encoder = Encoder(tuple(self._encoder.columns[place] for place in kept))
        (x, y), (x_validation, y_validation) = self._encoded
        model = msgspec.structs.replace(self.model, seed=self.model.seed + seed)
        left = np.ascontiguousarray(x_validation[:, kept])
        text, _ = boost(encoder, (np.ascontiguousarray(x[:, kept]), y), (left, y_validation), model, self.task)
        raw = Booster(text, threads=model.threads).raw(left)
        return calibrate.fit(raw, y_validation, self.task).apply(raw)

    def told(self, scores: Mapping[str, Scores], parts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """What each of `parts` that was scored without is worth, the most first, with the interval of the paired bootstrap."""
        found = Scorings.of(self.task.kind, self.task.labels(self.validation.label), scores, self.how)
        metric = self.task.headline
        lost = {name: found.gains(ALL, over=name)[metric] for name in scores if name != ALL}
        shaken = lost.pop(SEED, None)
        records = [self._record(name, parts[name], gain) for name, gain in lost.items()]
        every = {key: found.metrics(ALL)[key] for key in (metric, f"{metric}_low", f"{metric}_high")}
        return {
            "metric": metric,
            "rows": self.validation.features.height,
            **every,
            "another_seed": shaken and _loss(shaken),
            "parts": sorted(records, key=lambda one: (-(one["loss"] or 0.0), one["name"])),
            "not_done": [name for name in parts if name not in scores],
        }

    def _record(self, name: str, dropped: Sequence[str], gain: Mapping[str, Any]) -> dict[str, Any]:
        nulls = self.validation.features.select(dropped).null_count().sum_horizontal().item()
        share = nulls / (len(dropped) * self.validation.features.height)
        return {"name": name, "features": list(dropped), **_loss(gain), "null_share": share}

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder.fit(self.train.features.select(self.inputs))

    @cached_property
    def _encoded(self) -> tuple[tuple[Matrix, Labels], tuple[Matrix, Labels]]:
        both = ((self._encoder.matrix(rows.features), labels(rows, self.task)) for rows in (self.train, self.validation))
        return next(both), next(both)


def views(features: FeatureSet, name: str) -> set[str]:
    """What a feature reads, itself or through others, as it is called in words; `request` where it reads nothing else."""
    found = _views(features, name)
    return found - {REQUEST} or {REQUEST}


def _views(features: FeatureSet, name: str) -> set[str]:
    feature = features.by_name.get(name)
    if feature is None or isinstance(feature, OnDemand):
        read = features.reads(feature) if feature else set()
        return {REQUEST}.union(*(_views(features, each) for each in read))
    return {_view(feature)}


def _view(feature: AnyFeature) -> str:
    """The table and the keys that a feature is read by, and the rows that count, as features of one view share them."""
    assert not isinstance(feature, OnDemand)
    table = feature.reference if isinstance(feature, Lookup) else feature.history
    where = getattr(feature, "where", None)
    keys = ", ".join(ours if ours == theirs else f"{theirs} = {ours}" for theirs, ours in feature.keys)
    return f"{table}{f' by {keys}' if keys else ''}{f' where {expressions.show(where)}' if where is not None else ''}"


def _loss(gain: Mapping[str, Any]) -> dict[str, Any]:
    low, high = gain["gain_low"], gain["gain_high"]
    sure = low is not None and high is not None and (low > 0 or high < 0)
    return {"loss": gain["gain"], "low": low, "high": high, "sure": sure}
