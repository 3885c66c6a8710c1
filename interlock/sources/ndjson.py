"""NDJSON: one JSON object a line."""

import json
from typing import Any, NoReturn

import polars as pl
from polars.exceptions import PolarsError, SchemaFieldNotFoundError

from interlock.errors import SourceError
from interlock.sources.spec import Table

WHOLE = "put the whole file there, one JSON object a line, in UTF-8"


def parse(name: str, data: bytes, spec: Table) -> pl.DataFrame:
    """The table in `data`: columns in the order in which they first occur, their types inferred over all its lines."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    texts = {column: pl.String for column, kind in spec.types.items() if kind == "String"}
    try:
        return pl.read_ndjson(text, schema_overrides=texts, infer_schema_length=None)
    except SchemaFieldNotFoundError:
        return pl.read_ndjson(text, infer_schema_length=None)
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise _explained(name, text, error) from error


def _explained(name: str, text: bytes, error: BaseException) -> SourceError:
    kinds: dict[str, str] = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        row = _object(line)
        if row is None:
            what = (
                "ends with a carriage return alone"
                if b"\r" in line.strip()
                else f"is not a JSON object: {line[:60].decode(errors='replace')}"
            )
            return SourceError(f"{name}: line {number} {what}", WHOLE)
        for column, value in row.items():
            kind = _kind(value)
            if value is not None and kinds.setdefault(column, kind) != kind:
                found = f"{name}: column {column}, line {number}: {value!r} is a {kind}, earlier lines hold a {kinds[column]}"
                return SourceError(found, f"mend the file, or declare types.{column}: String in conf/usecase/")
    return SourceError(f"{name} cannot be read ({str(error).partition(chr(10))[0]})", WHOLE)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line, parse_constant=_no_number) if line.strip() else {}
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _kind(value: object) -> str:
    return {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "mapping")
