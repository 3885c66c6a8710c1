"""Numbers at dotted paths of reports. Where a path breaks off there is none, whatever stands there instead."""

import math
from collections.abc import Mapping
from typing import Any


def at(report: Any, path: str) -> Any:
    """What stands at `path`: keys of mappings, and names of listed records; None where it breaks off."""
    for key in path.split("."):
        report = _within(report).get(key)
    return report


def has(report: Any, path: str) -> bool:
    """Whether the last key of `path` is there, whatever its value."""
    parent, _, key = path.rpartition(".")
    return key in _within(at(report, parent) if parent else report)


def number(value: Any) -> float | None:
    """`value` where it is a finite number, as a float; no Boolean, no text, nothing that a float cannot hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def undeclared(report: Any, path: str) -> bool:
    """Whether a part of the report on the way to `path` says `declared: false`: the use case has not what it is about."""
    keys = path.split(".")
    parts = [report, *(at(report, ".".join(keys[:end])) for end in range(1, len(keys)))]
    return any(_within(part).get("declared") is False for part in parts)


def _within(report: Any) -> Mapping[str, Any]:
    """A mapping, or records by their name; a name that two records share leads to neither."""
    if isinstance(report, Mapping):
        return report
    if not isinstance(report, list) or not all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in report):
        return {}
    names = [one["name"] for one in report]
    return {name: one for name, one in zip(names, report, strict=True) if names.count(name) == 1}
