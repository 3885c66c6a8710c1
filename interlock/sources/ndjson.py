"""NDJSON: one JSON object a line."""

import json
from typing import Any, NoReturn

import polars as pl
from polars.exceptions import PolarsError

from interlock.errors import SourceError
from interlock.sources.spec import Table

WHOLE = "put the whole file there, one JSON object a line, in UTF-8"


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`, types inferred over all its lines: the first line's keys in their order, then all others by name."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    first = _object(text.lstrip().partition(b"\n")[0])
    if first is None:
        raise _explained(name, text)
    try:
        inferred = pl.scan_ndjson(text, infer_schema_length=None).collect_schema()
        columns = [*first, *sorted(set(inferred) - set(first))]  # NOTE: Polars' own order is another
        texts = {column for column, kind in spec.types.items() if kind == "String"}
        return pl.read_ndjson(text, schema={column: pl.String() if column in texts else inferred[column] for column in columns})
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise _explained(name, text, str(error).partition("\n")[0]) from error


def _explained(name: str, text: bytes, reason: str = "") -> SourceError:
    kinds: dict[str, str] = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        row = _object(line)
        if row is None:
            what = (
                "ends with a carriage return alone"
                if b"\r" in line.strip()
                else f"is not a JSON object with distinct keys: {line[:60].decode(errors='replace')}"
            )
            return SourceError(f"{name}: line {number} {what}", WHOLE)
        for column, value in row.items():
            kind = _kind(value)
            if value is not None and kinds.setdefault(column, kind) != kind:
                found = f"{name}: column {column}, line {number}: {value!r} is a {kind}, earlier lines hold a {kinds[column]}"
                return SourceError(found, f"mend the file, or declare types.{column}: String in conf/usecase/")
    return SourceError(f"{name} cannot be read ({reason})", WHOLE)


def _object(line: bytes) -> dict[str, Any] | None:
    """The object that a line holds, empty for a blank line; None where it holds something else, or a key twice."""
    try:
        row = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_distinct) if line.strip() else {}
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs) if len(dict(pairs)) == len(pairs) else _refuse("a key occurs twice")


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _kind(value: object) -> str:
    return {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "mapping")
