"""Which points a search tries next, and which trials end early: pure functions of the trials of finished batches.

Optuna's samplers and pruners, each time from a fresh study that holds those trials alone, with a seed of their own for each number.
So neither who finishes first, nor a break, nor the number of workers changes anything.
"""

import hashlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from interlock.sweeping.declared import Pruner, Range, Search, whole
from interlock.sweeping.space import Point, Space
from interlock.sweeping.trial import COMPLETE, FAILED, PRUNED, Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.study import Study

STARTUP = 10
TELLING = 20  # trials, below which the parts of names are luck
RUNG = "completed_rung_"


@dataclass(frozen=True)
class Asker:
    """The search over a space."""

    search: Search
    space: Space

    def ask(self, done: Sequence[Trial], numbers: Sequence[int]) -> list[Point]:
        """The points of a batch; number 0 is the current configuration, and has none of its own."""
        if self.search.sampler == "grid":
            grid = self.space.grid(self.search.points, max(numbers, default=0))
            return [grid[number - 1] if number else {} for number in numbers]
        found, study = [], self.study(done)
        for number in numbers:
            study.sampler = self._sampler(number)
            asked = study.ask(self.distributions()).params if number else {}
            found.append(self.space.rounded(asked))
        return found

    def study(self, done: Sequence[Trial], pruner: "BasePruner | None" = None) -> "Study":
        """A study that knows the trials of `done` that lie in the space."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction="maximize", pruner=pruner)
        states = {COMPLETE: optuna.trial.TrialState.COMPLETE, PRUNED: optuna.trial.TrialState.PRUNED, FAILED: optuna.trial.TrialState.FAIL}
        for trial in done:
            point = trial.point if trial.number else self.space.point()
            if point is not None:
                frozen = optuna.trial.create_trial(
                    state=states[trial.state],
                    value=trial.value if trial.state == COMPLETE else None,
                    params=point,
                    distributions=self.distributions(),
                    intermediate_values={int(step): value for step, value in trial.steps.items()},
                    system_attrs=dict(trial.rungs),
                )
                study.add_trial(frozen)
        return study

    def distributions(self) -> "dict[str, BaseDistribution]":
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, BaseDistribution] = {}
        for name in self.space.names:
            entry: Any = self.space.entries.get(name, (True, False))
            if not isinstance(entry, Range):
                found[name] = CategoricalDistribution(entry)
            elif whole(name):
                step = 1 if entry.step is None else int(entry.step)
                most = int(entry.low) + (int(entry.high) - int(entry.low)) // step * step
                found[name] = IntDistribution(int(entry.low), most, log=entry.log, step=step)
            else:
                found[name] = FloatDistribution(entry.low, _last(entry), log=entry.log, step=entry.step)
        return found

    def importance(self, done: Sequence[Trial]) -> dict[str, float]:
        """How much of what parts good trials from others lies in each name, the most first (PED-ANOVA); empty where trials are too few."""
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        complete = [trial for trial in done if trial.state == COMPLETE]
        if len(self.space.names) < 2 or len({trial.value for trial in complete}) < TELLING:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_param_importances(self.study(complete), evaluator=PedAnovaImportanceEvaluator())
        return {name: float(value) for name, value in found.items()}

    def _sampler(self, number: int) -> "BaseSampler":
        from optuna.samplers import RandomSampler, TPESampler

        seed = derived(self.search.seed, number)
        if self.search.sampler == "random":
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)


class Judge:
    """Whether a trial ends early, against the trials of finished batches alone."""

    def __init__(self, asker: Asker, done: Sequence[Trial]) -> None:
        self.asker, self.pruner = asker, asker.search.pruner
        finished = [trial for trial in done if trial.state != FAILED]
        self.trial = asker.study(finished, _pruner(self.pruner)).ask() if self.pruner and len(finished) >= self.pruner.startup else None
        self.steps: dict[str, float] = {}

    def told(self, done: int, best: float) -> bool:
        """Note the best metric so far, the greater the better, and say whether the trial ends."""
        if self.pruner is None or done % self.pruner.every or not math.isfinite(best):
            return False
        self.steps[str(done)] = best
        if self.trial is None:
            return False
        self.trial.report(best, done)
        return done >= self.pruner.warmup and self.trial.should_prune()

    @property
    def rungs(self) -> dict[str, float]:
        """What successive halving has noted of the trial."""
        if self.trial is None:
            return {}
        (last,) = self.trial.study.get_trials(deepcopy=False)[-1:]
        return {name: value for name, value in last.system_attrs.items() if name.startswith(RUNG)}


def derived(seed: int, number: int) -> int:
    """A seed of 32 bits for each trial."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest())


def _pruner(said: Pruner | None) -> "BasePruner":
    from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner

    if said is None:
        return NopPruner()
    if said.kind == "median":
        return MedianPruner(n_startup_trials=0, n_warmup_steps=said.warmup - 1)
    return SuccessiveHalvingPruner(min_resource=said.warmup)


def _last(entry: Range) -> float:
    """The greatest value that steps from `low` reach, in decimals, as Optuna counts them."""
    if entry.step is None:
        return entry.high
    low, high, step = (Decimal(str(each)) for each in (entry.low, entry.high, entry.step))
    return float(low + (high - low) // step * step)
