"""The model's hyperparameters."""

import ctypes
import json
from pathlib import Path
from typing import Any

import pytest

from interlock.errors import ConfigError
from interlock.modeling.booster import library
from interlock.modeling.spec import Model, parameters
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from interlock.params import convert, read_yaml
from tests.modeled_flights import MODEL

TASKS: list[Task] = [Binary("late"), Multiclass(("a", "b", "c")), *(Regression("min", loss) for loss in ("squared", "absolute", "poisson"))]
NONSENSE: dict[str, list[Any]] = {
    "rounds": [0, -1, 1.5, "3000"], "early_stopping": [0], "learning_rate": [0, -0.1, 1.5, float("nan"), "1e-2"], "num_leaves": [1, 0],
    "min_data_in_leaf": [0], "feature_fraction": [0, 1.1], "bagging_fraction": [0, 2], "bagging_freq": [-1], "lambda_l1": [-1],
    "lambda_l2": [-0.5, float("inf"), float("nan")], "max_bin": [1], "cat_smooth": [-1], "cat_l2": [-1],
    "threads": [0, True], "seed": [-1, 2**31], "exclude": ["carrier", [1], None], "mitigation": ["reweighing", True],
}  # fmt: skip


def model(**changes: Any) -> Model:
    return convert({**MODEL, **changes}, Model, "model")


def test_the_default_model_of_conf_is_a_model() -> None:
    """conf/model/default.yaml says every hyperparameter, and nothing else."""
    assert convert(read_yaml(Path("conf/model/default.yaml")), Model, "model").threads == 2


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in NONSENSE.items() for value in values])
def test_a_value_out_of_range_is_refused_by_the_name_of_its_key(key: str, value: Any) -> None:
    """A value that no model can have is refused before anything runs, and the message names the key."""
    with pytest.raises(ConfigError, match=rf"model\.{key}\b"):
        model(**{key: value})


def test_a_nonsense_value_is_listed_for_every_hyperparameter() -> None:
    """Each field has a range: none is left out of the test above."""
    assert set(NONSENSE) == set(MODEL)


@pytest.mark.parametrize("broken", [{"learning_rat": 0.1}, {"rounds": None}])
def test_an_unknown_key_or_a_null_is_refused(broken: dict[str, Any]) -> None:
    """A misspelt key is refused, not ignored."""
    with pytest.raises(ConfigError):
        model(**broken)


@pytest.mark.parametrize("task", TASKS)
def test_every_parameter_is_one_that_lightgbm_knows(task: Task) -> None:
    """No name is misspelt: LightGBM ignores what it does not know, so its own list of names is asked."""
    size, out = ctypes.c_int64(), ctypes.create_string_buffer(1 << 20)
    assert library().LGBM_DumpParamAliases(ctypes.c_int64(len(out)), ctypes.byref(size), out) == 0
    assert set(parameters(model(), task)) <= set(json.loads(out.value))


def test_what_makes_training_repeatable_cannot_be_set_aside() -> None:
    """The settings that equal bytes depend on are not among the hyperparameters."""
    found = parameters(model(threads=3, seed=11), TASKS[0])
    assert (found["deterministic"], found["force_row_wise"], found["num_threads"], found["seed"], found["metric"]) == (
        True,
        True,
        3,
        11,
        "auc",
    )
    assert {"deterministic", "force_row_wise", "metric"}.isdisjoint(MODEL)


def test_features_are_excluded_by_name_and_keep_their_order() -> None:
    """What is left keeps the declared order."""
    assert model(exclude=["b"]).kept(["c", "b", "a"]) == ["c", "a"]


def test_protected_features_are_kept_out() -> None:
    """What is protected is no input, whether or not it is excluded too, and need not be a feature."""
    assert model(exclude=["b"]).kept(["c", "b", "a", "sex"], ["sex", "race"]) == ["c", "a"]


def test_the_fair_model_of_conf_is_the_default_one_with_a_mitigation() -> None:
    """conf/model/fair.yaml changes what is done with the scores, and not a tree."""
    assert read_yaml(Path("conf/model/fair.yaml")) == {"defaults": ["default", "_self_"], "mitigation": "equalized_odds"}
    assert model(mitigation="equalized_odds").mitigation == "equalized_odds"
    assert parameters(model(mitigation="equalized_odds"), TASKS[0]) == parameters(model(), TASKS[0])


def test_excluding_what_is_no_feature_names_the_features() -> None:
    """A misspelt name is refused with the names there are."""
    with pytest.raises(ConfigError, match=r"'carier' is not a feature(.|\n)*carrier, origin"):
        model(exclude=["carier"]).kept(["carrier", "origin"])


def test_excluding_every_feature_is_refused() -> None:
    """A model of nothing is a mistake in conf."""
    with pytest.raises(ConfigError, match="leave none of 1 features"):
        model(exclude=["a"]).kept(["a"])
