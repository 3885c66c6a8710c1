"""A model trained once on real flights, for the tests of what uses it."""

from pathlib import Path
from typing import NamedTuple

import lightgbm as lgb
import pytest

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
    trained: Trained
    folder: Path
    scorer: Scorer

    @property
    def oracle(self) -> lgb.Booster:
        """LightGBM's own booster of the model's file."""
        return lgb.Booster(model_str=self.trained.booster)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("model")
    dataset = Dataset.open(
        modeled_flights.write(folder, modeled_flights.flights()), convert(modeled_flights.SPLIT, ByTime, "usecase.split")
    )
    train, validation, test = (dataset.rows(name) for name in ("train", "validation", "test"))
    task = Task(kind="binary", positive="late")
    trained = fit(train, validation, convert(modeled_flights.MODEL, Model, "model"), task)
    described = Artifact(
        task=task,
        featureset="of a test",
        features=tuple(trained.encoder.names),
        rounds=trained.rounds,
        booster=artifact.digest(trained.booster),
        baselines=trained.baselines,
        rows={},
        calibrator=trained.calibrator,
        encoder=trained.encoder,
    )
    artifact.write(folder, described, trained.booster)
    return Example(train, validation, test, trained, folder, Scorer.open(folder))
