"""Whether a model is of these rows, and predictions are of this model: it scores all of them again."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.evaluation.predictions import Predictions
from interlock.modeling.dataset import Dataset
from interlock.modeling.score import Scorer

TRAINED = ("train", "validation")


def fits(scorer: Scorer, dataset: Dataset) -> None:
    """Raise ArtifactError where a model says of other rows that it was trained on them, or reads what is no feature of them."""
    scorer.needs(dataset.features.columns)
    for name in TRAINED:
        said, found = scorer.model.rows[name], dataset.counts(name)
        if different := [key for key in {**said, **found} if said.get(key) != found.get(key)]:
            key = different[0]
            words = f"model.json: rows.{name}.{key} is {said.get(key)}, the features hold {found.get(key)}"
            raise ArtifactError(words, "run: dvc repro")


@dataclass
class Rescored:
    """The scores that a model gives rows again; those of the same two are made once, whatever else of a candidate is replaced."""

    _last: dict[str, tuple[Scorer, pl.DataFrame, NDArray[np.float64]]] = field(default_factory=dict)

    def different(self, scorer: Scorer, features: pl.DataFrame, predicted: Predictions, name: str) -> int:
        """How many rows get other raw scores or scores, in any bit, than were predicted."""
        again = self._scores(scorer, features, name)
        before = predicted.scored.select(scorer.model.task.columns).to_numpy()
        return int((again != before).any(axis=1).sum())

    def _scores(self, scorer: Scorer, features: pl.DataFrame, name: str) -> NDArray[np.float64]:
        last = self._last.get(name)
        if last is not None and last[0] is scorer and last[1] is features:
            return last[2]
        made = scorer.score(features).to_numpy()
        self._last.setdefault(name, (scorer, features, made))
        return made
