"""What holds requests and events to the contracts that exported declarations carry.

Rules that a table states beside its model are expressions, and are checked with the rest.
"""

from collections.abc import Mapping
from typing import Any

from interlock.contracts.keywords import OWN
from interlock.contracts.microbatch import Checker, Held
from interlock.features import contracted, expressions
from interlock.features.featureset import FeatureSet


def checker(features: FeatureSet, table: str) -> Checker:
    """What checks rows of `table`, or requests."""
    return held(contracted.schema(features, table))


def held(schema: Mapping[str, Any]) -> Checker:
    """What checks rows against an exported contract, with its rules across fields."""
    stated = schema[OWN].get("rows", [])
    return Checker(schema, [Held(each["field"], each["rule"], each["expected"], expressions.build(each["breaks"])) for each in stated])
