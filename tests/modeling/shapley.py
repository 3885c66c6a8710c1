"""LightGBM's trees as plain tables, for what computes Shapley values without LightGBM; features are numbers."""

from collections.abc import Iterator
from itertools import combinations
from math import factorial, isnan
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Node = dict[str, Any]
Numbers = NDArray[np.float64]


class Table(NamedTuple):
    """A tree by node: children, where a missing value goes, the split, the value of a leaf, the training rows."""

    left: list[int]
    right: list[int]
    default: list[int]
    feature: list[int]
    threshold: list[float]
    value: list[float]
    rows: list[float]


def tables(text: str) -> list[Table]:
    """Every tree of a booster's text, in its order."""
    return [_table(tree["tree_structure"]) for tree in lgb.Booster(model_str=text).dump_model()["tree_info"]]


def _table(root: Node) -> Table:
    nodes = list(_nodes(root))
    place = {id(node): number for number, node in enumerate(nodes)}
    table = Table([], [], [], [], [], [], [])
    for node in nodes:
        leaf = "leaf_value" in node
        left, right = (-1, -1) if leaf else (place[id(node["left_child"])], place[id(node["right_child"])])
        table.left.append(left)
        table.right.append(right)
        table.default.append(-1 if leaf else left if _missing_left(node) else right)
        table.feature.append(-1 if leaf else node["split_feature"])
        table.threshold.append(0.0 if leaf else node["threshold"])
        table.value.append(node["leaf_value"] if leaf else 0.0)
        table.rows.append(float(node["leaf_count"] if leaf else node["internal_count"]))
    return table


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if "leaf_value" not in node:
        yield from _nodes(node["left_child"])
        yield from _nodes(node["right_child"])


def _missing_left(node: Node) -> bool:
    assert node["decision_type"] == "<="
    assert node["missing_type"] in {"None", "NaN"}
    return bool(node["threshold"] >= 0) if node["missing_type"] == "None" else bool(node["default_left"])


def brute(trees: list[Table], x: Numbers) -> Numbers:
    """The Shapley values of one row by their definition, over every subset of its features; last what is expected without any.

    A feature outside of the subset is unknown: both ways are taken, weighted by training rows (Lundberg et al., 2018, algorithm 1).
    """
    width = len(x)
    worth = {
        subset: sum(_expected(tree, 0, x, set(subset)) for tree in trees)
        for size in range(width + 1)
        for subset in combinations(range(width), size)
    }
    found = np.zeros(width + 1)
    for feature in range(width):
        for subset in (each for each in worth if feature not in each):
            weight = factorial(len(subset)) * factorial(width - len(subset) - 1) / factorial(width)
            found[feature] += weight * (worth[tuple(sorted({*subset, feature}))] - worth[subset])
    found[width] = worth[()]
    return found


def _expected(tree: Table, node: int, x: Numbers, known: set[int]) -> float:
    if tree.left[node] < 0:
        return tree.value[node]
    children = (tree.left[node], tree.right[node])
    feature = tree.feature[node]
    if feature in known:
        value = x[feature]
        way = tree.default[node] if isnan(value) else children[0] if value <= tree.threshold[node] else children[1]
        return _expected(tree, way, x, known)
    return sum(tree.rows[child] / tree.rows[node] * _expected(tree, child, x, known) for child in children)
