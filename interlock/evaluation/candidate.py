"""A candidate with everything that it is judged by, and the reports that say how good it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from interlock import frames, params
from interlock.errors import ConfigError
from interlock.evaluation import bootstrap, leakage
from interlock.evaluation.bootstrap import Evaluation, Scorings
from interlock.evaluation.fairness import fairness, threshold, undeclared
from interlock.evaluation.predictions import Predictions, beside
from interlock.evaluation.slices import Slices, by_slice
from interlock.files import listed
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.score import Scorer
from interlock.modeling.split import MATURED, Split
from interlock.modeling.task import Task

FEATURES = Path("data/features")
MODEL = Path("models/model")
PREDICTIONS = Path("data/predictions")
RESCORED = 500


@dataclass(frozen=True)
class Candidate:
    """The rows of each split as the model knew them, its predictions, and what the use case declares.

    `outcomes` are those of every request, `columns` what test rows are sliced and grouped by, `features` those of the test rows.
    """

    task: Task
    slices: Slices
    decision: Decision
    fairness: Fairness | None
    how: Evaluation
    split: Split
    scorer: Scorer
    by: list[str]
    outcomes: pl.DataFrame
    train: Rows
    holdout: Rows
    validation: Predictions
    test: Predictions
    features: pl.DataFrame
    columns: pl.DataFrame

    @classmethod
    def open(cls) -> "Candidate":
        """Read it from the current project; raises ArtifactError where a file is missing or does not fit the others."""
        task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
        slices = params.load("usecase.slices", Slices)
        protected: Fairness | None = params.load("usecase.fairness", Fairness, default=None)
        split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
        scored = {name: Predictions.open(PREDICTIONS / f"{name}.parquet") for name in ("validation", "test")}
        key = scored["test"].key
        read = [*slices.read, *(protected.read if protected else [])]
        dataset = Dataset.open(FEATURES, split)
        return cls(
            task=task,
            slices=slices,
            decision=params.load("usecase.decision", Decision, default=Decision()),
            fairness=protected,
            how=params.load("usecase.evaluation", Evaluation, default=Evaluation()),
            split=split,
            scorer=Scorer.open(MODEL),
            by=list(dataset.by),
            outcomes=frames.read(FEATURES / "outcomes.parquet"),
            train=dataset.rows("train"),
            holdout=dataset.rows("validation"),
            validation=scored["validation"],
            test=scored["test"],
            features=beside(key, FEATURES / "features.parquet"),
            columns=sliced(key, read),
        )

    def evaluate(self) -> dict[str, Any]:
        """The reports on it, by name."""
        slices = by_slice(self.task.kind, self.test.labels, self.test.scores, self.columns, self.slices, self.how)
        metrics = self._metrics() | {"worst_slice": _worst(slices), "rescored": self._rescored()}
        return {"metrics": metrics, "slices": slices, "fairness": self.fair(), "leakage": self.leaks()}

    def _metrics(self) -> dict[str, Any]:
        """The metrics of validation and test rows, of the baselines on the test rows, and what the model gains over each."""
        baselines = self.scorer.model.baselines.scores(self.features)
        found = Scorings.of(self.task.kind, self.test.labels, {"test": self.test.scores, **baselines}, self.how)
        return {
            "rows": self._counted(),
            "validation": bootstrap.metrics(self.task.kind, self.validation.labels, self.validation.scores, self.how),
            "test": found.metrics("test"),
            "baseline": dict(found.exact["base_rate"]),
            "linear": dict(found.exact["linear"]),
            "gain": listed({name: found.gains("test", name) for name in baselines}),
        }

    def _counted(self) -> dict[str, int]:
        """How many requests there are, were used by each split, have no outcome, or have one and lie in no split: the gap."""
        used = {"train": self.scorer.model.rows["train"]["used"], "validation": self.validation.key.height, "test": self.test.key.height}
        missing = self.outcomes[self._label()].null_count()
        gap = self.outcomes.height - missing - sum(used.values())
        return {"requests": self.outcomes.height, "without_outcome": missing, **used, "gap": gap}

    def _label(self) -> str:
        (label,) = (name for name in self.outcomes.columns if name not in {*self.test.key.columns, MATURED})
        return label

    def _rescored(self) -> dict[str, int | None]:
        """Of test rows that lie evenly apart, how many get another score from this model and these features than was predicted."""
        apart = max(1, self.test.key.height // RESCORED)
        again = self.scorer.score(self.features.gather_every(apart))
        before = self.test.scored.select(again.columns).gather_every(apart)
        equal = int((again.to_numpy() == before.to_numpy()).all(axis=1).sum())
        return {"rows": again.height, "different": again.height - equal if again.height else None}

    def fair(self) -> dict[str, Any]:
        """How its decisions fall on the groups that the use case declares."""
        if self.fairness is None:
            return undeclared()
        cut = threshold(self.validation.labels, self.validation.scores, self.decision)
        return fairness(self.test.labels, self.test.scores, self.columns, self.fairness, cut, self.how)

    def leaks(self) -> dict[str, Any]:
        """What it may have known that it could not have known."""
        read = [name for name in self.train.features.columns if name in self.scorer.model.features]
        train, holdout = (Rows(rows.name, rows.key, rows.features.select(read), rows.label) for rows in (self.train, self.holdout))
        keys = {"train": self.train.key, "validation": self.validation.key, "test": self.test.key}
        late = {name: self._immature(name, rows) for name, rows in keys.items()}
        return {
            "alone": leakage.alone(train, holdout),
            "shared": leakage.shared(keys, self.by),
            "immature": late | {"rows": sum(late.values())},
        }

    def _immature(self, name: str, key: pl.DataFrame) -> int:
        """Rows of a split whose outcome was known only after its end."""
        if MATURED not in self.outcomes.columns or name not in self.split.ends:
            return 0
        late = self.outcomes.filter(~(pl.col(MATURED) <= self.split.ends[name]).fill_null(value=False))
        return key.join(late, on=key.columns, how="semi").height


def sliced(key: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The `columns` of each row of `key`: of the request or, where it has none of that name, a feature."""
    there = {name: frames.scan(FEATURES / f"{name}.parquet").collect_schema().names() for name in ("requests", "features")}
    columns = list(dict.fromkeys(columns))
    if unknown := [name for name in columns if not any(name in names for names in there.values())]:
        known = ", ".join(dict.fromkeys(name for names in there.values() for name in names))
        raise ConfigError(f"usecase.slices.columns: no request or feature is called {unknown[0]}", f"known are: {known}")
    asked = [name for name in columns if name in there["requests"]]
    rest = [name for name in columns if name not in asked]
    found = [beside(key, FEATURES / f"{name}.parquet", wanted) for name, wanted in (("requests", asked), ("features", rest)) if wanted]
    return pl.DataFrame([column for frame in found for column in frame]).select(columns)


def _worst(slices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The slice of one value whose AUC is surely the least."""
    known = [one for one in slices if one.get("auc_low") is not None and one["values"] == 1]
    worst = min(known, key=lambda one: (one["auc_low"], one["slice"]), default={})
    return {name: worst.get(name) for name in ("slice", "rows", "auc", "auc_low")}
