"""What a report reads of reports/: a commit may be of an older version of the library, or a hand may have edited them."""

from typing import Any, TypeAlias

import msgspec

from interlock.contracts.review import Review

Number: TypeAlias = float | None
Scores: TypeAlias = dict[str, Any]


class Metrics(msgspec.Struct):
    """reports/metrics.json."""

    test: Scores = {}
    decision: Scores | None = None


class Gate(msgspec.Struct):
    """A gate of reports/gates.json."""

    name: str
    verdict: str
    words: str
    why: str | None
    bound: Any


class Gates(msgspec.Struct):
    """reports/gates.json."""

    gates: list[Gate]
    verdict: str | None = None


class Feature(msgspec.Struct):
    """A feature of reports/features.json."""

    name: str
    description: str = ""
    logic: str | None = None
    null_share: Number = None


class Rank(msgspec.Struct):
    """A feature among what moves scores."""

    feature: str
    rank: int


class Explain(msgspec.Struct):
    """reports/explain.json."""

    ranks: list[Rank] = msgspec.field(name="global", default_factory=list)


OF: dict[str, Any] = {
    "metrics": Metrics,
    "gates": Gates,
    "features": list[Feature],
    "explain": Explain,
    "validation": Review,
    "roc": list[dict[str, Any]],
    "calibration": list[dict[str, Any]],
}


def fits(name: str, found: Any) -> bool:
    """Whether what reports/<name>.json says can be read as that report."""
    try:
        msgspec.convert(found, OF.get(name, Any))
    except msgspec.ValidationError:
        return False
    return True
