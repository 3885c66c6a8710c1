"""What a fault is: in words, for which gates it is meant, and what is judged with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.evaluation.candidate import Candidate
from interlock.evaluation.champion import compare
from interlock.evaluation.gates import Against, Gate, Gates, judge
from interlock.evaluation.predictions import LABEL, Predictions
from interlock.evaluation.ranks import Labels, Scores
from interlock.modeling.groups import CROSS, crossed
from interlock.modeling.task import Multiclass, Task

CALIBRATION = {"binary": "ece", "multiclass": "ece", "regression": "calibration_error"}
Found: TypeAlias = dict[str, Any]
Missing: TypeAlias = Callable[[Candidate, Gates], str]


def everywhere(_candidate: Candidate, _gates: Gates) -> str:
    """Nothing is missing: any use case has what the fault is made of."""
    return ""


@dataclass(frozen=True)
class Fault:
    """A fault, and the report, the beginning of the metric and the `against` of the gates that are meant for it.

    `{headline}` and `{calibration}` stand for the metrics of the task. `reports` are those that come of the fault; `missing` says
    what the use case would need for it to be tried. One of the gates must refuse it, or `every` one.
    """

    words: str
    report: str
    metric: str
    reports: Callable[[Candidate, Found], Found]
    missing: Missing = everywhere
    against: Against | None = None
    every: bool = False

    def asks(self, task: Task) -> str:
        return self.metric.format(headline=task.headline, calibration=CALIBRATION[task.kind])

    def nobody(self, task: Task) -> str:
        """What is said where no gate is meant for it."""
        against = f" against the {self.against}" if self.against else ""
        return f"no gate asks for {self.asks(task)} of reports/{self.report}.json{against}"

    def gates(self, task: Task, gates: Gates) -> Gates:
        """Those of `gates` that are meant for it."""
        return {name: gate for name, gate in gates.items() if self._meant(gate, self.asks(task))}

    def judged(self, candidate: Candidate, gates: Gates, good: Found) -> Mapping[str, Any]:
        """What each of `gates` says of the mutant."""
        found: Mapping[str, Any] = judge(gates, {**good, **self.reports(candidate, good)})["gates"]
        return found

    def _meant(self, gate: Gate, metric: str) -> bool:
        return (gate.report, gate.against) == (self.report, self.against) and gate.metric.startswith(metric)


@dataclass(frozen=True)
class Worse(Fault):
    """A fault that the gates against a champion are meant for: the champion is the candidate without it."""

    predictions: Callable[[Candidate], tuple[Predictions, Predictions]] = lambda candidate: (candidate.test, candidate.test)

    def judged(self, candidate: Candidate, gates: Gates, good: Found) -> Mapping[str, Any]:  # noqa: ARG002 - a champion needs no report
        found: Mapping[str, Any] = compare(*self.predictions(candidate), gates, candidate.how)["gates"]
        return found


def metrics(change: Callable[[Candidate], Candidate]) -> Callable[[Candidate, Found], Found]:
    """The metrics of the candidate, changed."""
    return lambda candidate, _: {"metrics": change(candidate).evaluate()["metrics"]}


def labelled(change: Callable[[Task, Labels], Labels]) -> Callable[[Candidate, Found], Found]:
    """Its metrics on test rows with other labels."""
    return metrics(lambda given: replace(given, test=with_labels(given.test, change(given.task, given.test.labels))))


def rescored(change: Callable[[Candidate], Scores]) -> Callable[[Candidate, Found], Found]:
    """Its metrics on test rows with other scores."""
    return metrics(lambda given: replace(given, test=with_scores(given.test, change(given))))


def with_labels(test: Predictions, labels: Labels) -> Predictions:
    task = test.task
    values = [task.classes[code] for code in labels.tolist()] if isinstance(task, Multiclass) else labels
    return replace(test, scored=test.scored.with_columns(pl.Series(LABEL, values)))


def with_scores(test: Predictions, scores: Scores) -> Predictions:
    columns = scores.reshape(len(scores), -1)
    series = [pl.Series(name, np.ascontiguousarray(columns[:, place])) for place, name in enumerate(test.task.final)]
    return replace(test, scored=test.scored.with_columns(series))


def dealt(rows: int) -> Any:
    """An order of `rows` rows that has nothing to do with them, the same everywhere."""
    return np.argsort(np.random.PCG64(1).random_raw(rows), kind="stable")


def smallest(columns: pl.DataFrame, name: str, minimum: int) -> Any:
    """Which rows are in the smallest group of a column or crossing that stands alone, (n,); all where none does."""
    (column,) = crossed(columns, *(([], [name.split(CROSS)]) if CROSS in name else ([name], [])))
    sizes = sorted((rows, value) for value, rows in column.value_counts(name="rows").iter_rows() if rows >= minimum)
    return (column == sizes[0][1]).to_numpy() if sizes else np.ones(columns.height, bool)


def beside(rows: Any, scores: Scores) -> Any:
    """What holds for rows, (n,), in the shape that `np.where` lays beside scores."""
    return rows if scores.ndim == 1 else rows[:, None]
