"""Credentials of a database: nowhere in what is printed, raised or written."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlock import frames
from interlock.errors import ConfigError
from interlock.files import write_json
from interlock.params import convert
from interlock.sources.connectors import Unreachable
from interlock.sources.looks import look
from interlock.sources.spec import DatabaseTable, Tables
from tests.conftest import ROOT, Run
from tests.sources.databases import VARIABLE, Database, Server, postgresql, refusal, told

Ask = Callable[..., DatabaseTable]
PASSWORD = "s3cret:pa/ss w%rd@home"
ENCODED = "s3cret%3Apa%2Fss%20w%25rd%40home"
TOKEN, PLUS = "t0ken.Secret+1", "t0ken.Secret 1"
SECRETS = (TOKEN, TOKEN.replace("+", "%2B"), PLUS, "t0ken")
ADDRESSES = [
    f"duckdb:///md:db?motherduck_token={TOKEN}", f"sqlite:///x.db?key={TOKEN}", f"sqlite:///x.db?mode=ro&key={TOKEN}%40x", f"duckdb://me:{TOKEN}@host/x.db",
    f"postgresql://clerk@127.0.0.1:9/shop?oauth_client_secret={TOKEN}", f"postgresql://clerk:{TOKEN}@127.0.0.1:9/shop", f"postgresql:///{TOKEN}?host=/nowhere&password={TOKEN}",
    f"postgresql://clerk@127.0.0.1:9/shop?sslpassword={TOKEN}&connect_timeout=x&oauth_issuer=http://{TOKEN}@x",
]  # fmt: skip


@pytest.fixture
def clerk(postgres: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, str]]:  # noqa: ARG001 - the folder is the current one
    """A database with a user who needs a password, and the address that they have, with the password's place left open."""
    made = postgresql(postgres)
    made.do(
        f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'; CREATE TABLE events AS SELECT 1 AS id, 'a' AS kind; GRANT SELECT ON events TO clerk;"
    )
    rules = postgres.pgdata / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all clerk scram-sha-256\n{before}")
    made.do("SELECT pg_reload_conf();")
    monkeypatch.setenv(VARIABLE, made.uri.replace("postgres:@", f"clerk:{ENCODED}@"))
    yield made, made.uri.replace("postgres:@", "clerk:{}@")
    rules.write_text(before)
    made.do("SELECT pg_reload_conf(); DROP OWNED BY clerk; DROP ROLE clerk;")


@pytest.mark.usefixtures("clerk")
def test_a_password_is_written_nowhere(interlock: Run) -> None:
    """Refresh and ingest read with a password; neither what they print nor any file they write holds it, also when the query fails."""
    Path("dvc.yaml").touch()
    for query in ("SELECT * FROM events", "SELECT nothing FROM events"):
        tables = {"events": {"from": "database", "uri_env": VARIABLE, "query": query, "high_water": "id"}}
        catalog = {"owner": "us", "description": "A shop.", "tables": {"events": {"description": "Events.", "licence": "none"}}}
        usecase = {"name": "shop", "tables": tables, "world": {"name": "full", "keep": {}}, "catalog": catalog}
        write_json(Path("params.yaml"), {"usecase": usecase})
        ran = [interlock("refresh"), ingest()]
        assert [run.returncode == 0 for run in ran] == [query.startswith("SELECT *")] * 2, [run.stderr for run in ran]
        assert_silent("".join(run.stdout + run.stderr for run in ran))
    assert frames.read(Path("data/raw/events.parquet")).rows() == [(1, "a", 0)]
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert {"shop.yaml", "params.yaml", "events.parquet"} <= {path.name for path in files}
    for path in files:
        assert_silent(path.read_bytes().decode(errors="replace"))


@pytest.mark.parametrize("written", ["s3cret-wrong", "s3cret:pa/ss", "s3cret@pa/ss@", "s3cret%zz", "s3cret#?", "s3cret&x=y"])
def test_errors_hold_no_password(
    clerk: tuple[Database, str], written: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong or badly written password fails with the variable named; no error of the chain holds the password or a part of it."""
    monkeypatch.setenv(VARIABLE, clerk[1].format(written))
    error = refusal(ask(table="events"), tmp_path)
    assert isinstance(error, Unreachable)
    assert VARIABLE in error.found
    assert VARIABLE in error.remedy
    assert_silent(told(error), "s3cret", "pa/ss", "ss@")
    (finding,) = look({"events": ask(table="events")}, {}, None)
    assert finding.kind == "note"
    assert_silent(str(finding), "s3cret", "pa/ss")


def assert_silent(text: str, *more: str) -> None:
    for secret in (PASSWORD, ENCODED, "pa/ss w", "w%rd", *more):
        assert secret not in text


def test_an_address_in_conf_is_refused_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """An address written into conf, under any key, is refused with what to write instead, and the message does not repeat it."""
    uri = f"postgresql://clerk:{ENCODED}@db.example.com/shop"
    for keys in ({"uri_env": uri, "table": "t"}, {"uri": uri, "uri_env": VARIABLE, "table": "t"}):
        with pytest.raises(ConfigError) as error:
            convert({"events": {"from": "database", **keys}}, Tables, "usecase.tables")
        assert_silent(told(error.value) + capsys.readouterr().err, "s3cret")
    with pytest.raises(ConfigError, match="uri_env is not the name of an environment variable: export the address"):
        convert({"events": {"from": "database", "uri_env": uri, "table": "t"}}, Tables, "usecase.tables")


# What refresh, its check and the stage `ingest` say of each address, in one process: what they share is mostly what they import.
EACH = """
import os, runpy, sys, traceback
from interlock.cli.main import main

for uri in sys.argv[1:]:
    os.environ["WAREHOUSE_URI"] = uri
    for command in (["refresh"], ["refresh", "--check"], []):
        print("next", flush=True)
        sys.argv = ["interlock", *command]
        try:
            if command:
                main()
            else:
                os.environ["INTERLOCK_TRACEBACK"] = "1"
                runpy.run_module("stages.ingest", run_name="__main__")
        except (Exception, SystemExit) as error:
            print("ended with", error.code if isinstance(error, SystemExit) else 1)
            if not isinstance(error, SystemExit):
                traceback.print_exc()
        os.environ.pop("INTERLOCK_TRACEBACK", None)
"""


def test_no_part_of_an_address_that_could_be_secret_is_told(ask: Ask, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Tokens and keys in a query, and passwords with a plus: not in an error or what led to it, a finding, what commands print, or a file."""
    said = ""
    for number, uri in enumerate(ADDRESSES):
        monkeypatch.setenv(VARIABLE, uri)
        error = refusal(ask(table="events"), folder / f"scratch{number}")
        assert VARIABLE in error.found
        said += told(error) + str(look({"events": ask(table="events")}, {}, None))
    Path("dvc.yaml").touch()
    catalog = {"owner": "us", "description": "A shop.", "tables": {"events": {"description": "Events.", "licence": "none"}}}
    tables = {"events": {"from": "database", "uri_env": VARIABLE, "table": "events"}}
    write_json(
        Path("params.yaml"), {"usecase": {"name": "shop", "tables": tables, "world": {"name": "full", "keep": {}}, "catalog": catalog}}
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", EACH, *ADDRESSES],
        env=environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    each = ran.stdout.split("next\n")[1:]
    assert len(each) == 3 * len(ADDRESSES)
    assert [words for words in each if VARIABLE not in words or "ended with 0" in words] == []
    files = "".join(path.read_bytes().decode(errors="replace") for path in Path().rglob("*") if path.is_file())
    assert [secret for secret in SECRETS if secret in said + files + ran.stdout] == []


def ingest() -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "INTERLOCK_TRACEBACK": "1"}
    return subprocess.run([sys.executable, "-m", "stages.ingest"], env=environment, capture_output=True, text=True, check=False)
