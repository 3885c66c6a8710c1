"""SQLite, through the standard library, on a file that is opened to be read.

A column has no type here, each value has its own. So the values are asked for theirs first, all of them.
"""

# ruff: noqa: S608 - names are quoted, values are literals, and a query is the user's own, in a database that it may only read

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer
from urllib.parse import quote

import polars as pl

from interlock.errors import SourceError
from interlock.frames import ROW_GROUP
from interlock.sources.address import Address
from interlock.sources.connectors import Unreachable
from interlock.sources.sql import Asked, Column, named, rows_of

KINDS: dict[str, type[pl.DataType]] = {"integer": pl.Int64, "real": pl.Float64, "text": pl.String, "blob": pl.Binary, "null": pl.String}
EXACT = 2**53


class SQLite:
    errors = (sqlite3.Error,)
    sign = "`"  # a name in double quotes that is no column would be a text

    def __init__(self, address: Address, connection: sqlite3.Connection) -> None:
        self.address = address
        self.connection = connection
        self.kinds: dict[str, type[pl.DataType]] = {}

    def all(self, statement: str) -> pl.DataFrame:
        cursor = self.connection.execute(statement)
        names = [column[0] for column in cursor.description]
        return pl.DataFrame(cursor.fetchall(), schema=names, orient="row")

    def columns(self, asked: Asked, where: str = "") -> list[Column]:
        """The columns of the result, each of the one type that all its values have."""
        names = [column[0] for column in self.connection.execute(f"SELECT * FROM {rows_of(asked, self.sign)} LIMIT 0").description]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise SourceError(f"column {twice} occurs twice in the result", "give each column its own name in the query")
        values = [named(name, self.sign) for name in names]
        asks = [
            f"group_concat(DISTINCT typeof({value})), max(typeof({value}) = 'integer' AND {value} NOT BETWEEN {-EXACT} AND {EXACT})"
            for value in values
        ]
        found = self.connection.execute(f"SELECT {', '.join(asks)} FROM {rows_of(asked, self.sign)}{where}").fetchone()
        for name, kinds, large in zip(names, found[::2], found[1::2], strict=True):
            self.kinds[name] = _kind(name, set((kinds or "null").split(",")), bool(large))
        real = {name for name, kind in self.kinds.items() if kind is pl.Float64}
        carried = [f"CAST({value} AS REAL)" if name in real else value for name, value in zip(names, values, strict=True)]
        return [Column(name, took, (f"{value} COLLATE BINARY",)) for name, took, value in zip(names, carried, values, strict=True)]

    def bound(self, asked: Asked) -> str | None:
        return None if asked.high_water is None else f"{named(asked.high_water, self.sign)} COLLATE BINARY"

    def stream(self, statement: str) -> tuple[pl.Schema, Iterator[pl.DataFrame]]:
        """The columns that `statement` gives, and its rows, some at a time."""
        cursor = self.connection.execute(statement)
        schema = pl.Schema({column[0]: self.kinds[column[0]]() for column in cursor.description})
        return schema, (pl.DataFrame(rows, schema=schema, orient="row") for rows in iter(lambda: cursor.fetchmany(ROW_GROUP), []))


def _kind(name: str, kinds: set[str], large: bool) -> type[pl.DataType]:
    kinds = kinds - {"null"} or {"null"}
    if kinds == {"integer", "real"} and not large:
        return pl.Float64
    if len(kinds) > 1:
        raise SourceError(
            f"column {name} holds {' and '.join(sorted(kinds))} values", "mend the values, or cast them in the query: CAST(… AS TEXT)"
        )
    return KINDS[kinds.pop()]


@contextmanager
def connect(address: Address, timeout: int) -> Iterator[SQLite]:
    """A session that sees one state of the file; it is interrupted after `timeout` seconds."""
    if not Path(address.file).is_file():
        raise Unreachable(
            f"{address.where}: there is no file {address.scrubbed(address.file)}", f"put it there, or mend {address.variable}"
        )
    place = f"file:{quote(str(Path(address.file).absolute()))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=10, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        session = SQLite(address, connection)
        watch = Timer(timeout, connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            yield session
        finally:
            watch.cancel()
