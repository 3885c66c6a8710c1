"""A trial that has ended, as the journal keeps it."""

from typing import Any

import msgspec

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
CONTENDERS = 40  # of fewer, taken from many, all rows have chosen a part already: that flatters


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its point in the space, and what became of it.

    `model` holds the keys of conf/model that its point says. `values` are of the folds, the graph's own last. `steps` are metrics by round, the greater the better, `rungs` what successive
    halving noted; `seconds` is wall-clock time, of which nothing depends.
    """

    number: int
    point: dict[str, Any]
    state: str
    model: dict[str, Any] = {}
    values: tuple[float, ...] = ()
    rounds: int = 0
    steps: dict[str, float] = {}
    rungs: dict[str, float] = {}
    why: str = ""
    seconds: float = 0.0

    @property
    def value(self) -> float | None:
        """What trials are compared by: the mean over the folds."""
        return sum(self.values) / len(self.values) if self.values else None

    @property
    def validation(self) -> float | None:
        """The headline metric of the graph's own validation rows, as `evaluate` reports it."""
        return self.values[-1] if self.values else None


def best(trials: list[Trial]) -> Trial:
    """The trial of the greatest value, the first of several; the current configuration is always among those that ended well."""
    complete = [trial for trial in trials if trial.state == COMPLETE]
    return max(complete, key=lambda trial: (trial.value or 0.0, -trial.number))


def contenders(trials: list[Trial]) -> list[Trial]:
    """The current configuration and the best of the others, by number."""
    complete = [trial for trial in trials if trial.state == COMPLETE]
    ranked = sorted(complete[1:], key=lambda trial: (-(trial.value or 0.0), trial.number))
    return sorted([*complete[:1], *ranked[:CONTENDERS]], key=lambda trial: trial.number)
