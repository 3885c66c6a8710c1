"""Whether callers of an old contract are served by a new one: the changes between two exported contracts, and which break.

A change breaks where some row that keeps the old contract does not keep the new one. Of patterns it is not decided whether
one allows what another does, nor of rules across fields: a new or other one breaks. Where the old contract is open, what a
caller sends under a name that it does not know is nobody's: a new optional field of that name is no break.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import Keywords, kind

WHOLE = ""
LISTED = 5


@dataclass(frozen=True)
class Change:
    """One change: its kind, the field (empty: all of the contract), what it is in words, and whether it breaks old callers."""

    kind: str
    field: str
    words: str
    breaks: bool


def compatible(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes from one exported contract to another, those that break first; old callers are served where none does."""
    return sorted(_changes(old, new), key=lambda change: not change.breaks)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = old["properties"], new["properties"]
    open_before, open_after = old["additionalProperties"], new["additionalProperties"]
    if open_before and not open_after:
        yield Change("closed", WHOLE, "fields that the contract does not name were ignored, and are refused", breaks=True)
    if open_after and not open_before:
        yield Change("opened", WHOLE, "fields that the contract does not name were refused, and are ignored", breaks=False)
    for name in before.keys() - after.keys():
        yield Change("removed", name, f"{name} is gone, and {'ignored' if open_after else 'refused'} where it is sent", not open_after)
    for name in after.keys() - before.keys():
        needed = name in new["required"]
        yield Change("added", name, f"{name} is new, and {'required' if needed else 'optional'}", needed)
    for name in sorted(before.keys() & after.keys()):
        yield from _presence(name, name in old["required"], name in new["required"])
        yield from _field(name, before[name], after[name])
    yield from _stated(_rows(old), _rows(new))


def _presence(name: str, before: bool, after: bool) -> Iterator[Change]:
    if before != after:
        yield Change("required" if after else "optional", name, f"{name} {'must' if after else 'need not'} be sent", after)


def _field(name: str, old: Keywords, new: Keywords) -> Iterator[Change]:
    was, now = ("null" in said["type"] for said in (old, new))
    if was != now:
        yield Change("null allowed" if now else "null refused", name, f"{name} may {'' if now else 'no longer '}be null", was)
    types = old[OWN]["type"], new[OWN]["type"]
    if _family(types[0]) != _family(types[1]) and not (_family(types[0]) == "integer" and _family(types[1]) == "number"):
        yield Change("type", name, f"{name} was {types[0]}, and is {types[1]}", breaks=True)
        return
    if types[0] != types[1]:
        yield Change("stored as", name, f"{name} was {types[0]}, and is {types[1]}", breaks=False)
    for changed, words, breaks in (*_bounds(old, new), *_values(old, new), *_patterns(old, new)):
        yield Change(changed, name, f"{name}: {words}", breaks)


def _family(dtype: str) -> str:
    """What values are: the JSON type and, of text that means something else, what it is."""
    of = kind(dtype)
    if isinstance(of.dtype, pl.Datetime | pl.Duration):
        return dtype
    return str(of.dtype) if of.temporal else str(of.keywords["type"])


def _bounds(old: Keywords, new: Keywords) -> Iterator[tuple[str, str, bool]]:
    for which, strict, plain, sign in (
        ("lower bound", "exclusiveMinimum", "minimum", 1), ("upper bound", "exclusiveMaximum", "maximum", -1),
        ("least length", "", "minLength", 1), ("greatest length", "", "maxLength", -1),
    ):  # fmt: skip
        was, now = (_tightest(said, strict, plain, sign) for said in (old, new))
        if was != now:
            narrower = now is not None and (was is None or now > was)
            yield (
                f"{which} {'narrowed' if narrower else 'widened'}",
                f"the {which} was {_told(was, sign)}, and is {_told(now, sign)}",
                narrower,
            )


def _tightest(said: Keywords, strict: str, plain: str, sign: int) -> tuple[Any, bool] | None:
    """The tightest bound as something that compares: the greater the tighter, exclusive after inclusive."""
    of = kind(said[OWN]["type"])
    found = []
    for place in (said, said[OWN]):
        for keyword in (strict, plain):
            if keyword in place:
                value = of.read([place[keyword]]).to_physical().item() if of.temporal and place is said[OWN] else of.number(place[keyword])
                found.append((sign * value, keyword == strict))
    return max(found, default=None)


def _told(bound: tuple[Any, bool] | None, sign: int) -> str:
    return "none" if bound is None else f"{sign * bound[0]}{' (exclusive)' if bound[1] else ''}"


def _values(old: Keywords, new: Keywords) -> Iterator[tuple[str, str, bool]]:
    was, now = (_listed(said, lambda place: place.get("enum")) for said in (old, new))
    if was != now:
        gone = None if now is None else "all others" if was is None else _some(was, now)
        said = f"no longer allowed: {gone}" if gone else f"now allowed: {_some(now, was) if now else 'any'}"
        yield f"values {'narrowed' if gone else 'widened'}", said, bool(gone)
    out, barred = (_listed(said, lambda place: place.get("not", {}).get("enum")) or {} for said in (old, new))
    if more := _some(barred, out):
        yield "values narrowed", f"no longer allowed: {more}", True
    elif less := _some(out, barred):
        yield "values widened", f"now allowed: {less}", False


def _listed(said: Keywords, find: Callable[[Keywords], list[Any] | None]) -> dict[Any, Any] | None:
    """The values that are listed, by what they mean: 1 and 1.0 are one value to JSON, true is another."""
    for place in (said[OWN], said):
        if (values := find(place)) is not None:
            return {(isinstance(value, bool), value): value for value in values if value is not None}
    return None


def _some(values: Mapping[Any, Any], others: Mapping[Any, Any] | None) -> str:
    told = [str(value) for key, value in values.items() if key not in (others or {})]
    return ", ".join([*told[:LISTED], *([f"and {len(told) - LISTED} more"] if len(told) > LISTED else [])])


def _patterns(old: Keywords, new: Keywords) -> Iterator[tuple[str, str, bool]]:
    was, now = ({each["pattern"]: None for place in (said, said[OWN]) for each in place.get("allOf", [])} for said in (old, new))
    for pattern in now.keys() - was.keys():
        yield "pattern added", f"it must match {pattern}", True
    for pattern in was.keys() - now.keys():
        yield "pattern removed", f"it need not match {pattern}", False


def _stated(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for rule in (now[key] for key in now if key not in was):
        yield Change("rule added", rule["field"], f"{rule['field']} must keep {rule['rule']}: {rule['expected']}", breaks=True)
    for rule in (was[key] for key in was if key not in now):
        yield Change("rule removed", rule["field"], f"{rule['field']} need not keep {rule['rule']}: {rule['expected']}", breaks=False)


def _rows(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The rules across fields, by what decides: the expression, and the column types of what it reads."""
    types = {name: said[OWN]["type"] for name, said in schema["properties"].items()}
    found = {}
    for rule in schema[OWN].get("rows", []):
        read = {name: types.get(name) for name in _columns(rule["breaks"])}
        found[json.dumps([rule["breaks"], read], sort_keys=True)] = rule
    return found


def _columns(node: Any) -> set[str]:
    match node:
        case ["col", str(name)]:
            return {name}
        case list():
            return {name for part in node for name in _columns(part)}
    return set()
