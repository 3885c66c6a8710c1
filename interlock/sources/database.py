"""The connector `database`: the rows of a table or query, as they were up to a high-water mark.

What is there now is told by one query, without reading the rows. The rows are read in a total order, some at a time, into
Parquet in a folder of scratch, and hashed as they pass: by their values, so that no version of a file format matters.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from interlock.errors import SourceError
from interlock.sources import sql
from interlock.sources.address import address
from interlock.sources.connectors import File, Located, Unreachable
from interlock.sources.spec import DatabaseTable
from interlock.sources.sql import Mark

ENGINES = {
    "postgresql": "interlock.sources.engines.postgresql",
    "duckdb": "interlock.sources.engines.duckdb",
    "sqlite": "interlock.sources.engines.sqlite",
}
LOST = ("closed the connection", "terminating connection", "connection to server", "could not receive data", "database is locked")
LATE = ("statement timeout", "maximum execution time", "interrupted")  # as each engine words it
LISTING = 60
TABLES = {
    "postgresql": (
        "SELECT CASE WHEN table_schema = current_schema() THEN table_name ELSE table_schema || '.' || table_name END AS name "
        "FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    ),
    "duckdb": (
        "SELECT CASE WHEN table_schema = current_schema() THEN table_name ELSE table_schema || '.' || table_name END AS name "
        "FROM information_schema.tables ORDER BY 1"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1",
}
QUERY = "mend the table's query and columns in conf/usecase/"


@dataclass(frozen=True)
class Count:
    """How many `rows` there are, the greatest `mark`, and how many are `held` up to the mark that was asked about."""

    rows: int
    mark: Mark | None
    held: int


def name(spec: DatabaseTable) -> str:
    """What the rows are called in pins and errors."""
    return f"{spec.uri_env}:{spec.table or 'query'}"


def fingerprint(spec: DatabaseTable) -> str:
    """The hash of all that says which rows are read and in which order."""
    asked = json.dumps([spec.table, spec.query, spec.order_by, spec.high_water])
    return hashlib.sha256(asked.encode()).hexdigest()


def locate(spec: DatabaseTable) -> Located:
    """What the table holds now, by one query."""
    found = count(spec, None, spec.timeout)
    return Located(name(spec), [], query=fingerprint(spec), rows=found.rows, mark=found.mark)


def count(spec: DatabaseTable, mark: Mark | None, timeout: int) -> Count:
    """What the table holds now, and up to `mark`, by one query that may take `timeout` seconds."""
    with _session(spec, timeout) as session:
        return _count(session, spec, mark)


def snapshot(spec: DatabaseTable, folder: Path, mark: Mark | None) -> Located:
    """The rows up to `mark`, or up to the greatest one there is, as Parquet in `folder`."""
    with _session(spec, spec.timeout) as session:
        bound = session.bound(spec)
        if bound is not None:
            found = _count(session, spec, mark)
            mark = found.mark if mark is None else mark
        columns = session.columns(spec, sql.upto(bound, mark))
        _check(spec, columns)
        schema, batches = session.stream(sql.selecting(spec, columns, mark, bound, session.sign))
        rows, size, digest = _kept(schema, batches, folder)
    file = File(name(spec), size, folder, sha256=digest)
    return Located(name(spec), [file], query=fingerprint(spec), rows=rows, mark=mark if bound is not None else None)


def tables(variable: str) -> list[str]:
    """The tables and views that the database at the environment variable `variable` lists, in the order of their names."""
    with _session(DatabaseTable(uri_env=variable, query="SELECT 1 AS one"), LISTING) as session:
        return [str(name) for name in session.all(TABLES[address(variable).engine])["name"].to_list()]


def exact(spec: DatabaseTable) -> list[str]:
    """The columns that hold decimal numbers, whose type conf must state; raises SourceError where one cannot be read at all."""
    with _session(spec, spec.timeout) as session:
        return [column.name for column in session.columns(spec) if column.exact]


def _count(session: Any, spec: DatabaseTable, mark: Mark | None) -> Count:
    found = session.all(sql.counting(spec, mark, session.bound(spec), session.sign))
    rows, marked, held = (int(found[column].item()) for column in ("n", "marked", "held"))
    if marked < rows:
        raise SourceError(
            f"high_water {spec.high_water} is null in {rows - marked} rows", "name a column that is never null, or leave them out"
        )
    return Count(rows, _mark(spec, found["mark"]), held)


def _mark(spec: DatabaseTable, values: Any) -> Mark | None:
    value = values.dt.to_string("iso:strict").item() if values.dtype.is_temporal() else values.item()
    if isinstance(value, float | bytes):
        raise SourceError(f"high_water {spec.high_water} is {values.dtype}", "name a column of whole numbers, dates, moments or text")
    return value if isinstance(value, int | None) else str(value)


def _check(spec: DatabaseTable, columns: list[sql.Column]) -> None:
    names = [column.name for column in columns]
    for key in (*spec.order_by, *([spec.high_water] if spec.high_water else [])):
        if key not in names:
            raise SourceError(f"there is no column {key}; there are {', '.join(names)}", QUERY)
    for column in columns:
        if column.exact and (said := spec.becomes(column.name)) not in spec.types:
            raise SourceError(
                f"column {column.name} holds decimal numbers, which are never rounded without being told to",
                f"declare types.{said} in conf/usecase/: Int64, Float64 (the nearest), or String (its digits)",
            )


def _kept(schema: Any, batches: Iterator[Any], folder: Path) -> tuple[int, int, str]:
    """Write the batches to `folder`, at least an empty one; the rows, and the size and SHA-256 of their canonical text."""
    import polars as pl

    from interlock import frames
    from interlock.sources.canonical import head, lines

    folder.mkdir(parents=True)
    digest, rows, size, number = hashlib.sha256(head(schema)), 0, 0, 0
    for number, batch in enumerate(batches, 1):
        text = lines(batch)
        digest.update(text)
        rows, size = rows + batch.height, size + len(text)
        frames.write(batch, folder / f"{number:06}.parquet")
    if not number:
        frames.write(pl.DataFrame(schema=schema), folder / "000000.parquet")
    return rows, size, digest.hexdigest()


@contextmanager
def _session(spec: DatabaseTable, timeout: int) -> Iterator[Any]:
    """A session with the database; what goes wrong in it is a SourceError without any credential, as is what led to it."""
    place = address(spec.uri_env)
    with import_module(ENGINES[place.engine]).connect(place, timeout) as session:
        try:
            yield session
        except session.errors as error:
            place.clean(error)
            if "(os error" in str(error):  # a full disk here is no fault of the database
                raise
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise _explained(place.where, reason, timeout) from error


def _explained(where: str, reason: str, timeout: int) -> SourceError:
    if any(sign in reason for sign in LATE):
        return Unreachable(
            f"{where} took longer than {timeout} s", "ask again when it is less busy, give it an index, or raise timeout in conf/usecase/"
        )
    if any(sign in reason for sign in LOST):
        return Unreachable(f"{where} broke off: {reason}", "run the same command again")
    return SourceError(f"{where} refused the query: {reason}", QUERY)
