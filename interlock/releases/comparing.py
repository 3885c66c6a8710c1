"""What is released against what it replaces: the champion scores the candidate's test rows, with features as it declares them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from interlock import bundle, frames, params
from interlock.contracts import ledger
from interlock.errors import ArtifactError, ContractError
from interlock.evaluation import champion
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.gates import Gates, finding
from interlock.evaluation.predictions import LABEL, Predictions, beside
from interlock.evaluation.verdicts import LACKING
from interlock.features import featureset, offline
from interlock.frames import ROW
from interlock.modeling.score import Scorer
from interlock.modeling.task import Task
from interlock.past import Past
from interlock.releases.bundles import Resolved

PREDICTIONS, FEATURES, RAW, QUARANTINE = "data/predictions", "data/features", "data/raw", "data/quarantine"
REMEDY = "the gates against it need a waiver that says why: interlock gates --waive --help"


class Here:
    """The files of the work tree, where those of a commit would be a `Past`."""

    def folder(self, path: str) -> Path:
        return Path(path)


Place: TypeAlias = Past | Here


def compare(commit: str, current: Resolved | None) -> dict[str, Any]:
    """The comparison of the candidate of a commit with the champion `current`, gate by gate; None is a first release."""
    past = Past(commit)
    said = past.params()
    task: Task = params.load("usecase.task", Task, said)  # type: ignore[arg-type] # a union is no type[T]
    gates: Gates = params.load("gates", Gates, said)
    how = params.load("usecase.evaluation", Evaluation, said, default=Evaluation())
    candidate = Predictions.open(past.folder(PREDICTIONS) / "test.parquet", task)
    if current is None:
        return champion.compare(candidate, None, gates, how)
    try:
        scores = scored(past, current.folder, task, candidate.key)
    except ArtifactError as error:
        return _incomparable(task, gates, candidate.key.height, error.found)
    return champion.compare(candidate, Predictions(candidate.key, candidate.scored.select(LABEL).hstack(scores), task), gates, how)


def _incomparable(task: Task, gates: Gates, rows: int, why: str) -> dict[str, Any]:
    """What is said where champion and candidate do not meet: no gate against the champion has evidence."""
    asked = {
        name: finding(gate, LACKING, f"{gate.metric}: {gate.asked} is asked, and {why}")
        for name, gate in gates.items()
        if gate.against == "champion"
    }
    return {"outcome": why, "headline": task.headline, "rows": rows, "metrics": [], "verdict": LACKING, "passed": False, "gates": asked}


def scored(place: Place, folder: Path, task: Task, key: pl.DataFrame) -> pl.DataFrame:
    """The scores that the bundle in `folder` gives the requests of `key`, from the features that it declares and the valid rows of the place.

    Raises ArtifactError where these rows cannot be scored by it: they lack a field or a table that it reads, or it is of another task.
    """
    declared, scorer, there = featureset.read(folder / bundle.FEATURESET), Scorer.open(folder / bundle.MODEL), place.folder(FEATURES)
    if scorer.model.task != task:
        raise ArtifactError(f"what runs now is of another task: {scorer.model.task}, this is {task}", REMEDY)
    try:
        if declared.fingerprint == featureset.read(there / "featureset.json").fingerprint:
            return scorer.score(beside(key, there / "features.parquet"))
        requests = key.hstack(beside(key, there / "requests.parquet"))
        return scorer.score(offline.compute(declared, requests, tables(place, declared.tables)))
    except (ContractError, pl.exceptions.PolarsError) as error:
        found = error.found if isinstance(error, ContractError) else str(error).splitlines()[0]
        raise ArtifactError(f"what runs now cannot score these rows: {found}", REMEDY) from None


def tables(place: Place, names: Iterable[str]) -> dict[str, pl.LazyFrame]:
    """The rows of each table that were not set aside."""
    raw, aside = place.folder(RAW), place.folder(QUARANTINE)
    return {name: ledger.less(frames.scan(raw / f"{name}.parquet"), frames.read(aside / f"{name}.parquet", [ROW])) for name in names}
