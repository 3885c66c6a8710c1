"""The keywords of an exported contract as rules over a column: what is expected, in words, and where it is broken."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import polars as pl

from interlock.contracts.kinds import Kind

OWN = "x-interlock"
LISTED = 12
LISTS = frozenset({"enum", "not"})
Said: TypeAlias = Iterator[tuple[str, pl.Expr]]


def _compares(words: str, breaks: Callable[[pl.Expr, Any], pl.Expr]) -> Callable[[str, Kind, Any], Said]:
    def said(name: str, of: Kind, value: Any) -> Said:
        values = pl.col(name)
        broken = breaks(values, of.literal(value) if of.temporal else of.number(value))
        yield f"{words} {value}", broken | values.is_nan() if of.dtype.is_float() else broken

    return said


def _length(words: str, breaks: Callable[[pl.Expr, int], pl.Expr]) -> Callable[[str, Kind, Any], Said]:
    def said(name: str, _: Kind, value: int) -> Said:
        yield f"{words} {value} character{'s' if value != 1 else ''}", breaks(pl.col(name).str.len_chars(), value)

    return said


def _enum(name: str, of: Kind, value: list[Any]) -> Said:
    yield f"one of {_listed(value)}", ~_is_in(name, of, value)


def _not(name: str, of: Kind, value: dict[str, Any]) -> Said:
    yield f"none of {_listed(value['enum'])}", _is_in(name, of, value["enum"])


def _is_in(name: str, of: Kind, values: list[Any]) -> pl.Expr:
    known = [of.number(value) for value in values if value is not None]
    return pl.col(name).is_in(of.read(known).implode() if of.temporal else known)


def _listed(values: list[Any]) -> str:
    told = [str(value) for value in values if value is not None]
    more = [f"and {len(told) - LISTED} more"] if len(told) > LISTED else []
    return ", ".join([*told[:LISTED], *more])


def _patterns(name: str, _: Kind, value: list[dict[str, str]]) -> Said:
    for each in value:
        yield f"text that matches {each['pattern']}", ~pl.col(name).str.contains(each["pattern"])


RULES: dict[str, Callable[[str, Kind, Any], Said]] = {
    "minimum": _compares("at least", lambda values, bound: values < bound),
    "exclusiveMinimum": _compares("more than", lambda values, bound: values <= bound),
    "maximum": _compares("at most", lambda values, bound: values > bound),
    "exclusiveMaximum": _compares("less than", lambda values, bound: values >= bound),
    "enum": _enum,
    "not": _not,
    "minLength": _length("at least", lambda length, bound: length < bound),
    "maxLength": _length("at most", lambda length, bound: length > bound),
    "allOf": _patterns,
}


def asked(said: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The keywords of a field that are rules; a list under OWN is all of it, of which JSON Schema has what it can write."""
    own = said[OWN]
    yield from ((keyword, value) for keyword, value in said.items() if keyword in RULES and not (keyword in LISTS and keyword in own))
    yield from ((keyword, value) for keyword, value in own.items() if keyword in RULES)
