"""Models that differ by luck alone are seldom told apart, and models that differ in truth nearly always.

The small world of flights with all of its features and the project's own parameters; only the trees are fewer and smaller, and
scores are not calibrated, so that hundreds of trainings take half a minute; each model stands in two pairs.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import msgspec
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from interlock import params
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.champion import SAME, WORSE, compare
from interlock.evaluation.predictions import Predictions
from interlock.modeling.dataset import Dataset, Rows
from interlock.modeling.encode import Encoder
from interlock.modeling.spec import Model, parameters
from interlock.modeling.split import Split
from interlock.modeling.task import Binary
from tests.small_flights import finished

PAIRS, TRUE_PAIRS = 200, 10
LEVEL = 5  # in 200 pairs: 2.5 %
FIRST = 10_000  # seeds that nobody looked at when the width of the interval was chosen
HOW = Evaluation(100, 7)
SMALL = {"rounds": 25, "early_stopping": 25, "num_leaves": 7, "max_bin": 63, "threads": 1}
FEW = ["carrier_code", "miles", "humidity"]
Train = Callable[[int], Predictions]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The rows of the small world, by split."""
    project = finished(tmp_path_factory)
    split: Split = params.load("usecase.split", Split, project / "params.yaml")  # type: ignore[arg-type] # a union is no type[T]
    dataset = Dataset.open(project / "data/features", split)
    return {name: dataset.rows(name) for name in ("train", "test")}


def training(rows: dict[str, Rows], features: list[str]) -> Train:
    """What trains a model of these features by a seed, and scores the test rows with it; rows are binned once."""
    task, test = Binary("late"), rows["test"]
    model = params.load("model", Model, Path(__file__).parents[2] / "params.yaml")
    model = msgspec.structs.replace(model, **SMALL)
    encoder = Encoder.fit(rows["train"].features.select(features))
    labels, x = (task.labels(rows[name].label) for name in ("train", "test")), encoder.matrix(test.features)
    train, truth = labels
    settings = parameters(model, task)
    data = lgb.Dataset(
        encoder.matrix(rows["train"].features),
        train.astype(float),
        feature_name=encoder.names,
        categorical_feature=encoder.text,
        params=settings,
    )

    def score(seed: int) -> Predictions:
        booster = lgb.train({**settings, "seed": seed}, data, model.rounds)
        return predictions(test.key, truth, np.asarray(booster.predict(x, num_threads=1)))

    return score


def predictions(key: pl.DataFrame, labels: NDArray[Any], scores: NDArray[np.float64]) -> Predictions:
    return Predictions(key, pl.DataFrame({"label": labels, "raw_score": scores, "score": scores}), Binary("late"))


def test_of_two_trainings_with_other_seeds_few_are_called_worse(rows: dict[str, Rows]) -> None:
    """Of 200 pairs of models of one configuration, in a ring, no metric calls more than 2.5 % worse, while no two score alike."""
    train = training(rows, rows["train"].features.columns)
    first = before = train(FIRST)
    worse: Counter[str] = Counter()
    for seed in range(FIRST + 1, FIRST + PAIRS + 1):
        model = train(seed) if seed < FIRST + PAIRS else first
        found = compare(model, before, {}, HOW)
        assert all(one["gain_low"] < one["gain_high"] for one in found["metrics"])
        worse.update(one["name"] for one in found["metrics"] if one["outcome"] == WORSE)
        before = model
    assert {name: count for name, count in worse.items() if count > LEVEL} == {}


def test_a_model_of_fewer_features_is_called_worse(rows: dict[str, Rows]) -> None:
    """Whatever the seeds: what is really worse by the headline metric is told so, and the other way round is told better."""
    full, poor = training(rows, rows["train"].features.columns), training(rows, FEW)
    for seed in range(TRUE_PAIRS):
        candidate, champion = poor(seed), full(seed + 100)
        assert compare(candidate, champion, {}, HOW)["outcome"] == WORSE
        assert compare(champion, candidate, {}, HOW)["outcome"] not in {WORSE, SAME}
