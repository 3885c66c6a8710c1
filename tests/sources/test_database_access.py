"""What a database is told: nothing but reading, names that stay names, and an end to waiting."""

# ruff: noqa: S608 - the statements are the tests' own

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import perf_counter, sleep

import polars as pl
import pytest

from interlock import frames
from interlock.errors import ConfigError
from interlock.params import convert
from interlock.sources import looks
from interlock.sources.address import address
from interlock.sources.connectors import Unreachable
from interlock.sources.database import ENGINES
from interlock.sources.looks import look
from interlock.sources.spec import DatabaseTable, Tables
from tests.sources.databases import VARIABLE, Database, Server, embedded, found, postgresql, refusal, server, told

Ask = Callable[..., DatabaseTable]


@pytest.mark.parametrize(("value", "said"), [
    (None, "the environment variable WAREHOUSE_URI is not set"), ("", "is not set"), ("s3cret:pa/ss w%rd@home", "does not hold the address of a database"),
    ("mysql://root:s3cret@db/shop", "does not hold the address"), ("postgresql://", "does not hold the address"),
    ("sqlite:///gone.db", "there is no file gone.db"), ("duckdb:///gone.db", "there is no file gone.db"),
    ("postgresql://clerk:s3cret@127.0.0.1:9/shop", "cannot be reached"), ("postgresql:///shop?host=/nowhere&password=s3cret", "cannot be reached"),
])  # fmt: skip
def test_what_cannot_be_asked_says_why(value: str | None, said: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A variable that is unset or holds no address, a file that is not there and a server that does not answer: named, with what to do."""
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    error = refusal(ask(table="events"), folder / "scratch")
    assert said in error.found
    assert VARIABLE in error.found
    assert error.remedy
    assert "s3cret" not in told(error)


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database_is_refused(engine: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A file with other content is refused by name, whatever is in it."""
    for content in (b"id,kind\n1,a\n" * 200, os.urandom(5000)):
        (folder / "events.db").write_bytes(content)
        monkeypatch.setenv(VARIABLE, f"{engine}:///events.db")
        error = refusal(ask(table="events"), folder / "scratch")
        assert error.found.startswith(f"table events: {VARIABLE} ({engine})")


def test_addresses_of_files_are_paths(folder: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, tmp_path: Path) -> None:
    """Three slashes are followed by a path within the project, four by one from the root; what is percent-encoded is decoded."""
    made = embedded("sqlite", folder)
    made.do("CREATE TABLE events (a INTEGER); INSERT INTO events VALUES (1);")
    for number, uri in enumerate([f"sqlite:///{folder}/shop é.sqlite", "sqlite:///shop é.sqlite", "sqlite:///shop%20%C3%A9.sqlite"]):
        monkeypatch.setenv(VARIABLE, uri)
        assert found(ask(table="events"), tmp_path / str(number)).height == 1
    assert f"{address(VARIABLE)!r}".startswith("<")


@pytest.mark.parametrize("query", [
    "SELECT * FROM events; DROP TABLE events", "DROP TABLE events", "DELETE FROM events", "UPDATE events SET id = 2", "INSERT INTO events VALUES (2)",
    "SELECT 1) AS s; DROP TABLE events; SELECT * FROM (SELECT 1", "SELECT 1) AS s, (SELECT 2", "/* SELECT */ DROP TABLE events", "-- SELECT\nDROP TABLE events",
    "VACUUM", "", ";", "SELECT ';'; DROP TABLE events --'", "SELECT \"a;\" FROM events; COMMIT", "COPY events TO '/tmp/x'", "SELECT $$;$$; DROP TABLE events", "SELECT (1",
])  # fmt: skip
def test_only_one_select_is_taken(query: str) -> None:
    """Several statements, statements that write, and parentheses that would leave the frame of the query are refused in conf."""
    with pytest.raises(ConfigError, match=r"usecase\.tables.*query"):
        convert({"events": {"from": "database", "uri_env": VARIABLE, "query": query}}, Tables, "usecase.tables")


@pytest.mark.parametrize("query", [
    "SELECT * FROM events;", "  select ';' AS a, id FROM events -- a comment; and more", "WITH e AS (SELECT * FROM events) SELECT * FROM e",
    "/* why; */ SELECT *, ')' AS b FROM events", "(SELECT * FROM events)", "-- why\nSELECT \"id\" FROM events /* ( */",
])  # fmt: skip
def test_queries_may_be_written_freely(query: str, database: Database, ask: Ask, tmp_path: Path) -> None:
    """Comments, texts that hold signs of SQL, and a semicolon at the end do no harm."""
    database.do("CREATE TABLE events (id INTEGER); INSERT INTO events VALUES (7);")
    assert found(ask(query=query), tmp_path)["id"].to_list() == [7]


def test_the_database_itself_refuses_to_write(database: Database, ask: Ask, tmp_path: Path) -> None:
    """Were a statement that writes ever run, the database would refuse it: the session is one that only reads."""
    database.do("CREATE TABLE events (id INTEGER); INSERT INTO events VALUES (7);")
    connect = import_module(ENGINES[database.engine]).connect
    for statement in ("DELETE FROM events", "DROP TABLE events", "CREATE TABLE more (id INTEGER)"):
        with pytest.raises(Exception, match=r"read-?only"), connect(address(VARIABLE), 5) as session:
            session.connection.execute(statement) if database.engine == "sqlite" else session.run(statement)
    assert found(ask(table="events"), tmp_path).height == 1


def test_a_function_that_writes_is_refused(warehouse: Database, ask: Ask, tmp_path: Path) -> None:
    """A SELECT of a function that deletes is refused by PostgreSQL, in its words, and nothing was deleted."""
    warehouse.do("CREATE TABLE events (id INTEGER); INSERT INTO events VALUES (7);")
    warehouse.do("CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'DELETE FROM events RETURNING id';")
    error = refusal(ask(query="SELECT write() AS a"), tmp_path / "a")
    assert "cannot execute DELETE in a read-only transaction" in error.found
    assert found(ask(table="events"), tmp_path / "b").height == 1


HOSTILE = ['a"; DROP TABLE events; --', "a`b", "a'b", "select", "ö ☂", "a.b", "%s", "$1", "a\\b", "A"]


def test_sql_in_names_is_a_name(database: Database, ask: Ask, tmp_path: Path) -> None:
    """Columns and a table whose names are SQL, quotes and words of the language are read, ordered and marked by their names."""
    sign = '"'
    quoted = [f"{sign}{name.replace(sign, sign * 2)}{sign}" for name in HOSTILE]
    odd = 'events"; DROP TABLE events; --'
    table = f"{sign}{odd.replace(sign, sign * 2)}{sign}"
    database.do(f"CREATE TABLE events (id INTEGER); CREATE TABLE {table} ({', '.join(f'{name} INTEGER' for name in quoted)});")
    database.do(f"INSERT INTO {table} VALUES ({', '.join(['2'] * 10)}), ({', '.join(['1'] * 10)});")
    for number, name in enumerate(HOSTILE):
        spec = ask(table=odd, order_by=[name], high_water=name)
        rows = found(spec, tmp_path / str(number))
        assert rows.columns == [*HOSTILE, "source_row"]
        assert rows["A"].to_list() == [1, 2]
    database.do("SELECT * FROM events;")


def test_a_column_that_is_not_there_is_no_text(database: Database, ask: Ask, tmp_path: Path) -> None:
    """A mark that names no column is refused; SQLite would take a quoted name that it does not know for a text."""
    database.do("CREATE TABLE events (id INTEGER); INSERT INTO events VALUES (7);")
    for keys in ({"high_water": "nothing"}, {"order_by": ["nothing"]}):
        assert "nothing" in refusal(ask(table="events", **keys), tmp_path / "a").found
    assert look({"events": ask(table="events", high_water="nothing")}, {}, None)[0].kind == "broken"


def test_columns_of_one_name_are_not_lost(database: Database, ask: Ask, tmp_path: Path) -> None:
    """Of two columns of one name none is lost: PostgreSQL's are refused, DuckDB and SQLite name the second apart."""
    spec = ask(query="SELECT 1 AS a, 2 AS a")
    if database.engine == "postgresql":
        assert "column a occurs twice in the result" in refusal(spec, tmp_path).found
    else:
        rows = found(spec, tmp_path)
        assert (len(set(rows.columns)), rows.row(0)) == (3, (1, 2, 0))


def test_waiting_has_an_end(database: Database, ask: Ask, tmp_path: Path) -> None:
    """A statement that takes longer than `timeout` is ended by then, in each engine, and the error says so."""
    slow = {
        "postgresql": "SELECT count(*) AS a FROM generate_series(1, 100000) a, generate_series(1, 1000000) b",
        "duckdb": "SELECT sum(a.range * b.range % 7)::BIGINT AS a FROM range(10000000) a, range(1000000) b",
        "sqlite": "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT count(*) AS a FROM n",
    }
    start = perf_counter()
    error = refusal(ask(query=slow[database.engine], timeout=1), tmp_path)
    assert "took longer than 1 s" in error.found
    assert "timeout" in error.remedy
    assert perf_counter() - start < 10


def test_a_server_that_is_killed_is_told(folder: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that dies while rows arrive ends the reading with an error that says so, and nothing of the half is taken."""
    with server() as running:
        made = postgresql(running)
        monkeypatch.setenv(VARIABLE, made.uri)
        write = frames.write

        def kill(frame: pl.DataFrame, path: Path) -> None:
            write(frame, path)
            if path.stem == "000001":
                stop(running)

        monkeypatch.setattr(frames, "write", kill)
        spec = ask(query="SELECT n AS id, repeat('x', 200) AS text FROM generate_series(1, 1000000) n", order_by=["id"])
        error = refusal(spec, folder / "scratch")
        assert isinstance(error, Unreachable)
        assert "broke off" in error.found
        assert "cannot be reached" in refusal(spec, folder / "again").found


def stop(running: Server) -> None:
    """Kill the server, and wait until it is gone."""
    pid = running.get_pid()
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    with suppress(ProcessLookupError):
        for _ in range(100):
            sleep(0.05)
            os.kill(pid, 0)


def test_huge_texts_are_read_whole(database: Database, ask: Ask, tmp_path: Path) -> None:
    """A text of ten million characters, and one that is empty, come out as they are."""
    big = {"postgresql": "repeat('é', 10000000)", "duckdb": "repeat('é', 10000000)", "sqlite": "replace(hex(zeroblob(5000000)), '0', 'é')"}
    rows = found(ask(query=f"SELECT 1 AS id, {big[database.engine]} AS text UNION ALL SELECT 2, ''", order_by=["id"]), tmp_path)
    assert rows["text"].str.len_chars().to_list() == [10_000_000, 0]


@pytest.mark.parametrize(("engine", "module", "package"), [
    ("postgresql", "adbc_driver_postgresql", "adbc-driver-postgresql"), ("duckdb", "adbc_driver_duckdb", "duckdb"),
])  # fmt: skip
def test_a_driver_that_is_missing_is_named(
    engine: str, module: str, package: str, folder: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package that reads an engine the error names it, and how to add it."""
    monkeypatch.setenv(VARIABLE, embedded("duckdb", folder).uri if engine == "duckdb" else "postgresql://db.example.com/shop")
    monkeypatch.setitem(sys.modules, module, None)
    error = refusal(ask(table="events"), folder / "scratch")
    assert package in error.found
    assert "make lock" in error.remedy


def test_a_look_is_one_short_question(warehouse: Database, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look waits for a slow database no longer than its own limit, whatever the table may take, and is only a note then."""
    warehouse.do("CREATE VIEW events AS SELECT 1 AS id FROM pg_sleep(30);")
    monkeypatch.setattr(looks, "GLANCE", 1)
    (finding,) = look({"events": ask(table="events")}, {}, None)
    assert (finding.kind, "took longer than 1 s" in finding.found) == ("note", True)
