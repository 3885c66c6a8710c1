"""When training ends."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from interlock.modeling.stopping import LOSSES, absolute, log_loss, poisson, squared
from tests.examples import fewer
from tests.modeling.examples import Example, built

NUMBERS = ["squared", "absolute", "poisson"]


def drawn(rows: int = 3_000, classes: int = 4) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(1)
    return random.integers(0, classes, rows), random.normal(0, 3, (rows, classes)), random.poisson(3, rows).astype(float)


def test_losses_are_scikit_learns() -> None:
    """Cross-entropy of the softmax, squares, distances and the likelihood of counts, to twelve digits."""
    codes, raw, counts = drawn()
    shares = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    assert log_loss(codes, raw) == pytest.approx(metrics.log_loss(codes, shares), rel=1e-12)
    assert squared(counts, raw[:, 0]) == pytest.approx(metrics.mean_squared_error(counts, raw[:, 0]), rel=1e-12)
    assert absolute(counts, raw[:, 0]) == pytest.approx(metrics.mean_absolute_error(counts, raw[:, 0]), rel=1e-12)
    logarithm = np.log(counts, where=counts > 0, out=np.zeros_like(counts))
    constant = 2 * (counts * (logarithm - 1)).mean()
    deviance = metrics.mean_poisson_deviance(counts, np.exp(raw[:, 0]))
    assert 2 * poisson(counts, raw[:, 0]) + constant == pytest.approx(deviance, rel=1e-12)


@settings(max_examples=fewer(2))
@given(st.permutations(range(60)))
def test_a_loss_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    """Sums are exact before they are rounded once, so no order of adding can change a bit."""
    codes, raw, counts = drawn(60)
    assert log_loss(codes[order], raw[order]) == log_loss(codes, raw)
    for loss in (squared, absolute, poisson):
        assert loss(counts[order], raw[order, 0]) == loss(counts, raw[:, 0])


@pytest.mark.parametrize("name", ["multiclass", *NUMBERS])
def test_the_best_round_is_the_first_of_the_least_loss(name: str) -> None:
    """The loss of each round, from LightGBM's own raw scores of that many trees, is the curve, and its least is where the model was cut."""
    example = built(name)
    labels, matrix = example.task.labels(example.validation.label), example.trained.encoder.matrix(example.validation.features)
    rounds = range(1, example.trained.rounds + 1)
    losses = [
        LOSSES[example.task.stops](labels, np.asarray(example.oracle.predict(matrix, raw_score=True, num_iteration=n))) for n in rounds
    ]
    assert [point["validation"] for point in example.trained.curve][: len(losses)] == losses
    assert min(point["validation"] for point in example.trained.curve) == losses[-1]
    assert int(np.argmin(losses)) + 1 == example.trained.rounds > 1


@pytest.mark.parametrize("name", ["multiclass", "squared"])
def test_watching_does_not_change_what_is_learned(name: str) -> None:
    """Trees are those of a training that nobody watched, with the same number of threads."""
    from interlock.modeling.spec import Model, parameters
    from interlock.params import convert
    from tests.modeled_flights import MODEL

    example: Example = built(name)
    encoder = example.trained.encoder
    settings = parameters(convert(MODEL, Model, "model"), example.task)
    labels = example.task.labels(example.train.label)
    data = lgb.Dataset(
        encoder.matrix(example.train.features), labels, feature_name=encoder.names, categorical_feature=encoder.text, params=settings
    )
    alone = lgb.train(settings, data, example.trained.rounds)
    assert alone.model_to_string().split("parameters:")[0] == example.trained.booster.split("parameters:")[0]
