"""A sweep: batch after batch of trials, in threads of one process, each written to the journal as it ends.

Trial 0 is the current configuration. What a batch tries follows from the trials of the batches before it alone, so a sweep that was
broken off goes on by asking again: what the journal holds is not trained twice.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from interlock.errors import ArtifactError, ContractError
from interlock.sweeping.declared import Search
from interlock.sweeping.journal import AGAIN, Journal
from interlock.sweeping.settings import Settings
from interlock.sweeping.space import Point
from interlock.sweeping.trial import FAILED, Trial
from interlock.sweeping.trying import Trier

TICK = 0.2


@dataclass
class Sweep:
    """A search by so many workers at once."""

    trier: Trier
    workers: int

    @property
    def count(self) -> int:
        """How many trials there are: as many as were asked for, or a grid has."""
        search = self.trier.search
        if search.sampler != "grid":
            return search.trials
        return min(search.trials, self.trier.space.combinations(search.points) + 1)

    def run(self, journal: Journal) -> list[Trial]:
        """Every trial, in order; those that `journal` holds are not trained again.

        Raises ContractError where the current configuration cannot be trained, ArtifactError where the journal fits no sweep of this kind.
        """
        done: list[Trial] = []
        self.trier.watcher.began(self.count, len(journal.trials))
        with self._pool() as pool:
            while len(done) < self.count:
                numbers = range(len(done), min(len(done) + self.trier.search.batch, self.count))
                done += self._batch(pool, journal, done, dict(zip(numbers, self.trier.asker.ask(done, numbers), strict=True)))
                self.trier.tidy(done)
        return done

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that leave what they do when the sweep is left."""
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                yield pool
            except BaseException:
                self.trier.leaving.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _batch(self, pool: ThreadPoolExecutor, journal: Journal, done: list[Trial], points: Mapping[int, Point]) -> list[Trial]:
        known = {number: journal.trials[number] for number in points if number in journal.trials}
        for number, trial in known.items():
            if trial.point != points[number]:
                raise ArtifactError(f"{journal.path}: trial {number} is not the one that this sweep asks for", AGAIN)
            self.trier.watcher.ended(trial, kept=True)
        futures = {pool.submit(self.trier.run, number, point, done) for number, point in points.items() if number not in known}
        while futures:
            finished, futures = wait(futures, TICK, FIRST_COMPLETED)
            for one in finished:
                self._ended(one, journal)
            self.trier.watcher.tick()
        return [journal.trials[number] for number in points]

    def _ended(self, future: "Future[Trial]", journal: Journal) -> None:
        trial = future.result()
        if trial.state == FAILED and trial.number == 0:
            raise ContractError(f"the current configuration cannot be trained: {trial.why}", "mend it first: dvc repro train")
        journal.add(trial)
        self.trier.watcher.ended(trial, kept=False)


def about(said: Settings, search: Search, name: str) -> dict[str, Any]:
    """What the trials of a sweep follow from; another number of trials goes on with the same ones."""
    asked = {key: value for key, value in msgspec.to_builtins(search).items() if key != "trials"}
    return {"search": {"of": name, **asked}, **said.about()}


def threads(workers: int | None, model_threads: int) -> int:
    """How many trials run at once: as many as were asked for, or as the cores have room for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return workers or max(1, cores // model_threads)
