"""What the tests of sources share: a folder to work in, tables of it, and a server of files."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock.sources.connectors import locate
from interlock.sources.read import read
from interlock.sources.spec import DatabaseTable, Tables, TableSpec
from tests.sources.databases import VARIABLE, Database, Server, embedded, postgresql, server

Declare = Callable[..., TableSpec]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, its path a hostile one."""
    here = tmp_path / "a project [é]"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture(scope="session")
def declare() -> Declare:
    """A table as conf declares it, of the connector `files` unless said otherwise."""

    def declared(path: str, **keys: Any) -> TableSpec:
        source = keys.pop("connector", "files")
        return msgspec.convert({"events": {"from": source, "path": path, **keys}}, Tables)["events"]

    return declared


@pytest.fixture(scope="session")
def table(declare: Declare) -> Callable[..., pl.DataFrame]:
    """The rows of the table `events` whose files `path` names."""

    def rows(path: str, **keys: Any) -> pl.DataFrame:
        spec = declare(path, **keys)
        files = [(file.name, file.path) for file in locate("events", spec).files if file.path]
        return read("events", spec, files)

    return rows


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a server, a process of its own, gives out its files; also the bucket `s3://bucket`."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    script = Path(__file__).parent / "object_server.py"
    with subprocess.Popen([sys.executable, script, shelf], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for name, value in {"ENDPOINT_URL": address, "ALLOW_HTTP": "true", "REGION": "us-east-1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "anything")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield shelf, address
        server.terminate()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server."""
    with server() as running:
        yield running


@pytest.fixture(params=["postgresql", "duckdb", "sqlite"])
def database(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database of each engine, its address in the environment."""
    made = postgresql(request.getfixturevalue("postgres")) if request.param == "postgresql" else embedded(request.param, folder)
    monkeypatch.setenv(VARIABLE, made.uri)
    return made


@pytest.fixture
def warehouse(postgres: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:  # noqa: ARG001 - the folder is the current one
    """An empty database on the PostgreSQL server, its address in the environment."""
    made = postgresql(postgres)
    monkeypatch.setenv(VARIABLE, made.uri)
    return made


@pytest.fixture(scope="session")
def ask() -> Callable[..., DatabaseTable]:
    """A table of a database as conf declares it."""

    def asked(**keys: Any) -> DatabaseTable:
        spec = msgspec.convert({"events": {"from": "database", "uri_env": VARIABLE, **keys}}, Tables)["events"]
        assert isinstance(spec, DatabaseTable)
        return spec

    return asked
