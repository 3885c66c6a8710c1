"""What is predicted."""

from datetime import timedelta
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest

from interlock.errors import ConfigError, ContractError
from interlock.modeling.task import Binary, Kind, Multiclass, Regression, Task
from interlock.params import convert
from tests.modeled_flights import TASKS

SEVERAL = Multiclass(("low", "middle", "high"))


def said(found: Any) -> Task:
    task: Task = convert(found, Task, "usecase.task")  # type: ignore[arg-type] # a union is no type[T]
    return task


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_read_by_its_kind(name: str) -> None:
    """Each kind that conf may name becomes its own type, and says its kind again."""
    task = said(TASKS[name])
    assert task.kind == TASKS[name]["kind"]
    assert type(task) in get_args(Task)
    assert task.headline in task.brief


def test_every_kind_is_tried() -> None:
    """No kind of the union is left out of the tests that go through all of them; the union leaves no kind out."""
    assert {type(said(task)) for task in TASKS.values()} == set(get_args(Task)) == set(Kind.__subclasses__())


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"kind": "ranking"}, "usecase.task"),
        ({"kind": "binary"}, "positive"),
        ({"kind": "binary", "positive": "late", "classes": ["a"]}, "classes"),
        ({"kind": "multiclass", "classes": ["a", "b"]}, "classes"),
        ({"kind": "multiclass", "classes": ["a", "b", ""]}, "classes"),
        ({"kind": "multiclass", "classes": ["a", "b", "b"]}, "named twice"),
        ({"kind": "regression"}, "unit"),
        ({"kind": "regression", "unit": "min", "loss": "huber"}, "loss"),
    ],
)
def test_a_task_that_means_nothing_is_refused(found: dict[str, Any], message: str) -> None:
    """A kind that is none, a key of another kind, classes that are too few, empty or alike: the key is named."""
    with pytest.raises(ConfigError, match=message):
        said(found)


def test_scores_stand_in_columns_of_their_own() -> None:
    """One column for yes or no and for a number, one a class for several, in the order of the classes."""
    assert Binary("late").columns == Regression("min").columns == ("raw_score", "score")
    assert SEVERAL.columns == ("raw_score_low", "raw_score_middle", "raw_score_high", "score_low", "score_middle", "score_high")
    frame = pl.DataFrame({name: [float(place), place + 0.5] for place, name in enumerate(SEVERAL.columns)})
    np.testing.assert_array_equal(SEVERAL.scores(frame.select(reversed(frame.columns))), [[3, 4, 5], [3.5, 4.5, 5.5]])
    np.testing.assert_array_equal(Binary("late").scores(pl.DataFrame({"score": [0.1, 0.2]})), [0.1, 0.2])


@pytest.mark.parametrize("dtype", [pl.Boolean, pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(4, 1)])
def test_labels_of_yes_and_no(dtype: Any) -> None:
    """Whatever type holds 0 and 1."""
    found = Binary("late").labels(pl.Series("late", [1, 0, 1], strict=False).cast(dtype))
    assert (found.dtype.name, found.tolist()) == ("bool", [True, False, True])


def test_labels_of_classes() -> None:
    """The position among the classes as they are declared, of text, of a category and of whole numbers."""
    series = pl.Series("size", ["high", "low", "middle", "low"])
    for held in (series, series.cast(pl.Categorical), series.cast(pl.Enum(["high", "low", "middle"]))):
        found = SEVERAL.labels(held)
        assert (found.dtype.name, found.tolist()) == ("int64", [2, 0, 1, 0])
    assert Multiclass(("3", "4", "5")).labels(pl.Series([5, 3, 4])).tolist() == [2, 0, 1]


def test_labels_of_a_number() -> None:
    """Any finite number; for counts none below 0."""
    assert Regression("min").labels(pl.Series([-1, 2])).tolist() == [-1.0, 2.0]
    assert Regression("min", "poisson").labels(pl.Series([0.0, 2.5])).tolist() == [0.0, 2.5]


@pytest.mark.parametrize(
    ("task", "series", "message"),
    [
        (Binary("late"), pl.Series([0, 1, 2]), "found 0, 1, 2"),
        (Binary("late"), pl.Series([0.0, float("nan")]), "found 0.0, nan"),
        (Binary("late"), pl.Series(["0", "1"]), "outcomes are String, found 0, 1"),
        (SEVERAL, pl.Series(["low", "hihg"]), "outcome 'hihg' is none of the classes low, middle, high"),
        (SEVERAL, pl.Series(["low", None]), "outcome None is none of the classes"),
        (SEVERAL, pl.Series([1.0]), "outcome '1.0' is none"),
        (SEVERAL, pl.Series([["low"], ["high"]]), r"outcomes are List\(String\), found \['low'\], \['high'\]"),
        (SEVERAL, pl.Series([{"a": "low"}]), "is none of the classes"),
        (SEVERAL, pl.Series([object()], dtype=pl.Object), "outcomes are Object"),
        (SEVERAL, pl.Series([timedelta(1)]), "outcomes are Duration"),
        (SEVERAL, pl.Series([b"\xff"]), "outcomes are Binary"),
        (Binary("late"), pl.Series([[1], [0]]), "outcomes are List"),
        (Binary("late"), pl.Series([object()], dtype=pl.Object), "outcomes are Object"),
        (Regression("min"), pl.Series([[1.0]]), "outcomes are List"),
        (Regression("min"), pl.Series(["1"]), "outcomes are String"),
        (Regression("min"), pl.Series([1.0, float("inf")]), "must be within 1e[+]30 of 0, found 1.0, inf"),
        (Regression("min"), pl.Series([1.0, float("nan")]), "must be within"),
        (Regression("min"), pl.Series([1e31, 0.0]), "must be within"),
        (Regression("min", "poisson"), pl.Series([1.0, -0.5]), "must be 0 or more, found -0.5, 1.0"),
    ],
)
def test_a_label_outside_of_the_task_is_refused(task: Task, series: pl.Series, message: str) -> None:
    """What was found is named: nothing is rounded, cut or taken for another class."""
    with pytest.raises(ContractError, match=message):
        task.labels(series)
