"""A model of each kind trained once on real flights, for the tests of what uses it."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import lightgbm as lgb

from interlock.modeling import artifact
from interlock.modeling.artifact import Artifact
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.score import Scorer
from interlock.modeling.spec import Model
from interlock.modeling.split import ByTime
from interlock.modeling.task import Task
from interlock.modeling.train import Trained, fit
from interlock.params import convert
from tests import modeled_flights


class Example(NamedTuple):
    """Rows, what was learned from them, the folder of the model and the scorer opened from it."""

    train: Rows
    validation: Rows
    test: Rows
    task: Task
    trained: Trained
    folder: Path
    scorer: Scorer

    @property
    def oracle(self) -> lgb.Booster:
        """LightGBM's own booster of the model's file."""
        return lgb.Booster(model_str=self.trained.booster)


@cache
def built(name: str) -> Example:
    """The example of a task of TASKS."""
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder)
    modeled_flights.write(folder, modeled_flights.labelled(name))
    dataset = Dataset.open(folder, convert(modeled_flights.SPLIT, ByTime, "usecase.split"))
    train, validation, test = (dataset.rows(name) for name in ("train", "validation", "test"))
    task: Task = convert(modeled_flights.TASKS[name], Task, "usecase.task")  # type: ignore[arg-type] # a union is no type[T]
    trained = fit(train, validation, convert(modeled_flights.MODEL, Model, "model"), task)
    return Example(train, validation, test, task, trained, folder, written(folder, trained, task))


def written(folder: Path, trained: Trained, task: Task) -> Scorer:
    """The scorer of a model, after it went through its files in `folder`."""
    described = Artifact(
        task=task,
        featureset="of a test",
        features=tuple(trained.encoder.names),
        rounds=trained.rounds,
        booster=artifact.digest(trained.booster),
        baselines=trained.baselines,
        rows={rows: {"used": 1} for rows in ("train", "validation")},
        calibrator=trained.calibrator,
        encoder=trained.encoder,
        mitigation=trained.mitigation,
    )
    artifact.write(folder, described, trained.booster)
    return Scorer.open(folder)
