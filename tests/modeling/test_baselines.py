"""What a model must beat."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import r2_score, roc_auc_score

from interlock.errors import ContractError
from interlock.modeling import baselines
from interlock.modeling.task import Multiclass, Regression
from tests.modeling.examples import Example, built


def test_every_baseline_scores_in_the_shape_of_the_model(each: Example) -> None:
    """A number a row, or one a class that are 1 together; the same of a row alone."""
    found = each.trained.baselines.scores(each.test.features)
    model = each.task.scores(each.scorer.score(each.test.features))
    assert list(found)[:2] == ["base_rate", "linear"]
    for name, scores in found.items():
        assert (scores.shape, scores.dtype.name) == (model.shape, "float64")
        assert np.isfinite(scores).all()
        assert each.trained.baselines.scores(each.test.features[7:8])[name].tobytes() == scores[7:8].tobytes()
    if isinstance(each.task, Multiclass):
        assert all(np.abs(scores.sum(axis=1) - 1).max() < 3e-15 for scores in found.values())


def test_the_base_rate_is_the_dummy_of_scikit_learn(each: Example) -> None:
    """Shares of the classes, the mean or the median of the training labels."""
    labels = each.task.labels(each.train.label)
    nothing = np.zeros((len(labels), 1))
    if each.task.kind == "regression":
        median = each.task == Regression("min", "absolute")
        expected: Any = DummyRegressor(strategy="median" if median else "mean").fit(nothing, labels).predict(nothing[:3])
    else:
        expected = DummyClassifier(strategy="prior").fit(nothing, labels).predict_proba(nothing[:3])
        expected = expected if each.task.kind == "multiclass" else expected[:, 1]
    np.testing.assert_allclose(each.trained.baselines.scores(each.test.features)["base_rate"][:3], expected, rtol=1e-8)


def test_a_line_is_better_than_the_base_rate() -> None:
    """On the test rows, which it has not seen: it ranks classes, and explains some of the minutes."""
    several, number = built("multiclass"), built("squared")
    lines = several.trained.baselines.scores(several.test.features)["linear"]
    assert roc_auc_score(several.task.labels(several.test.label), lines, multi_class="ovr") > 0.6
    minutes, found = number.task.labels(number.test.label), number.trained.baselines.scores(number.test.features)
    assert r2_score(minutes, found["linear"]) > r2_score(minutes, found["base_rate"]) + 0.02


def test_a_named_feature_is_a_forecast_by_itself() -> None:
    """Its values are the scores; where it is missing or no number, the base rate stands in."""
    example = built("squared")
    found = example.trained.baselines
    assert found.named is not None
    assert found.named.feature in found.reads
    frame = example.test.features.head(5).with_columns(air=pl.Series([1.5, None, float("nan"), float("inf"), -3.0]))
    assert found.scores(frame)["named"].tolist() == [1.5, found.base_rate, found.base_rate, found.base_rate, -3.0]
    assert "named" not in built("absolute").trained.baselines.scores(example.test.features)


def test_a_named_feature_need_be_no_input_of_the_model() -> None:
    """A forecast that the model does not get is measured all the same."""
    example = built("squared")
    labels = example.task.labels(example.validation.label)
    rows = (example.validation.features, labels)
    found = baselines.fit(rows, rows, ["hour"], example.task)
    assert found.reads == ["hour", "air"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("wind", "'wind' is no feature"), ("carrier", "'carrier' is a feature of String, no number"), ("morning", "feature of Boolean")],
)
def test_a_forecast_that_is_no_number_is_refused(name: str, message: str) -> None:
    """The message names the numbers there are."""
    rows = (pl.DataFrame({"carrier": ["a", "b"], "morning": [True, False], "hour": [1, 2]}), np.array([0.0, 1.0]))
    with pytest.raises(ContractError, match=rf"usecase\.task\.baseline: .*{message}(.|\n)*name one of: hour"):
        baselines.fit(rows, rows, ["hour"], Regression("min", baseline=name))
