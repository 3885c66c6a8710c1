"""A damaged booster is refused before LightGBM's library, which would end the process or never end, reads it."""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ArtifactError
from interlock.modeling import booster_text
from interlock.modeling.booster import Booster

if TYPE_CHECKING:
    from tests.modeling.examples import Example


@cache
def trained(leaves: int = 4, kind: str = "binary", **said: object) -> str:
    random = np.random.default_rng(0)
    rows = np.column_stack([random.random((500, 2)), random.integers(0, 40, 500)])
    label = rows[:, 2] % 3 if kind == "multiclass" else rows[:, 2] % 3 == 0
    settings = {"objective": kind, "verbosity": -1, "num_leaves": leaves, "min_data_per_group": 5, "num_threads": 1, **said}
    return str(lgb.train(settings, lgb.Dataset(rows, label, categorical_feature=[2]), 3).model_to_string())


@pytest.mark.parametrize(
    "text",
    [
        trained(),
        trained(31),
        trained(2),
        trained(kind="multiclass", num_class=3),
        trained(kind="regression"),
        trained(min_data_in_leaf=400),
    ],
    ids=["binary", "larger", "two leaves", "multiclass", "regression", "one leaf"],
)
def test_what_lightgbm_writes_is_accepted(text: str) -> None:
    """Trees of one leaf and of many, of classes and of categories: as LightGBM's own package loads them."""
    booster_text.check(text)
    assert Booster(text).rounds == lgb.Booster(model_str=text).current_iteration()


def test_models_of_real_rows_are_accepted(each: "Example") -> None:
    """Of every kind of task."""
    booster_text.check(each.trained.booster)


@given(place=st.floats(0, 1))
def test_a_model_that_was_cut_short_anywhere_is_refused(place: float) -> None:
    """Up to the line that ends its parameters: refused, and the process goes on."""
    text = trained()
    last = text.index("end of parameters") + len("end of parameters") - 1
    with pytest.raises(ArtifactError, match="the booster is damaged"):
        Booster(text[: int(place * last)])


def changed(name: str, values: Callable[[list[str]], list[str]]) -> str:
    """A model whose first line of that name says other values, its sizes kept as a size of trees should be."""
    text = trained(31)
    line = re.search(rf"^{name}=(.*)$", text, re.MULTILINE)
    assert line is not None
    new = f"{name}={' '.join(values(line[1].split()))}"
    first = re.search(r"^tree_sizes=(\d+)", text, re.MULTILINE)
    assert first is not None
    sized = text.replace(first[0], f"tree_sizes={int(first[1]) + len(new) - len(line[0])}", 1)
    return sized.replace(line[0], new, 1)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("left_child", lambda found: ["0", *found[1:]], "a left_child is neither a later node nor a leaf"),
        ("right_child", lambda found: [*found[:-1], "1"], "a right_child is neither"),
        ("left_child", lambda found: ["30", *found[1:]], "a left_child is neither"),
        ("right_child", lambda found: ["-32", *found[1:]], "a right_child is neither"),
        ("left_child", lambda found: ["9" * 30, *found[1:]], "a left_child is neither"),
        ("left_child", lambda found: ["x", *found[1:]], "a node is no whole number"),
        ("left_child", lambda found: found[1:], "a tree has not as many nodes and leaves"),
        ("leaf_value", lambda found: found[1:], "a tree has not as many nodes and leaves"),
        ("num_leaves", lambda _: ["999999999"], "a tree has not as many nodes and leaves"),
        ("num_leaves", lambda _: ["-1"], "'-1' is no count"),
        ("split_feature", lambda found: ["3", *found[1:]], "a split_feature is none"),
        ("split_feature", lambda found: ["-1", *found[1:]], "a split_feature is none"),
    ],
)
def test_a_tree_that_cannot_be_walked_is_refused(name: str, values: Callable[[list[str]], list[str]], message: str) -> None:
    """A node that leads back, or out of the tree, or splits by a feature that is none, is found without walking there."""
    with pytest.raises(ArtifactError, match=rf"the booster is damaged: {message}(.|\n)*dvc checkout"):
        Booster(changed(name, values))


def test_values_as_they_were_are_accepted() -> None:
    """The change of the tests above is refused for what it says, not for how it is made."""
    booster_text.check(changed("left_child", lambda found: found))


@pytest.mark.parametrize(("old", "new"), [("Tree=1\n", "Tree=2\n"), ("end of trees", "end of a tree"), ("tree_sizes=", "tree_sizes=9 ")])
def test_trees_that_do_not_add_up_are_refused(old: str, new: str) -> None:
    """Their numbers, sizes and end are those that the beginning of the file says."""
    with pytest.raises(ArtifactError, match="the booster is damaged"):
        Booster(trained().replace(old, new, 1))


@pytest.mark.parametrize("name", ["a" * 255, "a" * 256, "a" * 5000, "é" * 200, "x" * 255 + "é"])
def test_a_long_name_of_a_feature_is_read_whole(name: str) -> None:
    """Whatever its bytes, also where a character would be cut."""
    rows = np.random.default_rng(0).random((200, 2))
    data = lgb.Dataset(rows, rows[:, 0] > 0.5, feature_name=[name, "b"])
    booster = Booster(lgb.train({"objective": "binary", "verbosity": -1}, data, 2).model_to_string())
    assert booster.features == [name, "b"]
