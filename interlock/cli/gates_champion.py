"""The champion that a candidate is met with: what a stage of life runs, a version, or a model in a folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from interlock.errors import ArtifactError

if TYPE_CHECKING:
    from interlock.evaluation.candidate import Candidate
    from interlock.evaluation.predictions import Predictions


def folder(named: str) -> Path:
    """The folder of the champion, its bundle verified.

    Raises ConfigError where nothing is called `named`, ArtifactError where its files are missing or altered.
    """
    from interlock import bundle
    from interlock.params import load
    from interlock.releases import bundles

    if Path(named).is_dir():
        if (Path(named) / bundle.MANIFEST).exists():
            bundle.verify(Path(named))
        return Path(named)
    return bundles.named(load("usecase.name", str), named).folder


def scored(champion: Path, candidate: "Candidate") -> "Predictions":
    """The candidate's test rows as the champion scores them: by the features that its bundle declares, or that a model alone reads."""
    from interlock import bundle
    from interlock.evaluation.champion import predictions
    from interlock.evaluation.predictions import LABEL, Predictions
    from interlock.modeling.artifact import MODEL
    from interlock.modeling.score import Scorer
    from interlock.releases import comparing

    test = candidate.test
    if (champion / bundle.MANIFEST).exists():
        scores = comparing.scored(comparing.Here(), champion, test.task, test.key)
        return Predictions(test.key, test.scored.select(LABEL).hstack(scores), test.task)
    if not (champion / MODEL).exists():
        raise ArtifactError(
            f"{champion} holds neither {bundle.MANIFEST} nor {MODEL}",
            "name a stage of life, a version, or the folder of a bundle or a model",
        )
    return predictions(Scorer.open(champion), test, candidate.features)
