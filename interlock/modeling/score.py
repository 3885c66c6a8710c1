"""The one way from features to a score: batch, golden vectors, real time and replay all take it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.modeling import artifact
from interlock.modeling.artifact import Artifact
from interlock.modeling.booster import Booster


@dataclass(frozen=True)
class Scorer:
    """A trained model that is ready to score."""

    model: Artifact
    booster: Booster

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> "Scorer":
        """Load the model in `folder`; raises ArtifactError where its files are missing, altered or do not fit each other."""
        model, text = artifact.read(folder)
        booster = Booster(text, threads=threads)
        if (booster.rounds, booster.features) != (model.rounds, list(model.features)):
            raise ArtifactError(
                f"{folder}: the booster has other rounds or features than {artifact.MODEL} says", f"run: dvc checkout {folder}"
            )
        return cls(model, booster)

    def score(self, features: pl.DataFrame) -> pl.DataFrame:
        """`raw_score` and `score`, a probability, of each row of `features`; a row's bits do not depend on its company.

        Raises ContractError where a feature is missing or of another type.
        """
        raw = self.booster.raw(self.model.encoder.matrix(features))
        return pl.DataFrame({"raw_score": raw, "score": self.model.calibrator.apply(raw)})

    def contributions(self, features: pl.DataFrame) -> NDArray[np.float64]:
        """Each feature's part of each row's raw score, (n, k + 1), last the expected raw score."""
        return self.booster.contributions(self.model.encoder.matrix(features))
