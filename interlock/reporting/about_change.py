"""What a report says of the change itself: parameters, features, data, and what ran again and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.evaluation.markdown import figure
from interlock.reporting.cells import DASH, code, codes, count, folded, prose, share, table
from interlock.reporting.settings import ABSENT

Found = Mapping[str, Any]
OPEN = 8
AGAIN = {"ran again": "ran again", "new": "is new", "gone": "is gone"}


def params(found: Found) -> str:
    """Parameters that changed, a few in the open."""
    return _settings("Parameters", "parameter", found["params"])


def packages(found: Found) -> str:
    """Versions of packages that can change a byte."""
    return _settings("Packages", "package", found["packages"])


def _settings(heading: str, what: str, told: Sequence[Found]) -> str:
    if not told:
        return ""
    shown = table([what, "before → now"], ([code(one["key"]), f"{_value(one['base'])} → {_value(one['head'])}"] for one in told))
    return f"### {heading}\n\n{shown}" if len(told) <= OPEN else f"### {heading}\n\n{folded(f'{count(len(told), what)} changed', shown)}"


def _value(value: Any) -> str:
    return DASH if value == ABSENT else code(value)


def features(found: Found) -> str:
    """Features added, removed, redefined."""
    told = found["features"]
    if not told:
        return ""
    counts = {what: sum(one["what"] == what for one in told) for what in dict.fromkeys(one["what"] for one in told)}
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    shown = table(["feature", "", "is computed as", "rank"], map(_feature, told))
    return f"### Features\n\n**{said}**\n\n{shown}" if len(told) <= OPEN else f"### Features\n\n{folded(said, shown)}"


def _feature(one: Found) -> list[str]:
    old, new = one["logic_base"], one["logic_head"]
    told = code(new or old, 80) if old is None or new is None or old == new else f"{code(old, 80)} → {code(new, 80)}"
    return [code(one["feature"]), one["what"], told, DASH if one["rank"] is None else f"{one['rank']}"]


def data(found: Found) -> str:
    """Rows, columns, what was set aside, distributions."""
    told = found["data"]
    if not told or not any(told.values()):
        return ""
    tables = table(["table", "rows before", "now", "set aside before", "now"], map(_table, told["tables"]))
    parts = {
        "": f"World: {code(told['worlds']['base'])} → {code(told['worlds']['head'])}" if told["worlds"] else "",
        "Rows": tables if told["tables"] else "",
        "Columns": table(["column", "before", "now"], map(_column, told["columns"])) if told["columns"] else "",
        "Set aside or warned of": table(["rule", "before", "now"], map(_rule, told["rules"])) if told["rules"] else "",
        "Distributions that moved": table(["column", "distance"], map(_shift, told["shifts"])) if told["shifts"] else "",
        "New findings": table(["table", "finding"], ([code(one["table"]), prose(one["found"])] for one in told["findings"]))
        if told["findings"]
        else "",
    }
    shown = [f"**{name}**\n\n{part}" if name else part for name, part in parts.items() if part]
    said = ", ".join(name.lower() for name, part in parts.items() if name and part) or "world"
    return f"### Data\n\n{folded(f'Changed: {said}', (chr(10) * 2).join(shown))}"


def _table(one: Found) -> list[str]:
    return [code(one["table"]), *(figure(one[f"{what}_{side}"]) for what in ("rows", "quarantined") for side in ("base", "head"))]


def _column(one: Found) -> list[str]:
    return [code(f"{one['table']}.{one['column']}"), *(DASH if one[side] is None else code(one[side]) for side in ("base", "head"))]


def _rule(one: Found) -> list[str]:
    return [f"{code(one['table'])} {code(one['rule'])} on {code(one['column'])}", figure(one["base"]), figure(one["head"])]


def _shift(one: Found) -> list[str]:
    return [code(f"{one['table']}.{one['column']}"), share(one["distance"])]


def stages(found: Found) -> str:
    """What ran again and why; what wrote the same bytes says so."""
    told = found["stages"]
    if not told:
        return ""
    wrote = sum(bool(one["wrote"]) for one in told)
    summary = f"{count(len(told), 'stage')} ran again; {wrote or 'none'} wrote other bytes"
    return f"### What ran again\n\n{folded(summary, table(['stage', 'because of', 'wrote'], map(_stage, told)))}"


def _stage(one: Found) -> list[str]:
    if one["what"] != "ran again":
        return [code(one["stage"]), AGAIN[one["what"]], DASH]
    causes = {"params": one["params"], "code": one["code"], "files": one["files"], "data": one["data"]}
    said = "<br>".join(f"{name}: {codes(paths, 3)}" for name, paths in causes.items() if paths)
    return [code(one["stage"]), said or "run again by hand", codes(one["wrote"], 3) if one["wrote"] else "the same bytes"]


def code_of(found: Found) -> str:
    """The files that changed, each with the stages that read it."""
    told = found["code"]
    if not told:
        return ""
    shown = table(["file", "read by"], ([code(one["file"]), codes(one["stages"])] for one in told))
    return folded(f"{count(len(told), 'file')} of the code changed, by stage", shown)
