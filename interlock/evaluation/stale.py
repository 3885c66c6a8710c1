"""What features become when a history that they stand on is no longer fed: what they are for an entity never seen."""

from collections.abc import Collection

import polars as pl

from interlock.features import expressions
from interlock.features.expressions import Node
from interlock.features.featureset import AnyFeature, FeatureSet, Latest, OnDemand, Window


def stale(features: FeatureSet, histories: Collection[str]) -> dict[str, pl.Expr]:
    """Each public feature that stands on one of `histories`, as an expression over requests and the other public features.

    Windows and last rows are empty: a count is 0, anything else null. What is computed from them, or looked up by them, is
    computed again; a private feature of a history that still lives is null there, since no file holds its values.
    """
    hidden: dict[str, Node] = {}
    gone: dict[str, Node] = {}
    for feature in features.ordered():
        node, is_gone = _without(feature, histories, gone, hidden)
        if is_gone:
            gone[feature.name] = node
        elif not feature.public:
            hidden[feature.name] = node
    return {name: expressions.build(node) for name, node in gone.items() if features.by_name[name].public}


def _without(feature: AnyFeature, histories: Collection[str], gone: dict[str, Node], hidden: dict[str, Node]) -> tuple[Node, bool]:
    """What a feature is without `histories`, and whether that is anything else than it was."""
    if isinstance(feature, OnDemand):
        node = expressions.substitute(feature.expression, {**hidden, **gone})
        return node, bool(FeatureSet.reads(feature) & gone.keys())
    looks_back = isinstance(feature, Latest | Window) and feature.history in histories
    return _empty(feature), looks_back or bool(FeatureSet.reads(feature) & gone.keys())


def _empty(feature: AnyFeature) -> Node:
    counted = isinstance(feature, Window) and feature.statistic == "count"
    return ["cast", ["lit", "int", 0] if counted else ["lit", "null", None], feature.dtype, True]
