"""The metrics of each kind of task, in one table. A metric that its rows cannot bear is None, never a guess.

No float is summed in an order that could change: integers, or `math.fsum`; logarithms are the portable one.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from interlock.errors import ConfigError
from interlock.evaluation import binary, multiclass, regression
from interlock.evaluation.ranks import Labels, Scores

Value: TypeAlias = float | int | None
Metric: TypeAlias = Callable[[Labels, Scores], Value]
LOWER_IS_BETTER = frozenset({"brier", "ece", "log_loss", "rmse", "mae", "calibration_error"})
NEARER_ZERO_IS_BETTER = frozenset({"bias"})


def rows(labels: Labels, _: Scores) -> int:
    """How many rows were scored."""
    return len(labels)


TABLE: Mapping[str, Mapping[str, Metric]] = {
    "binary": {
        "rows": rows,
        "base_rate": binary.base_rate,
        "auc": binary.auc,
        "average_precision": binary.average_precision,
        "log_loss": binary.log_loss,
        "brier": binary.brier,
        "brier_skill": binary.brier_skill,
        "ece": binary.ece,
    },
    "multiclass": {
        "rows": rows,
        "accuracy": multiclass.accuracy,
        "balanced_accuracy": multiclass.balanced_accuracy,
        "macro_f1": multiclass.macro_f1,
        "auc": multiclass.auc,
        "log_loss": multiclass.log_loss,
        "brier": multiclass.brier,
        "ece": multiclass.ece,
    },
    "regression": {
        "rows": rows,
        "mean": regression.mean,
        "r2": regression.r2,
        "rmse": regression.rmse,
        "mae": regression.mae,
        "bias": regression.bias,
        "calibration_error": regression.calibration_error,
    },
}


def measure(kind: str, labels: Labels, scores: Scores) -> dict[str, Value]:
    """Every metric of tasks of `kind`, by name."""
    if kind not in TABLE:
        raise ConfigError(f"usecase.task.kind: no metrics for {kind} tasks", f"known are: {', '.join(TABLE)}")
    return {name: metric(labels, scores) for name, metric in TABLE[kind].items()}
