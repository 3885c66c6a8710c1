"""The connectors by name, found when they are needed, and what each of them says of a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from interlock.errors import SourceError
from interlock.sources.spec import TableSpec, connector

CONNECTORS = {
    "package": "interlock.sources.package",
    "files": "interlock.sources.files",
    "dvc": "interlock.sources.dvc",
    "database": "interlock.sources.database",
}


class Unreachable(SourceError):  # noqa: N818 - the word that the field uses
    """A source that could not be asked: offline, or not allowed."""


@dataclass(frozen=True)
class File:
    """One file of a source. `path` is None where it lies in object storage, `md5` what a `.dvc` promises of it.

    `sha256` is known of rows that were read from a database, which lie in a folder `path`.
    """

    name: str
    size: int
    path: Path | None = None
    etag: str = ""
    md5: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Located:
    """Where a table comes from, and its files in the order in which their rows follow each other.

    Of a database the hash of the `query`, how many `rows` there are, and the greatest `mark` in the column `high_water`.
    """

    location: str
    files: list[File]
    version: str = ""
    query: str = ""
    rows: int | None = None
    mark: int | str | None = None


def locate(table: str, spec: TableSpec) -> Located:
    """The files of `table`, without reading them; raises SourceError where there are none."""
    with about(table):
        located: Located = import_module(CONNECTORS[connector(spec)]).locate(spec)
    return located


@contextmanager
def about(table: str) -> Iterator[None]:
    """Name `table` in a SourceError that the block raises."""
    try:
        yield
    except SourceError as error:
        raise type(error)(f"table {table}: {error.found}", error.remedy) from error
