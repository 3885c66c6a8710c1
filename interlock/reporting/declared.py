"""Features that were added, removed, redefined or described anew, by the fingerprints that reports/features.json holds."""

from typing import Any

from interlock.reporting.side import Side


def changed(base: Side, head: Side) -> list[dict[str, Any]] | None:
    """What happened to each public feature that is not as it was; None where a side has no such report.

    `redefined` is what changes values, by the fingerprint of everything that decides them; `told` another description or range.
    """
    before, after = (_by_name(side.report("features")) for side in (base, head))
    if before is None or after is None:
        return None
    ranks = _ranks(head)
    found = [_change(name, before.get(name), after.get(name), ranks.get(name)) for name in dict.fromkeys([*after, *before])]
    return [one for one in found if one["what"]]


def _change(name: str, was: Any, now: Any, rank: int | None) -> dict[str, Any]:
    logic = {"base": (was or {}).get("logic"), "head": (now or {}).get("logic")}
    nulls = {"base": (was or {}).get("null_share"), "head": (now or {}).get("null_share")}
    return {
        "feature": name,
        "what": _what(was, now),
        "description": (now or was).get("description", ""),
        "rank": rank,
        **_flat(logic, nulls),
    }


def _flat(logic: dict[str, Any], nulls: dict[str, Any]) -> dict[str, Any]:
    return {"logic_base": logic["base"], "logic_head": logic["head"], "nulls_base": nulls["base"], "nulls_head": nulls["head"]}


def _what(was: Any, now: Any) -> str:
    if was is None or now is None:
        return "added" if was is None else "removed"
    if was.get("fingerprint") != now.get("fingerprint"):
        return "redefined"
    about = ("description", "unit", "expect", "deprecated")
    return "told otherwise" if any(was.get(key) != now.get(key) for key in about) else ""


def _by_name(report: Any) -> dict[str, Any] | None:
    return {str(one["name"]): one for one in report} if isinstance(report, list) else None


def _ranks(side: Side) -> dict[str, int]:
    """The place of each feature among what moves scores."""
    found = (side.report("explain") or {}).get("global") or []
    return {one["feature"]: one["rank"] for one in found}
