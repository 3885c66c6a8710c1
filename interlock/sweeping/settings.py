"""What params.yaml says of training and judging, and what else the value of a trial follows from."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from interlock import params
from interlock.errors import ArtifactError
from interlock.evaluation.bootstrap import Evaluation
from interlock.files import sha256
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.spec import Model
from interlock.modeling.split import Split
from interlock.modeling.task import Task

FEATURES = Path("data/features")
READ = ("requests.parquet", "outcomes.parquet", "features.parquet", "featureset.json")
CHANGING = ("lightgbm", "numpy", "optuna", "polars")
CODE = ("modeling", "evaluation", "sweeping")


@dataclass(frozen=True)
class Settings:
    """The sections that `train`, `score` and `evaluate` read; `base` is the current model."""

    task: Task
    split: Split
    base: Model
    fairness: Fairness | None
    decision: Decision
    how: Evaluation

    @classmethod
    def load(cls) -> "Settings":
        """From the current project; raises ConfigError where a section does not fit."""
        return cls(
            task=params.load("usecase.task", Task),  # type: ignore[arg-type] # a union is no type[T]
            split=params.load("usecase.split", Split),  # type: ignore[arg-type] # a union is no type[T]
            base=params.load("model", Model),
            fairness=params.load("usecase.fairness", Fairness, default=None),
            decision=params.load("usecase.decision", Decision, default=Decision()),
            how=params.load("usecase.evaluation", Evaluation, default=Evaluation()),
        )

    def about(self) -> dict[str, Any]:
        """All that a trial's value follows from but its point: these settings, the data and the versions, as plain values.

        Raises ArtifactError where the features are not there.
        """
        if absent := [FEATURES / file for file in READ if not (FEATURES / file).is_file()]:
            raise ArtifactError(f"{absent[0]} does not exist", "run: make")
        sections = {"model": self.base, "task": self.task, "split": self.split, "fairness": self.fairness, "decision": self.decision}
        return {
            **msgspec.json.decode(msgspec.json.encode(sections)),
            "data": {file: sha256(FEATURES / file) for file in READ},
            "versions": {"interlock": _code()} | {package: version(package) for package in CHANGING},
        }


def _code() -> str:
    """One hash over the modules of the library that train, judge and ask for trials."""
    total = hashlib.sha256()
    for folder in CODE:
        for file in sorted((entry for entry in files("interlock").joinpath(folder).iterdir() if entry.name.endswith(".py")), key=str):
            total.update(f"{folder}/{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
