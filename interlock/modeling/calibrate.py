"""From raw scores to scores: probabilities that are true on the validation rows, or the number that is expected."""

from typing import Literal, TypeAlias

import msgspec
import numpy as np

from interlock.modeling import isotonic, portable
from interlock.modeling.isotonic import Table
from interlock.modeling.task import Binary, Labels, Multiclass, Regression, Scores, Task


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="columns"):
    """A table for each column of scores (n, k); what they give is divided by its sum, added in the order of the columns."""

    tables: tuple[Table, ...]

    def apply(self, raw: Scores) -> Scores:
        """Probabilities of the classes, (n, k), that are 1 together."""
        return portable.normalised(np.column_stack([table.apply(raw[:, place]) for place, table in enumerate(self.tables)]))


class Classes(Columns, frozen=True, forbid_unknown_fields=True, tag="classes"):
    """The same over the softmax of the raw scores."""

    def apply(self, raw: Scores) -> Scores:
        return super().apply(portable.softmax(raw))


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="link"):
    """A number as it is, or the exponential of it."""

    link: Literal["identity", "exp"]

    def apply(self, raw: Scores) -> Scores:
        return portable.exp(raw) if self.link == "exp" else raw


Calibrator: TypeAlias = Table | Classes | Link


def fit(raw: Scores, label: Labels, task: Task) -> Calibrator:
    """What turns raw scores of `task` into scores, fitted on rows that the model was not trained on. Regression needs no fit."""
    match task:
        case Binary():
            return isotonic.fit(raw, label)
        case Multiclass():
            return Classes(tables(portable.softmax(raw), label))
        case Regression():
            return Link("exp" if task.loss == "poisson" else "identity")


def tables(columns: Scores, label: Labels) -> tuple[Table, ...]:
    """For each column of `columns` (n, k) the table of whether the label is its position."""
    return tuple(isotonic.fit(columns[:, place], label == place) for place in range(columns.shape[1]))
