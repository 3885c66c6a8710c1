"""NDJSON: one JSON object a line."""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

import polars as pl
from polars.exceptions import PolarsError

from interlock.errors import SourceError, shown
from interlock.sources.spec import Table

WHOLE = "put the whole file there, one JSON object a line, in UTF-8"
DEEPEST = 64
TOO_DEEP = f"is nested more than {DEEPEST} deep"


class OddError(ValueError):
    """Why a line is refused that reads as JSON."""


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`, types inferred over all its lines: the first line's keys in their order, then all others by name."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    # NOTE: Polars keeps one of two equal keys, and puts NUL for half a character, without a word
    first, lines = None, 0
    for _, row in _rows(name, text):
        first, lines = first if lines else row, lines + 1
    if first is None:
        raise SourceError(f"{name} holds nothing but blanks", WHOLE)
    try:
        inferred = pl.scan_ndjson(text, infer_schema_length=None).collect_schema()
        columns = [*first, *sorted(set(inferred) - set(first))]  # NOTE: Polars' own order is another
        texts = {column for column in columns if spec.types.get(spec.becomes(column)) == "String"}
        return pl.read_ndjson(text, schema={column: pl.String() if column in texts else inferred[column] for column in columns})
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise _explained(name, text, str(error).partition("\n")[0]) from error


def _rows(name: str, text: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object with its line, blank lines left out; raises SourceError where a line holds something else."""
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, _object(line)
        except (ValueError, RecursionError) as error:
            if b"\r" in line.strip():
                raise SourceError(f"{name}: line {number} ends with a carriage return alone", "convert the line ends to \\n") from error
            why = next((why for kind, why in WHYS.items() if isinstance(error, kind)), str(error))
            raise SourceError(f"{name}: line {number} {why}: {shown(line.decode(errors='replace'))}", WHOLE) from error


def _object(line: bytes) -> dict[str, Any]:
    row = READ(line.decode().strip())
    if not isinstance(row, dict):
        raise OddError("is not a JSON object")
    if line.count(b"[") + line.count(b"{") > DEEPEST and _deep(row):
        raise OddError(TOO_DEEP)
    if b"\\u" in line and any("\ud800" <= letter <= "\udfff" for letter in json.dumps(row, ensure_ascii=False)):
        raise OddError("holds half of a character, a surrogate without its pair")
    return row


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise OddError("holds a key twice")
    return row


def _constant(text: str) -> NoReturn:
    raise OddError(f"holds {text}, which JSON does not know")


WHYS = {RecursionError: TOO_DEEP, UnicodeError: "is not UTF-8", json.JSONDecodeError: "is not a JSON object"}
READ = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_distinct).decode


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
    return bool(level)


def _explained(name: str, text: bytes, reason: str) -> SourceError:
    """What Polars did not read: a number beyond every type, or values of two kinds in one column."""
    kinds: dict[str, str] = {}
    for number, row in _rows(name, text):
        for column, value in row.items():
            kind = _kind(value)
            if (isinstance(value, float) and math.isinf(value)) or (isinstance(value, int) and value.bit_length() > 127):
                return SourceError(
                    f"{name}: column {column}, line {number}: a number too large to hold", "mend the file, or write it as text"
                )
            if value is not None and kinds.setdefault(column, kind) != kind:
                found = f"{name}: column {column}, line {number}: {shown(value)} is a {kind}, earlier lines hold a {kinds[column]}"
                return SourceError(found, f"mend the file, or declare types.{column}: String in conf/usecase/")
    return SourceError(f"{name} cannot be read ({reason})", WHOLE)


def _kind(value: object) -> str:
    return {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "mapping")
