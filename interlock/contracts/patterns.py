"""Patterns that mean the same in the regular expressions of Polars (Rust), JSON Schema (ECMA-262) and Python."""

import re
from collections.abc import Iterable
from re import _parser as tree  # type: ignore[attr-defined] # the one parser in the standard library
from typing import Any

# Sets within sets, starts and ends of words, and an open lower bound: Python takes the signs for themselves.
ELSEWHERE = ("[[", "&&", "--", "~~", "||", "\\<", "\\>", "{,")
SYNTAX = frozenset("\\^$.*+?()[]{}|/")
TIMES = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}


def portable(pattern: str) -> str | None:
    """The pattern in the words that all three share, and None where one of them would read it otherwise.

    Shared are characters, sets of them, alternatives, groups, repetition, and `^` and `$` for the ends of the whole text.
    Not `.`, `\\d`, `\\w`, `\\s`, `\\b`: they stand for other characters in each.
    """
    if any(sign in pattern for sign in ELSEWHERE):
        return None
    try:
        parsed = tree.parse(pattern)
        return None if parsed.state.flags & ~re.UNICODE else _sequence(parsed)
    except (re.error, KeyError, OverflowError, RecursionError):
        return None


def _sequence(parsed: Iterable[tuple[Any, Any]]) -> str:
    return "".join(NODES[str(node)](value) for node, value in parsed)


def _character(code: int) -> str:
    return f"\\{chr(code)}" if chr(code) in SYNTAX else chr(code)


def _member(code: int) -> str:
    if chr(code) == "[":  # Rust begins another set here
        raise KeyError("[")
    return "\\-" if chr(code) == "-" else _character(code)


def _set(members: list[tuple[Any, Any]]) -> str:
    return f"[{''.join(MEMBERS[str(node)](value) for node, value in members)}]"


def _repeated(lazy: str, value: tuple[int, int, Any]) -> str:
    low, high, inner = value
    times = f"{{{low},{'' if high is tree.MAXREPEAT else int(high)}}}"
    single = len(inner) == 1 and str(inner[0][0]) in {"LITERAL", "IN"}
    return f"{_sequence(inner) if single else f'(?:{_sequence(inner)})'}{TIMES.get(times, times)}{lazy}"


def _group(value: tuple[Any, int, int, Any]) -> str:
    _, added, taken, inner = value
    if added or taken:
        raise KeyError("flags")
    return f"(?:{_sequence(inner)})"


NODES: dict[str, Any] = {
    "LITERAL": _character,
    "NOT_LITERAL": lambda code: f"[^{_character(code)}]",
    "IN": _set,
    "BRANCH": lambda value: f"(?:{'|'.join(map(_sequence, value[1]))})",
    "SUBPATTERN": _group,
    "MAX_REPEAT": lambda value: _repeated("", value),
    "MIN_REPEAT": lambda value: _repeated("?", value),
    "AT": lambda place: {"AT_BEGINNING": "^", "AT_END": "$"}[str(place)],
}
MEMBERS: dict[str, Any] = {
    "LITERAL": _member,
    "RANGE": lambda ends: f"{_member(ends[0])}-{_member(ends[1])}",
    "NEGATE": lambda _: "^",
}
