"""How a table reads: its separator, the texts that stand for null, and types that its values have and do not show."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.frames import ROW
from interlock.sources import times
from interlock.sources.delimited import SEPARATORS
from interlock.sources.read import PARQUET, read
from interlock.sources.spec import FilesTable, Table
from interlock.sources.unpack import content

# Always null; and null where all else in the column is a number or a day.
NOTHING = ("NaN", "nan", "NULL", "null", "#N/A", "<NA>")
MAYBE = ("", "NA", "N/A", "n/a", "na", "None", "none", "?", "-", "--", ".", "\\N", "missing", "unknown")
Files = Sequence[tuple[str, Path]]


def spec_of(table: str, files: Files, kind: str, of: Table | None = None) -> dict[str, Any]:
    """What conf must say of the files so that each column reads as what it is, beyond what is found without it.

    `kind` is the suffix of text or Parquet; rows of a database are read as `of` says.
    """
    text = kind in (".csv", ".tsv")
    said: dict[str, Any] = {"types": dict(of.types)} if of and of.types else {}
    if text and (separator := _separator(files[0])) != ("\t" if kind == ".tsv" else ","):
        said["separator"] = separator
    if zones := dict.fromkeys(_naive(files), "UTC"):
        said["zones"] = zones
    frame = _read(table, files, said, of)
    if nulls := [mark for mark in _nulls(frame) if said.get("separator", ",") not in mark]:
        said["nulls"] = nulls
        frame = _read(table, files, said, of)
    found = {column.name: told for column in frame if (told := _declared(column))}
    types = said.get("types", {}) | {name: kind_of for name, (kind_of, _) in found.items()}
    types |= dict.fromkeys(_padded(table, files, said, frame), "String") if text else {}
    zones |= {name: "UTC" for name, (_, zone) in found.items() if zone}
    return said | ({"types": types} if types else {}) | ({"zones": zones} if zones else {})


def notes_of(spec: dict[str, Any]) -> tuple[str, ...]:
    """What was assumed of how the table reads, a sentence each."""
    found = [f"times without a zone are taken for UTC: {', '.join(spec['zones'])}"] if spec.get("zones") else []
    found += [f"these stand for no value: {', '.join(map(repr, spec['nulls']))}"] if spec.get("nulls") else []
    return (*found, *([f"columns are separated by {spec['separator']!r}"] if "separator" in spec else []))


def _read(table: str, files: Files, said: dict[str, Any], of: Table | None = None) -> pl.DataFrame:
    return read(table, msgspec.structs.replace(of or FilesTable(path=""), **said), files).drop(ROW)


def _naive(files: Files) -> list[str]:
    """Columns of Parquet with moments that have no time zone."""
    found: dict[str, None] = {}
    for name, path in files:
        parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if name.lower().endswith(PARQUET) else []
        for part in parts[:1]:
            try:
                schema = pl.read_parquet_schema(part)
            except (pl.exceptions.PolarsError, OSError):
                return []  # reading it says what is wrong
            found |= dict.fromkeys(column for column, dtype in schema.items() if isinstance(dtype, pl.Datetime) and not dtype.time_zone)
    return list(found)


def _separator(file: tuple[str, Path]) -> str:
    """The sign that the first line holds most often outside of quotes."""
    first = content(*file)[:65_536].split(b"\n", 1)[0].decode("utf-8", "replace")
    bare = "".join(part for number, part in enumerate(first.split('"')) if not number % 2)
    return max(SEPARATORS, key=bare.count) if any(bare.count(sign) for sign in SEPARATORS) else ","


def _nulls(frame: pl.DataFrame) -> list[str]:
    found: dict[str, None] = {}
    for column in frame.select(pl.col(pl.String)):
        there = column.unique().drop_nulls()
        found |= dict.fromkeys(mark for mark in NOTHING if (there == mark).any())
        marks = [mark for mark in (*NOTHING, *MAYBE) if (there == mark).any()]
        rest = there.filter(~there.is_in(marks))
        if marks and len(rest) and (rest.cast(pl.Float64, strict=False).null_count() == 0 or _moments(rest)):
            found |= dict.fromkeys(marks)
    return list(found)


def _declared(column: pl.Series) -> tuple[str, bool] | None:
    """The type to declare and whether its times need a zone; None where the column shows both."""
    dtype = column.dtype
    if dtype == pl.String:
        there = column.drop_nulls()
        return ("Datetime", times.moments(there, None).null_count() > 0) if _moments(there) else None
    if dtype == pl.Date:
        return "Datetime", True
    if dtype.is_integer() and dtype != pl.Int64:
        return "Int64", False
    return ("Float64", False) if dtype.is_decimal() or dtype == pl.Float32 else None


def _moments(values: pl.Series) -> bool:
    """Whether texts are days or moments as ISO 8601 writes them."""
    first = values.head(100)
    return len(values) > 0 and times.moments(first, "UTC").null_count() == 0 and times.moments(values, "UTC").null_count() == 0


def _padded(table: str, files: Files, said: dict[str, Any], frame: pl.DataFrame) -> list[str]:
    """Columns of whole numbers that are written with zeros in front: numbers of accounts and places, which are texts."""
    if not (whole := [column.name for column in frame if column.dtype == pl.Int64 and column.name not in said.get("types", {})]):
        return []
    texts = _read(table, files, {**said, "types": {**said.get("types", {}), **dict.fromkeys(whole, "String")}})
    return [name for name in whole if texts[name].str.contains(r"^\s*0\d").any()]
