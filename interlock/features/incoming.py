"""Rows from a file or standard input, in the types of their contract, and what is wrong with those that have no such types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from interlock.contracts.answers import Checked, Error
from interlock.contracts.kinds import Kind
from interlock.contracts.microbatch import MOST_ROWS, Checker
from interlock.contracts.parsing import Unread, named, parsed, shown
from interlock.errors import ContractError, SourceError
from interlock.features.fitted import fitted
from interlock.frames import ROW
from interlock.sources import delimited, unpack
from interlock.sources.spec import FilesTable

READERS = (".parquet", ".csv")
LINES = (".ndjson", ".jsonl")


def read(source: Path | BinaryIO, kind: str, checker: Checker) -> Checked:
    """The rows in `source`, of a `kind` in READERS or LINES, that have the types of the contract, and the errors of the others.

    A line of JSON is held to all of the contract, and a value to how JSON writes it, as is a text in CSV. From Parquet
    numbers and moments become those of the contract where no value changes. Raises ContractError for another kind, and
    SourceError where the file is none, is damaged, or would lose something.
    """
    if kind in LINES:
        return _lines(source.read_bytes() if isinstance(source, Path) else source.read(), checker)
    if kind not in READERS or not isinstance(source, Path):
        raise ContractError(f"{source} has no ending that says what it is", f"give it one of: {', '.join((*READERS, *LINES))}")
    return typed(_parquet(source) if kind == ".parquet" else _csv(source, checker), checker)


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False).drop(ROW, strict=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise SourceError(f"{path.name} cannot be read ({str(error).partition(chr(10))[0]})", "put the whole file there") from None


def _csv(path: Path, checker: Checker) -> pl.DataFrame:
    """The rows of a text file, whole and in order: what the contract names as text."""
    spec = FilesTable(path=path.name, types=dict.fromkeys(checker.kinds, "String"))
    try:
        return delimited.parse(path.name, unpack.content(path.name, path), spec)
    except SourceError as error:
        conf = "conf/usecase" in error.remedy
        raise SourceError(error.found, "write it with commas, and the columns of the contract" if conf else error.remedy) from None


def _lines(data: bytes, checker: Checker) -> Checked:
    """JSON lines: empty ones count for nothing, and one that is not JSON costs its row alone."""
    found = [_line(line) for line in data.split(b"\n") if line.strip()]
    parts = [_later(checker.rows(found[at : at + MOST_ROWS]), at) for at in range(0, max(len(found), 1), MOST_ROWS)]
    return Checked(
        pl.concat([part.rows for part in parts]),
        pl.concat([part.numbers for part in parts]),
        [error for part in parts for error in part.errors],
        tuple(dict.fromkeys(name for part in parts for name in part.unknown)),
    )


def _line(line: bytes) -> Any:
    try:
        return parsed(line)
    except ContractError:
        return Unread(line.decode(errors="replace"))


def _later(part: Checked, rows: int) -> Checked:
    errors = [error._replace(row=error.row + rows) for error in part.errors]
    return Checked(part.rows, part.numbers + rows, errors, part.unknown)


def typed(rows: pl.DataFrame, checker: Checker) -> Checked:
    """Rows of any types in those of the contract; a value that cannot be is an error of its row."""
    errors: list[Error] = []
    for name, of in checker.kinds.items():
        if name in rows.columns:
            made = fitted(rows[name], of)
            errors += _lost(rows[name], made, of)
            rows = rows.with_columns(made)
    numbers = pl.int_range(rows.height, eager=True)
    good = numbers.filter(~numbers.is_in({error.row for error in errors}))
    return Checked(rows[good], good, sorted(errors), tuple(named(name) for name in rows.columns if name not in checker.kinds))


def _lost(before: pl.Series, after: pl.Series, of: Kind) -> Iterator[Error]:
    for row in (before.is_not_null() & after.is_null()).arg_true():
        yield Error(row, before.name, "type", shown(before[row]), of.words)
