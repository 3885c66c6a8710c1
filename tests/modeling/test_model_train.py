"""Training."""

from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from interlock.errors import ConfigError, ContractError
from interlock.modeling.dataset import Rows
from interlock.modeling.spec import Model, parameters
from interlock.modeling.task import Task
from interlock.modeling.train import fit, thin
from interlock.params import convert
from tests.modeled_flights import MODEL

if TYPE_CHECKING:
    from tests.modeling.conftest import Example

TASK = Task(kind="binary", positive="late")


def model(**changes: Any) -> Model:
    return convert({**MODEL, **changes}, Model, "model")


def part(rows: Rows, **changes: Any) -> Rows:
    return Rows(**{**vars(rows), **changes})


def test_the_best_round_is_where_the_validation_rows_are_ranked_best(example: "Example") -> None:
    """Scikit-learn's AUC of each round of a model trained without early stopping has its first maximum where ours was cut."""
    encoder, validation = example.trained.encoder, example.validation
    data = lgb.Dataset(
        encoder.matrix(example.train.features),
        example.train.label.cast(pl.Float64).to_numpy(),
        feature_name=encoder.names,
        categorical_feature=encoder.text,
        params=parameters(model(), TASK),
    )
    whole = lgb.train(parameters(model(), TASK), data, 40)
    matrix = encoder.matrix(validation.features)
    aucs = [roc_auc_score(validation.label, whole.predict(matrix, raw_score=True, num_iteration=n)) for n in range(1, 41)]
    assert example.trained.rounds == int(np.argmax(aucs)) + 1 < 40
    np.testing.assert_allclose([point["validation"] for point in example.trained.curve], aucs[: len(example.trained.curve)], rtol=1e-12)


def test_training_stops_by_validation_alone() -> None:
    """Rows of training, which get better for ever, keep no training going."""
    random = np.random.default_rng(0)
    rows = [
        Rows(
            name,
            pl.DataFrame({"id": range(800)}),
            pl.DataFrame({"x": random.random(800), "y": random.random(800)}),
            pl.Series("label", random.random(800) < 0.5),
        )
        for name in ("train", "validation")
    ]
    trained = fit(rows[0], rows[1], model(rounds=2000, early_stopping=5, min_data_in_leaf=5), TASK)
    assert trained.curve[-1]["round"] == trained.rounds + 5
    assert trained.curve[-1]["training"] > 0.6


def test_the_same_rows_make_the_same_model(example: "Example") -> None:
    """Twice the same: the file, the table and the curve."""
    again = fit(example.train, example.validation, model(), TASK)
    assert again == example.trained


def test_the_baseline_is_the_rate_of_training(example: "Example") -> None:
    """What the trivial model would say for every row."""
    assert example.trained.baselines.base_rate == example.train.label.sum() / example.train.label.len()


def test_excluded_features_are_not_read(example: "Example") -> None:
    """A model without two features knows neither their names nor their values; a misspelt one is refused."""
    few = [part(rows, features=rows.features.head(3000), label=rows.label.head(3000)) for rows in (example.train, example.validation)]
    trained = fit(few[0], few[1], model(exclude=["air", "tailnum"], rounds=3), TASK)
    assert trained.encoder.names == ["carrier", "origin", "dest", "hour", "distance", "part", "morning"]
    with pytest.raises(ConfigError, match="'tail' is not a feature"):
        fit(few[0], few[1], model(exclude=["tail"]), TASK)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_labels_of_one_class_say_their_count(example: "Example", name: str) -> None:
    """There is nothing to learn, or to calibrate on, and the message says what was found."""
    rows = {"train": example.train, "validation": example.validation}
    rows[name] = part(rows[name], label=pl.repeat(False, rows[name].label.len(), eager=True).alias("late"))
    with pytest.raises(
        ContractError, match=rf"the {name} split has these labels: False \({rows[name].label.len()} rows\): there is nothing to learn"
    ):
        fit(rows["train"], rows["validation"], model(), TASK)


def test_labels_that_are_no_classes_are_refused(example: "Example") -> None:
    """LightGBM would take any number above zero for a positive."""
    counts = pl.Series("late", range(example.train.label.len())) % 3
    with pytest.raises(ContractError, match=r"0 \(\d+ rows\), 1 \(\d+ rows\), 2 \(\d+ rows\); a binary task has others"):
        fit(part(example.train, label=counts), example.validation, model(), TASK)


def test_features_that_say_nothing_make_a_model_of_the_base_rate(example: "Example") -> None:
    """Constant and empty features are no error: every row gets one score."""
    nothing = [
        part(
            rows, features=pl.DataFrame({"constant": pl.repeat(1, n, eager=True), "empty": pl.repeat(None, n, dtype=pl.String, eager=True)})
        )
        for rows in (example.train, example.validation)
        for n in [rows.label.len()]
    ]
    trained = fit(nothing[0], nothing[1], model(), TASK)
    assert len(trained.calibrator.raw) == 1
    assert trained.calibrator.probability[0] == pytest.approx(example.validation.label.mean())


def test_a_learning_curve_keeps_its_first_best_and_last_round() -> None:
    """However long the training, a chart has some 200 points, the ones that matter among them."""
    found = thin({"training": [n / 3000 for n in range(1, 3001)]}, best=2717)
    assert len(found) <= 203
    assert {1, 2717, 3000} <= {point["round"] for point in found}
    assert all(point["training"] == point["round"] / 3000 for point in found)
