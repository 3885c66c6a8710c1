"""What changed in the data, by reports/validation.json: rows, columns, rules that set rows aside, distributions."""

from typing import Any

from interlock.reporting.side import Side

SHIFTED = 0.05


def changed(base: Side, head: Side) -> dict[str, Any] | None:
    """Tables that are not as they were; None where a side has no report on its data.

    `shifts` are total variation distances between the distributions of both sides, over the same bins; 0 is equal, 1 apart.
    """
    before, after = (side.report("validation") for side in (base, head))
    if not before or not after:
        return None
    names = list(dict.fromkeys([*after["tables"], *before["tables"]]))
    pairs = {name: (before["tables"].get(name), after["tables"].get(name)) for name in names}
    worlds = {"base": before.get("world"), "head": after.get("world")}
    return {
        "worlds": worlds if worlds["base"] != worlds["head"] else None,
        "tables": [{"table": name, **_sizes(*both)} for name, both in pairs.items() if _sizes(*both)],
        "columns": [one for name, both in pairs.items() for one in _columns(name, *both)],
        "rules": [one for name, both in pairs.items() for one in _rules(name, *both)],
        "shifts": sorted((one for name, both in pairs.items() for one in _shifts(name, *both)), key=lambda one: -one["distance"]),
        "findings": [one for one in after["findings"] if one not in before["findings"]],
    }


def _sizes(was: Any, now: Any) -> dict[str, Any]:
    """Rows and rows set aside on both sides; nothing where they are the same."""
    sizes = {f"{what}_{side}": (of or {}).get(what) for what in ("rows", "quarantined") for side, of in (("base", was), ("head", now))}
    same = all(sizes[f"{what}_base"] == sizes[f"{what}_head"] for what in ("rows", "quarantined"))
    return {} if same else sizes


def _columns(table: str, was: Any, now: Any) -> list[dict[str, Any]]:
    before, after = ({one["column"]: one["dtype"] for one in (of or {}).get("columns", ())} for of in (was, now))
    told = [(name, before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])]
    return [{"table": table, "column": name, "base": old, "head": new} for name, old, new in told if old != new]


def _rules(table: str, was: Any, now: Any) -> list[dict[str, Any]]:
    """Rules under which another number of rows fell, or that only one side has and rows break."""
    before, after = ({(one["rule"], one["column"]): one for one in (of or {}).get("rules", ())} for of in (was, now))
    found = []
    for rule, column in dict.fromkeys([*after, *before]):
        old, new = before.get((rule, column)), after.get((rule, column))
        counts = {"base": old and old["rows"], "head": new and new["rows"]}
        if (counts["base"] or 0) != (counts["head"] or 0):
            severity = (new or old or {}).get("severity")
            found.append({"table": table, "rule": rule, "column": column, "severity": severity, **counts})
    return sorted(found, key=lambda one: -abs((one["head"] or 0) - (one["base"] or 0)))


def _shifts(table: str, was: Any, now: Any) -> list[dict[str, Any]]:
    before, after = ({one["column"]: one for one in (of or {}).get("columns", ())} for of in (was, now))
    found = ((name, _distance(before[name], after[name])) for name in after if name in before)
    return [{"table": table, "column": name, "distance": far} for name, far in found if far is not None and far >= SHIFTED]


def _distance(was: Any, now: Any) -> float | None:
    """Half the sum of the differences of shares; None where the bins are not the same ones."""
    if [_bin(one) for one in was["bins"]] != [_bin(one) for one in now["bins"]]:
        return None
    pairs = [(was["nulls"], now["nulls"]), *((old["share"], new["share"]) for old, new in zip(was["bins"], now["bins"], strict=True))]
    return float(sum(abs(old - new) for old, new in pairs) / 2)


def _bin(one: Any) -> tuple[Any, ...]:
    return one.get("label"), one.get("from"), one.get("to")
