"""Whether the parts of a model agree: with its task, its features and each other. Any file can be read; only some are a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from interlock.modeling.calibrate import Classes, Columns, Link
from interlock.modeling.design import Centred, Column
from interlock.modeling.encode import Number
from interlock.modeling.isotonic import Table
from interlock.modeling.linear import HEAVIEST, Linear, Range
from interlock.modeling.task import Binary, Multiclass, Regression, Task

if TYPE_CHECKING:
    from interlock.modeling.artifact import Artifact

SPLITS = ("train", "validation")
MOST = 2**40


def contradictions(model: Artifact) -> Iterator[str]:
    """What of a model does not agree, each beginning with its key in model.json; none where it is one."""
    asked: dict[str, Callable[[Artifact], bool]] = {
        "features: they are the columns of the encoder, each once": _named,
        "encoder: levels are sorted, and none is said twice": _levels,
        f"calibrator: it is none of a {model.task.kind} task": lambda said: _calibrated(said.calibrator, said.task),
        f"baselines.base_rate: it is none of a {model.task.kind} task": lambda said: _always(said.baselines.base_rate, said.task),
        "baselines.linear: it is no line over the features for this task": lambda said: _linear(said, said.baselines.linear),
        "baselines.named: it is not the one of usecase.task.baseline": _forecast,
        "mitigation: it is for binary tasks": lambda said: said.mitigation is None or isinstance(said.task, Binary),
        "rows: the used, unlabelled and immature rows of each split are those asked": _counted,
    }
    return (found for found, holds in asked.items() if not holds(model))


def _named(model: Artifact) -> bool:
    return list(model.features) == model.encoder.names and 0 < len(model.features) == len(set(model.features))


def _levels(model: Artifact) -> bool:
    said = [(column.levels, column.rare) for column in model.encoder.columns if not isinstance(column, Number)]
    ordered = all(list(each) == sorted(set(each)) for parts in said for each in parts)
    return ordered and all(set(levels).isdisjoint(rare) for levels, rare in said)


def _calibrated(said: Table | Classes | Link, task: Task) -> bool:
    match task:
        case Binary():
            return isinstance(said, Table)
        case Multiclass():
            return isinstance(said, Classes) and len(said.tables) == len(task.classes)
        case Regression():
            return isinstance(said, Link) and (said.link == "exp") == (task.loss == "poisson")


def _always(rate: float | tuple[float, ...], task: Task) -> bool:
    match task:
        case Binary():
            return not isinstance(rate, tuple) and 0 <= rate <= 1
        case Multiclass():
            return isinstance(rate, tuple) and len(rate) == len(task.classes) and abs(math.fsum(rate) - 1) < 1e-6 and min(rate) >= 0
        case Regression():
            return not isinstance(rate, tuple) and math.isfinite(rate)


def _linear(model: Artifact, line: Linear) -> bool:
    kinds = [(column.name, isinstance(column, Number)) for column in model.encoder.columns]
    width = 1 + sum(2 if isinstance(column, Centred) else len(column.levels) for column in line.features)
    shaped = len(line.weights) == len(model.task.raw) and all(len(weights) == width for weights in line.weights)
    bounded = all(abs(weight) <= HEAVIEST for weights in line.weights for weight in weights)
    same = [(column.name, isinstance(column, Centred)) for column in line.features] == kinds
    return same and shaped and bounded and all(map(_spread, line.features)) and _scored(line.calibrator, model.task)


def _spread(column: Column) -> bool:
    return not isinstance(column, Centred) or (column.spread > 0 and math.isfinite(column.centre))


def _scored(said: Table | Columns | Range, task: Task) -> bool:
    match task:
        case Binary():
            return isinstance(said, Table)
        case Multiclass():
            return isinstance(said, Columns) and len(said.tables) == len(task.classes)
        case Regression():
            return isinstance(said, Range) and said.spread > 0 and said.least <= said.most


def _forecast(model: Artifact) -> bool:
    asked = model.task.baseline if isinstance(model.task, Regression) else None
    return (model.baselines.named.feature if model.baselines.named else None) == asked


def _counted(model: Artifact) -> bool:
    known = all(set(SPLITS) == set(model.rows) and counts.get("used", 0) > 0 for counts in model.rows.values()) and bool(model.rows)
    whole = all(0 <= count < MOST for counts in model.rows.values() for count in counts.values())
    return known and whole and all("asked" not in counts or 2 * counts["asked"] == sum(counts.values()) for counts in model.rows.values())
