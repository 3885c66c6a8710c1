"""A bundle that is ready to score, and what of a request it makes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from interlock import bundle
from interlock.contracts.microbatch import Checker
from interlock.features import contracted, door, expectations, featureset
from interlock.features.featureset import FeatureSet
from interlock.files import sha256
from interlock.modeling.score import Scorer
from interlock.serving.known import Known

THREADS = 2


@dataclass(frozen=True)
class Model:
    """The declarations and the model of a bundle; `bundle` is its hash."""

    bundle: str
    features: FeatureSet
    scorer: Scorer

    @classmethod
    def open(cls, folder: Path, *, verified: bool = False) -> "Model":
        """That of the bundle in a folder; raises ArtifactError where it is altered, or does not give its golden vectors."""
        found = sha256(folder / bundle.MANIFEST) if verified else bundle.verify(folder)
        return cls(found, featureset.read(folder / bundle.FEATURESET), Scorer.open(folder / bundle.MODEL, threads=THREADS))

    @cached_property
    def checker(self) -> Checker:
        """What holds requests to the bundle's contract."""
        return door.checker(self.features, contracted.REQUESTS)

    def score(self, known: Known, requests: pl.DataFrame, position: int | None = None) -> "Scored":
        """The public features and scores of requests, from what was known at a position."""
        made = known.compute(requests, position)
        values = made.select(feature.name for feature in self.features.public)
        return Scored(requests, values, self.scorer.score(made), self._refused(values))

    def _refused(self, values: pl.DataFrame) -> dict[int, str]:
        """By row why there is no answer; most often none breaks an expectation, which one look at whole columns tells."""
        fatal = [expectations.outside(feature) for feature in self.features.public if feature.about.severity == "fail"]
        broken = values.select(pl.any_horizontal(pl.lit(False), *fatal).alias("broken"))["broken"].arg_true() if fatal else pl.Series([])
        if not broken.len():
            return {}
        found = expectations.refusals(self.features, expectations.broken(self.features, values[broken]))
        return {int(broken[row]): error.found for row, error in found.items()}


@dataclass(frozen=True)
class Scored:
    """Requests with their public features and scores, and by row why one has no answer: a feature is not what it must be."""

    requests: pl.DataFrame
    values: pl.DataFrame
    scores: pl.DataFrame
    refused: dict[int, str]

    def answered(self) -> "Scored":
        """Those that have an answer."""
        if not self.refused:
            return self
        kept = pl.Series([row not in self.refused for row in range(self.requests.height)], dtype=pl.Boolean)
        return Scored(self.requests.filter(kept), self.values.filter(kept), self.scores.filter(kept), {})
