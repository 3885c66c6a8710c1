"""A candidate with everything that it is judged by, and the reports that say how good it is."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from interlock import frames, params
from interlock.evaluation import bootstrap, charts, leakage, rescoring, selection, thresholds
from interlock.evaluation.bootstrap import Evaluation, Scorings
from interlock.evaluation.curves import Records
from interlock.evaluation.fairness import DECLARED, fairness, undeclared
from interlock.evaluation.predictions import Predictions, sliced
from interlock.evaluation.rescoring import Rescored
from interlock.evaluation.slices import by_slice, worst
from interlock.files import listed
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.decision import Decision, Fairness
from interlock.modeling.groups import Slices
from interlock.modeling.score import Scorer
from interlock.modeling.split import MATURED, Split
from interlock.modeling.task import Binary, Task

FEATURES = Path("data/features")
MODEL = Path("models/model")
PREDICTIONS = Path("data/predictions")
THREADS = 2
BASELINES = {"base_rate": "baseline"}


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
    again: Rescored = field(default_factory=Rescored, compare=False, repr=False)

    @classmethod
    def open(cls) -> "Candidate":
        """Read it from the current project; raises ArtifactError where a file is missing or does not fit the others."""
        task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
        slices = params.load("usecase.slices", Slices)
        protected: Fairness | None = params.load("usecase.fairness", Fairness, default=None)
        decision = params.load("usecase.decision", Decision, default=Decision())
        selection.check(task, decision, fair=protected is not None)
        split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
        dataset, scorer = Dataset.open(FEATURES, split), Scorer.open(MODEL, threads=THREADS, task=task)
        rescoring.fits(scorer, dataset)
        rows = {name: dataset.rows(name).ordered() for name in ("validation", "test")}
        scored = {name: Predictions.open(PREDICTIONS / f"{name}.parquet", task, of) for name, of in rows.items()}
        return cls(
            task=task,
            slices=slices,
            decision=decision,
            fairness=protected,
            how=params.load("usecase.evaluation", Evaluation, default=Evaluation()),
            split=split,
            scorer=scorer,
            by=list(dataset.by),
            outcomes=frames.read(FEATURES / "outcomes.parquet"),
            train=dataset.rows("train"),
            holdout=rows["validation"],
            validation=scored["validation"],
            test=scored["test"],
            features=rows["test"].features,
            columns=_columns(rows["test"].key, slices, protected),
        )

    def evaluate(self) -> dict[str, Any]:
        """The reports on it, by name."""
        slices = by_slice(self.task.kind, self.test.labels, self.test.scores, self.columns, self.slices, self.how)
        weakest = {"declared": bool(self.slices.read), **worst(slices, self.task.kind, self.task.headline)}
        metrics = self._metrics() | {"worst_slice": weakest, "decision": self._decided(), "rescored": self._rescored()}
        return {"metrics": metrics, "slices": slices, "fairness": self.fair(), "leakage": self.leaks()}

    def charts(self) -> dict[str, Records]:
        """The chart data of the test rows, by name."""
        return charts.charts(charts.Charted(self.task, self.decision, self.how, self.test.labels, self.test.scores))

    @property
    def cut(self) -> float | None:
        """The score from which rows are selected, chosen on the validation rows where that is asked; None where there is none."""
        return selection.cut(self.task, self.decision, self.validation.labels, self.validation.scores)

    def _decided(self) -> dict[str, Any] | None:
        """What the decision does to the test rows of a binary task, and what it costs."""
        if not isinstance(self.task, Binary):
            return None
        return thresholds.decision(self.test.labels, self.test.scores, self.cut, self.decision, self.how)

    def _metrics(self) -> dict[str, Any]:
        """The metrics of validation and test rows, of the baselines on the test rows, and what the model gains over each."""
        baselines = self.scorer.model.baselines.scores(self.features)
        found = Scorings.of(self.task.kind, self.test.labels, {"test": self.test.scores, **baselines}, self.how)
        return {
            "rows": self._counted(),
            "validation": bootstrap.metrics(self.task.kind, self.validation.labels, self.validation.scores, self.how),
            "test": found.metrics("test"),
            **{BASELINES.get(name, name): dict(found.exact[name]) for name in baselines},
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
        """Of validation and test rows, how many get another score from this model and these features than was predicted."""
        parts = {"validation": (self.holdout.features, self.validation), "test": (self.features, self.test)}
        different = sum(self.again.different(self.scorer, *part, name) for name, part in parts.items())
        rows = sum(features.height for features, _ in parts.values())
        return {"rows": rows, "different": different if self.features.height else None}

    def fair(self) -> dict[str, Any]:
        """How its decisions fall on the groups that the use case declares."""
        if self.fairness is None:
            return undeclared()
        labels, scores = self.test.labels, self.test.scores
        decided = selection.selected(self.task, self.decision, self.cut, labels, scores)
        found = fairness(self.task.kind, labels, scores, decided, self.columns, said=self.fairness, how=self.how)
        return {"declared": True, **selection.said(self.decision, self.cut), **found}

    def leaks(self) -> dict[str, Any]:
        """What it may have known that it could not have known."""
        read = [name for name in self.train.features.columns if name in self.scorer.model.features]
        train, holdout = (Rows(rows.name, rows.key, rows.features.select(read), rows.label) for rows in (self.train, self.holdout))
        keys = {"train": self.train.key, "validation": self.validation.key, "test": self.test.key}
        late = leakage.immature(self.outcomes, self.split.ends, keys)
        return {
            "alone": leakage.alone(self.task, train, holdout),
            "shared": leakage.shared(keys, self.by),
            "immature": late | {"rows": sum(late.values())},
        }


def _columns(key: pl.DataFrame, slices: Slices, protected: Fairness | None) -> pl.DataFrame:
    """What test rows are sliced by, and grouped by."""
    found = [sliced(key, FEATURES, slices.read), *([sliced(key, FEATURES, protected.read, DECLARED)] if protected else [])]
    return pl.DataFrame({column.name: column for frame in found for column in frame})
