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
from interlock.sources.spec import Tables, TableSpec

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
