"""Parameters that changed, from params.yaml of both sides: what was composed, whatever file of conf/ says it."""

from typing import Any

from interlock.conf import leaves
from interlock.reporting.side import Side

ABSENT = "(absent)"


def changed(base: Side, head: Side) -> list[dict[str, Any]]:
    """The dotted keys whose value differs, with both values; one that a side has not is `(absent)` there."""
    before, after = dict(leaves(base.params)), dict(leaves(head.params))
    keys = [*after, *(key for key in before if key not in after)]
    told = ((key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in keys)
    return [{"key": key, "base": was, "head": now} for key, was, now in told if repr(was) != repr(now)]


def packages(base: Side, head: Side) -> list[dict[str, Any]]:
    """The same of pins.yaml: versions of packages that can change a byte, each once whatever stages use it."""
    before, after = (_versions(side.pins) for side in (base, head))
    names = sorted({*before, *after})
    told = ((name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names)
    return [{"key": name, "base": was, "head": now} for name, was, now in told if was != now]


def _versions(pins: Any) -> dict[str, str]:
    return {key.rpartition(".")[2]: str(value) for key, value in leaves(pins)}
