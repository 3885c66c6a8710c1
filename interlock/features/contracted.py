"""The contract of a request, or of a row of a table, as exported declarations carry it."""

from typing import Any

from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import kind
from interlock.features.featureset import FeatureSet

REQUESTS = "requests"


def names(features: FeatureSet) -> list[str]:
    """What has a contract: requests, and each table that features read."""
    return [REQUESTS, *features.tables]


def schema(features: FeatureSet, table: str) -> dict[str, Any]:
    """The JSON Schema of a row of `table`, or of a request; of its types alone where no contract was exported."""
    return features.contracts.get(table) or _types_alone(features, table)


def _types_alone(features: FeatureSet, table: str) -> dict[str, Any]:
    asked = table == REQUESTS
    types = features.request.types if asked else features.reads_of(table)
    nullable = features.request.nullable if asked else types
    fields = {name: {**_type(text, nullable=name in nullable), OWN: {"type": text}} for name, text in types.items()}
    return {
        "title": table, "type": "object", "properties": fields, "required": list(types), "additionalProperties": True, OWN: {},
    }  # fmt: skip


def _type(text: str, *, nullable: bool) -> dict[str, Any]:
    said = kind(text).keywords
    return {**said, "type": [said["type"], "null"]} if nullable else said
