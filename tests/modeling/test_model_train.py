"""Training."""

from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from interlock.errors import ConfigError, ContractError
from interlock.modeling.baselines import rate
from interlock.modeling.booster import Booster
from interlock.modeling.dataset import Rows
from interlock.modeling.decision import Fairness
from interlock.modeling.spec import Model, parameters
from interlock.modeling.task import Binary, Regression
from interlock.modeling.train import fit, thin
from interlock.params import convert
from tests.modeled_flights import MODEL, TASKS
from tests.modeling.examples import Example, built

TASK = Binary("late")


def model(**changes: Any) -> Model:
    return convert({**MODEL, **changes}, Model, "model")


def part(rows: Rows, **changes: Any) -> Rows:
    return Rows(**{**vars(rows), **changes})


def test_the_best_round_is_where_the_validation_rows_are_ranked_best(example: Example) -> None:
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


def test_the_same_rows_make_the_same_model(each: Example) -> None:
    """Twice the same, whatever is predicted: the file, the tables, the baselines and the curve."""
    assert fit(each.train, each.validation, model(), each.task) == each.trained


def test_excluded_features_are_not_read(example: Example) -> None:
    """A model without two features knows neither their names nor their values; a misspelt one is refused."""
    few = [part(rows, features=rows.features.head(3000), label=rows.label.head(3000)) for rows in (example.train, example.validation)]
    trained = fit(few[0], few[1], model(exclude=["air", "tailnum"], rounds=3), TASK)
    assert trained.encoder.names == ["carrier", "origin", "dest", "hour", "distance", "part", "morning"]
    with pytest.raises(ConfigError, match="'tail' is not a feature"):
        fit(few[0], few[1], model(exclude=["tail"]), TASK)


def test_protected_features_are_no_inputs(example: Example) -> None:
    """Neither trees nor lines see them, unless the use case says so."""
    rows = [part(rows, features=rows.features.head(3000), label=rows.label.head(3000)) for rows in (example.train, example.validation)]
    for inputs in (False, True):
        said = Fairness(["origin"], 100, (["origin", "carrier"],), inputs)
        trained = fit(rows[0], rows[1], model(rounds=3), TASK, said)
        read = [name for name in rows[0].features.columns if inputs or name not in {"origin", "carrier"}]
        assert trained.encoder.names == trained.baselines.reads == read


@pytest.mark.parametrize("name", ["multiclass", "squared", "poisson"])
def test_labels_that_are_all_alike_are_refused(name: str) -> None:
    """Of any kind: there is nothing to learn from rows of one class or of one number."""
    each = built(name)
    same = part(each.train, label=pl.repeat(each.train.label[0], each.train.label.len(), eager=True))
    with pytest.raises(ContractError, match=rf"the train split has these labels: {each.train.label[0]} \(\d+ rows\): there is nothing"):
        fit(same, each.validation, model(), each.task)


def test_a_class_that_no_training_row_has_is_named_with_all_counts() -> None:
    """Nothing is known of it; the counts tell whether the split or the list of classes is wrong."""
    each = built("multiclass")
    label = each.train.label.replace("early", "late")
    late, in_time = ((label == name).sum() for name in ("late", "on time"))
    with pytest.raises(ContractError, match=rf"no row of the class early \(late {late}, on time {in_time}, early 0\)"):
        fit(part(each.train, label=label), each.validation, model(), each.task)


def test_a_class_that_no_validation_row_has_gets_a_small_probability() -> None:
    """It may be rare: training goes on, and no score of it is 0."""
    each = built("multiclass")
    rows = part(each.validation, label=each.validation.label.replace("early", "late"))
    trained = fit(each.train, rows, model(rounds=3), each.task)
    scores = trained.calibrator.apply(np.random.default_rng(0).normal(size=(50, 3)))
    assert ((scores[:, 2] > 0) & (scores[:, 2] < 1e-3)).all()


def test_too_few_rows_for_a_tree_say_so(example: Example) -> None:
    """LightGBM would make a model of one leaf, and say nothing."""
    few = part(example.train, features=example.train.features.head(99), label=example.train.label.head(99))
    with pytest.raises(ContractError, match="has 99 rows with a label, too few for two leaves of 50"):
        fit(few, example.validation, model(), TASK)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_labels_of_one_class_say_their_count(example: Example, name: str) -> None:
    """There is nothing to learn, or to calibrate on, and the message says what was found."""
    rows = {"train": example.train, "validation": example.validation}
    rows[name] = part(rows[name], label=pl.repeat(False, rows[name].label.len(), eager=True).alias("late"))
    with pytest.raises(
        ContractError, match=rf"the {name} split has these labels: False \({rows[name].label.len()} rows\): there is nothing to learn"
    ):
        fit(rows["train"], rows["validation"], model(), TASK)


def test_labels_that_are_no_classes_are_refused(example: Example) -> None:
    """LightGBM would take any number above zero for a positive."""
    counts = pl.Series("late", range(example.train.label.len())) % 3
    with pytest.raises(ContractError, match="outcomes of a binary task are 0 and 1, found 0, 1, 2"):
        fit(part(example.train, label=counts), example.validation, model(), TASK)


@pytest.mark.parametrize("name", TASKS)
def test_features_that_say_nothing_make_a_model_of_the_base_rate(name: str) -> None:
    """Constant and empty features are no error: every row gets one score, near the mean (or the median) of the labels."""
    example = built(name)
    nothing = [
        part(rows, features=pl.DataFrame({"air": pl.repeat(1, n, eager=True), "empty": pl.repeat(None, n, dtype=pl.String, eager=True)}))
        for rows in (example.train, example.validation)
        for n in [rows.label.len()]
    ]
    trained = fit(nothing[0], nothing[1], model(), example.task)
    raw = Booster(trained.booster).raw(trained.encoder.matrix(nothing[1].features))
    scores = trained.calibrator.apply(raw)
    assert (scores == scores[0]).all()
    best = rate(example.task.labels(nothing[name in {"binary", "multiclass"}].label), example.task)
    np.testing.assert_allclose(scores[0], best, rtol=2e-3, atol=1e-3)


def test_what_lightgbm_does_not_train_on_is_told() -> None:
    """Counts that 32 bits hold no difference of: LightGBM's own words, and what to look at."""
    random = np.random.default_rng(0)
    train, validation = (
        Rows(
            name, pl.DataFrame({"id": range(400)}), pl.DataFrame({"x": random.random(400)}), pl.Series("label", random.random(400) * 1e-300)
        )
        for name in ("train", "validation")
    )
    with pytest.raises(ContractError, match=r"LightGBM cannot train on these rows: .*\S(.|\n)*outcome"):
        fit(train, validation, model(), Regression("min", "poisson"))


def test_a_learning_curve_keeps_its_first_best_and_last_round() -> None:
    """However long the training, a chart has some 200 points, the ones that matter among them."""
    found = thin({"training": [n / 3000 for n in range(1, 3001)]}, best=2717)
    assert len(found) <= 203
    assert {1, 2717, 3000} <= {point["round"] for point in found}
    assert all(point["training"] == point["round"] / 3000 for point in found)
