"""JSON as it comes in, read as far as it can be, and values as they are told in errors."""

import json
from typing import Any

import msgspec

from interlock.errors import ContractError

WIDTH, DIGITS = 80, 4_000


class Unread(str):
    """A number that is valid JSON, or nearly so, and that no column can hold, as it was written."""


def parsed(body: bytes) -> Any:
    """What a JSON text says. Numbers that nothing can hold, NaN and Infinity come as Unread, halves of surrogate pairs as they are.

    Raises ContractError where it is not JSON, or nested deeper than can be read.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _forgiving(body)


def _forgiving(body: bytes) -> Any:
    """The same by a slower parser that goes on where a value cannot be held, so that the other rows can be read."""
    try:
        return json.loads(body.decode(errors="surrogateescape"), parse_int=_whole, parse_float=_float, parse_constant=Unread)
    except RecursionError:
        raise ContractError("the body is nested too deeply", "send an array of flat rows") from None
    except ValueError as error:
        raise ContractError(f"the body is not JSON: {str(error)[:WIDTH]}", "send an array of rows as JSON, in UTF-8") from None


def _whole(text: str) -> Any:
    return int(text) if len(text) <= DIGITS else Unread(text)


def _float(text: str) -> Any:
    value = float(text)
    return Unread(text) if value in (float("inf"), -float("inf")) else value


def shown(value: Any) -> str:
    """A value as found, in at most some WIDTH characters, without what a terminal would obey."""
    match value:
        case list() | dict():
            return f"an {'object' if isinstance(value, dict) else 'array'} of {len(value)}"
        case Unread():
            return named(value)
        case str():
            text = repr(value[:WIDTH])
            text = text if len(text) <= 2 * WIDTH else f"{text[: 2 * WIDTH]}…"
            return text if len(value) <= WIDTH else f"{text}… ({len(value):,} characters)"
        case int() if value.bit_length() > WIDTH * 3:
            return f"a whole number of {value.bit_length()} bits"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
    return named(value)


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def named(name: Any) -> str:
    """A name, or what is no text, in one line of characters that show."""
    return _short(repr(str(name)[: WIDTH + 1])[1:-1])
