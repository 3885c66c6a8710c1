"""Metrics of both sides as their own reports have them: what is left to say where predictions are not here."""

from typing import Any

from interlock.evaluation.metrics import LOWER_IS_BETTER, TABLE
from interlock.evaluation.paths import number
from interlock.reporting.side import Side

COUNTS = {"rows", "base_rate", "mean"}


def metrics(base: Side, head: Side) -> list[dict[str, Any]]:
    """Each metric of the test rows with both values and the interval of each. The gain has none: the two were not drawn together."""
    before, after = ((side.report("metrics") or {}).get("test") or {} for side in (base, head))
    names = [name for name in TABLE[head.task.kind] if name not in COUNTS and (name in before or name in after)]
    return [{"name": name, **_told(name, before, after)} for name in names]


def _told(name: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    was, now = number(before.get(name)), number(after.get(name))
    sign = -1 if name in LOWER_IS_BETTER else 1
    gain = None if was is None or now is None else sign * (now - was) if name != "bias" else abs(was) - abs(now)
    ends = {f"{side}_{end}": number(of.get(f"{name}_{end}")) for side, of in (("base", before), ("head", after)) for end in ("low", "high")}
    return {"base": was, "head": now, "gain": gain, "gain_low": None, "gain_high": None, "outcome": None, **ends}
