"""The checks of a model in the keywords of JSON Schema, by the names that Pandera has for them.

JSON writes no number without end: a bound or a list that has one stands under `x-interlock`, the number as text.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import Keywords, Kind
from interlock.contracts.patterns import portable

LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength"})


def _bound(keyword: str) -> Callable[..., None]:
    """What says a bound: the tighter one where there are two."""

    def say(said: Keywords, of: Kind, *values: Any, **named: Any) -> None:
        (value,) = (*values, *named.values())
        value = _held(keyword, of, value)
        endless = isinstance(value, float) and math.isinf(value)
        if endless and (value < 0) == (keyword in LOWER):
            return
        place, tightest = said[OWN] if endless else _place(said, of), max if keyword in LOWER else min
        both = [of.text(value), *([place[keyword]] if keyword in place else [])]
        place[keyword] = tightest(both, key=lambda bound: of.read([bound]).to_physical().item()) if of.temporal else tightest(both)

    return say


def _held(keyword: str, of: Kind, value: Any) -> Any:
    """A bound as it parts the numbers that the column can hold, and those that become one of them, from the others."""
    if of.dtype != pl.Float32:
        return value
    return (min if keyword in {"minimum", "exclusiveMaximum"} else max)(value, _single(value))


def _single(value: float) -> float:
    return float(pl.Series([value], dtype=pl.Float64).cast(pl.Float32).item())


def _place(said: Keywords, of: Kind) -> Keywords:
    """Where a bound or a list stands: JSON Schema has none for what is text there and no text here."""
    place: Keywords = said[OWN] if of.temporal and of.keywords["type"] == "string" else said
    return place


def _range(said: Keywords, of: Kind, min_value: Any, max_value: Any, include_min: bool, include_max: bool) -> None:
    _bound("minimum" if include_min else "exclusiveMinimum")(said, of, min_value)
    _bound("maximum" if include_max else "exclusiveMaximum")(said, of, max_value)


def _length(said: Keywords, of: Kind, min_value: Any = None, max_value: Any = None, exact_value: Any = None) -> None:
    low, high = (min_value, max_value) if exact_value is None else (exact_value, exact_value)
    for keyword, value in (("minLength", low), ("maxLength", high)):
        if value is not None:
            _bound(keyword)(said, of, value)


def _among(said: Keywords, of: Kind, values: Sequence[Any]) -> None:
    listed = _members(of, values)
    before = said[OWN].get("enum", said.get("enum", listed))
    _list(said, of, [value for value in before if value in listed], lambda some: {"enum": some})


def _not_among(said: Keywords, of: Kind, values: Sequence[Any]) -> None:
    before = said[OWN].get("not", said.get("not", {"enum": []}))["enum"]
    _list(said, of, [*before, *_members(of, values)], lambda some: {"not": {"enum": some}})


def _members(of: Kind, values: Sequence[Any]) -> list[Any]:
    """Listed values as JSON writes them; those of a narrow column also as it holds them."""
    held = [each for value in values for each in dict.fromkeys((value, _single(value)))] if of.dtype == pl.Float32 else values
    return [of.text(value) for value in held]


def _list(said: Keywords, of: Kind, listed: list[Any], keyword: Callable[[list[Any]], Keywords]) -> None:
    """A list where it can stand: where numbers without end are in it, all of it under OWN, and beside it what JSON can write."""
    finite = [value for value in listed if not (of.dtype.is_float() and isinstance(value, str))]
    if len(finite) < len(listed):
        said[OWN].update(keyword(listed))
    _place(said, of).update(keyword(finite))


def _matches(said: Keywords, _: Kind, pattern: str) -> None:
    shared = portable(pattern)
    place = said if shared is not None else said[OWN]
    patterns = [{"pattern": pattern if shared is None else shared}]
    place["allOf"] = [*place.get("allOf", []), *patterns]


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\^$.*+?()[]{}|" else letter for letter in text)


SAID: dict[str, Callable[..., None]] = {
    "greater_than": _bound("exclusiveMinimum"),
    "greater_than_or_equal_to": _bound("minimum"),
    "less_than": _bound("exclusiveMaximum"),
    "less_than_or_equal_to": _bound("maximum"),
    "in_range": _range,
    "equal_to": lambda said, of, value: _among(said, of, [value]),
    "not_equal_to": lambda said, of, value: _not_among(said, of, [value]),
    "isin": lambda said, of, allowed_values: _among(said, of, list(allowed_values)),
    "notin": lambda said, of, forbidden_values: _not_among(said, of, list(forbidden_values)),
    "str_length": _length,
    "str_matches": lambda said, of, pattern: _matches(said, of, f"^(?:{getattr(pattern, 'pattern', pattern)})"),
    "str_contains": lambda said, of, pattern: _matches(said, of, str(getattr(pattern, "pattern", pattern))),
    "str_startswith": lambda said, of, string: _matches(said, of, f"^{_escaped(string)}"),
    "str_endswith": lambda said, of, string: _matches(said, of, f"{_escaped(string)}$"),
}
