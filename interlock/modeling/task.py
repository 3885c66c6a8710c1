"""What is predicted: the kind of task, and what LightGBM is told for it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from interlock.params import Section


@dataclass(frozen=True)
class Kind:
    """A kind of task: LightGBM's objective, the metric that stops the training early, and the labels there are.

    The metric decides which trees are kept, so it uses no transcendental function.
    """

    objective: str
    metric: str
    labels: frozenset[float]


KINDS = {"binary": Kind(objective="binary", metric="auc", labels=frozenset({0.0, 1.0}))}


class Task(Section, frozen=True):
    """The task of a use case; `positive` names what a label of 1 means."""

    kind: Literal["binary"]
    positive: Annotated[str, Meta(min_length=1)]
