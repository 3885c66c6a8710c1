"""Small sweeps over real flights, for tests of what they do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interlock import files, params
from interlock.cli.sweep_live import Lines
from interlock.sweeping import results
from interlock.sweeping.declared import Pruner, Search
from interlock.sweeping.ground import Ground
from interlock.sweeping.journal import Journal
from interlock.sweeping.sweep import Sweep, about
from interlock.sweeping.trial import Trial
from interlock.sweeping.trying import Trier
from tests.modeled_flights import MODEL, SLICES, SPLIT, TASKS, labelled, write

SPACE: dict[str, Any] = {
    "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
    "num_leaves": {"low": 4, "high": 31, "log": True},
    "max_bin": [31, 255],
    "lambda_l2": {"low": 0.0, "high": 20.0},
}
FAIR: dict[str, Any] = {"fairness": {"attributes": ["origin"], "minimum": 100}, "decision": {"threshold": 0.3}}
SEARCH = Search(space=SPACE, trials=10, batch=4, pruner=Pruner("median", startup=3, warmup=5, every=5))


def say(folder: Path, task: str = "binary", **model: Any) -> None:
    """Write params.yaml of `folder`; where scores are mitigated, with whom they are fair to."""
    usecase = {"task": TASKS[task], "split": SPLIT, "slices": SLICES, "evaluation": {"rounds": 200, "seed": 7}}
    usecase |= FAIR if model.get("mitigation") else {}
    files.write_json(folder / "params.yaml", {"usecase": usecase, "model": {**MODEL, "threads": 1, **model}, "gates": {}})
    params.read_yaml.cache_clear()


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, task: str = "binary", every: int = 6, **model: Any) -> Path:
    """A project in `folder`, made the current one, with some of the flights."""
    write(folder / "data/features", labelled(task).gather_every(every))
    say(folder, task, **model)
    monkeypatch.chdir(folder)
    return folder


@contextmanager
def begun(search: Search = SEARCH, *, workers: int = 1, new: bool = False) -> Iterator[tuple[Sweep, Journal]]:
    """A sweep of the current project and its journal."""
    ground = Ground.open(search.folds)
    with Journal.open(about(ground.said, search, "test"), new=new) as journal:
        yield Sweep(Trier(ground, search, Lines(ground.said.task.headline)), workers), journal


def swept(search: Search = SEARCH, *, workers: int = 1, new: bool = False) -> tuple[Trier, list[Trial], dict[str, Any]]:
    """The sweep, run to its end, with its trials and what it found."""
    with begun(search, workers=workers, new=new) as (sweep, journal):
        trials = sweep.run(journal)
        return sweep.trier, trials, results.write(sweep.trier, trials)
