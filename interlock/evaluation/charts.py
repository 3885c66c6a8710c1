"""Every chart of an evaluation: what a kind of task does not have is empty, so that each report is always there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from interlock.evaluation import confusion, curves, residuals
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.curves import Records
from interlock.evaluation.ranks import Labels, Scores
from interlock.evaluation.reliability import CALIBRATION
from interlock.modeling.decision import Decision
from interlock.modeling.task import Multiclass, Task

NAMES = (
    "roc", "precision_recall", "calibration", "score_distribution", "gain", "thresholds", "residuals", "confusion", "classes",
)  # fmt: skip


@dataclass(frozen=True)
class Charted:
    """What charts are drawn from: rows, aligned, and what the use case says."""

    task: Task
    decision: Decision
    how: Evaluation
    labels: Labels
    scores: Scores

    @property
    def classes(self) -> tuple[str, ...]:
        return self.task.classes if isinstance(self.task, Multiclass) else ()


Chart: TypeAlias = Callable[[Charted], Records]
TABLE: Mapping[str, Mapping[str, Chart]] = {
    "binary": {
        "roc": lambda of: curves.roc(of.labels, of.scores),
        "precision_recall": lambda of: curves.precision_recall(of.labels, of.scores),
        "score_distribution": lambda of: curves.distribution(of.labels, of.scores),
        "gain": lambda of: curves.gain(of.labels, of.scores),
        "thresholds": lambda of: curves.thresholds(of.labels, of.scores, of.decision.costs),
    },
    "multiclass": {
        "confusion": lambda of: confusion.confusion(of.labels, of.scores, of.classes),
        "classes": lambda of: confusion.of_classes(of.labels, of.scores, of.classes, of.how),
    },
    "regression": {
        "score_distribution": lambda of: residuals.distribution(of.labels, of.scores),
        "residuals": lambda of: residuals.residuals(of.labels, of.scores),
    },
}


def charts(of: Charted) -> dict[str, Records]:
    """All of them, by name."""
    own = {name: chart(of) for name, chart in TABLE[of.task.kind].items()}
    own["calibration"] = CALIBRATION[of.task.kind](of.labels, of.scores)
    return {name: own.get(name, []) for name in NAMES}
