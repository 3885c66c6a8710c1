"""One trial: a model trained and judged on the ground, watched by a pruner, left when the sweep is left."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from time import monotonic
from typing import Any, Protocol

import msgspec
import numpy as np

from interlock.errors import ConfigError, ContractError
from interlock.files import replacing
from interlock.modeling.spec import Model
from interlock.modeling.stopping import LOSSES
from interlock.modeling.task import Scores
from interlock.sweeping.asking import Asker, Judge
from interlock.sweeping.declared import Search
from interlock.sweeping.ground import Ground
from interlock.sweeping.journal import FOLDER
from interlock.sweeping.space import Point, Space
from interlock.sweeping.trial import COMPLETE, FAILED, PRUNED, Trial, contenders

SCORES = FOLDER / "scores"


class Watcher(Protocol):
    """Who is told how a sweep goes on; `round` is called from the threads of the trials."""

    def began(self, trials: int, kept: int) -> None: ...
    def started(self, number: int, point: Point) -> None: ...
    def round(self, number: int, fold: int, done: int) -> None: ...
    def ended(self, trial: Trial, *, kept: bool) -> None: ...
    def tick(self) -> None: ...


class Ended(Exception):  # noqa: N818 - no error: how a training is left
    """Raised out of a training that a pruner ends."""


class Left(Exception):  # noqa: N818 - no error: how a training is left
    """Raised out of a training when the whole sweep is left."""


@dataclass
class Trier:
    """What tries points of the space, in any number of threads."""

    ground: Ground
    search: Search
    watcher: Watcher
    leaving: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def space(self) -> Space:
        return Space.of(self.search, self.ground.said.base, self.ground.inputs, self.ground.features)

    @cached_property
    def asker(self) -> Asker:
        return Asker(self.search, self.space)

    def model(self, number: int, point: Mapping[str, Any]) -> Model:
        return self.space.model(point) if number else self.ground.said.base

    def run(self, number: int, point: Point, done: list[Trial]) -> Trial:
        """The trial; raises Left where the sweep is left."""
        if self.leaving.is_set():
            raise Left
        self.watcher.started(number, point)
        start, judge, sign = monotonic(), Judge(self.asker, done), -1.0 if self.ground.said.task.stops in LOSSES else 1.0
        most, own = -np.inf, len(self.ground.folds) - 1

        def hear(fold: int, round: int, metric: float) -> None:  # noqa: A002 - the word of the field
            nonlocal most
            if self.leaving.is_set():
                raise Left
            self.watcher.round(number, fold, round)
            if fold == own:
                most = max(most, sign * metric)
                if judge.told(round, float(most)) and number:
                    raise Ended

        try:
            found = self.ground.outcome(self.model(number, point), hear)
        except Ended:
            ended = Trial(number, point, PRUNED, rounds=max(map(int, judge.steps)))
        except (ConfigError, ContractError) as error:
            ended = Trial(number, point, FAILED, why=error.found)
        else:
            ended = Trial(number, point, COMPLETE, values=found.values, rounds=found.rounds)
            self.keep(number, found.scores)
        seconds, said = round(monotonic() - start, 3), self.space.said(point) if number else {}
        return msgspec.structs.replace(ended, model=said, steps=judge.steps, rungs=judge.rungs, seconds=seconds)

    def scores(self, trial: Trial) -> Scores:
        """The scores that a trial's model gives the graph's own validation rows, in the order of their key; trained again where lost."""
        try:
            found: Scores = np.load(SCORES / f"{trial.number}.npy", allow_pickle=False)
        except (OSError, ValueError):
            found = self.ground.outcome(self.model(trial.number, trial.point), lambda *_: None).scores
            self.keep(trial.number, found)
        return found

    def keep(self, number: int, scores: Scores) -> None:
        content = BytesIO()  # NOTE: into a file NumPy would not say why it cannot write it
        np.save(content, scores, allow_pickle=False)
        with replacing(SCORES / f"{number}.npy") as temporary:
            temporary.write_bytes(content.getvalue())

    def tidy(self, done: list[Trial]) -> None:
        """Drop the scores of those that cannot win any more."""
        kept = {trial.number for trial in contenders(done)}
        for path in SCORES.glob("*.npy"):
            if int(path.stem) < len(done) and int(path.stem) not in kept:
                path.unlink()
