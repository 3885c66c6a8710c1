"""The one way from features to a score: batch, golden vectors, real time and replay all take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ArtifactError, listed
from interlock.modeling import artifact
from interlock.modeling.artifact import Artifact
from interlock.modeling.booster import Booster
from interlock.modeling.task import Task


@dataclass(frozen=True)
class Scorer:
    """A trained model that is ready to score."""

    model: Artifact
    booster: Booster

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1, task: Task | None = None) -> "Scorer":
        """Load the model in `folder`; raises ArtifactError where its files are missing, altered or do not fit each other, or `task`."""
        model, text = artifact.read(folder)
        if task not in (None, model.task):
            raise ArtifactError(f"{folder / artifact.MODEL}: task is {model.task}, usecase.task of params.yaml is {task}", "run: dvc repro")
        booster = Booster(text, threads=threads)
        if (booster.rounds, booster.features, booster.classes) != (model.rounds, list(model.features), len(model.task.raw)):
            found = f"{folder}: the booster has other rounds, features or classes than {artifact.MODEL} says"
            raise ArtifactError(found, f"run: dvc checkout {folder}")
        return cls(model, booster)

    def score(self, features: pl.DataFrame) -> pl.DataFrame:
        """The columns of the task for each row of `features`: raw scores, then scores; a row's bits do not depend on its company.

        Raises ContractError where a feature is missing or of another type.
        """
        raw = self.booster.raw(self.model.encoder.matrix(features))
        scores = self.model.calibrator.apply(raw)
        if self.model.mitigation:
            scores = self.model.mitigation.apply(scores, features)
        columns = np.column_stack([raw, scores])
        return pl.DataFrame({name: np.ascontiguousarray(columns[:, place]) for place, name in enumerate(self.model.task.columns)})

    def needs(self, features: Sequence[str]) -> None:
        """Raise ArtifactError where a score depends on what is none of `features`."""
        if absent := [name for name in self.model.reads if name not in features]:
            raise ArtifactError(f"{artifact.MODEL}: the model reads {listed(absent)}, which the features do not hold", "run: dvc repro")

    def contributions(self, features: pl.DataFrame) -> NDArray[np.float64]:
        """Each feature's part of each row's raw score, (n, k + 1), or (n, classes, k + 1); last the expected raw score."""
        return self.booster.contributions(self.model.encoder.matrix(features))
