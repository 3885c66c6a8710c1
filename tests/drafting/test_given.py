"""Where tables may be: files, folders, globs, and databases by the name of a variable."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest

from interlock.drafting import given
from interlock.errors import ConfigError, SourceError
from tests.drafting import churn
from tests.drafting.drafted import drawn_from
from tests.sources.databases import VARIABLE, Database, embedded, postgresql, server

KINDS = {"String": "TEXT", "Int64": "BIGINT", "Float64": "DOUBLE PRECISION"}
SECRET = "hunter2"


def names(*words: Path | str) -> list[str]:
    return [table.name for table in given.given([str(word) for word in words], lambda _: None)]


def test_folders_globs_and_packed_files(tmp_path: Path) -> None:
    """A folder holds a table in each file, a glob is one table of several files, and text may be packed."""
    churn.write(tmp_path / "own", customers=30)
    assert names(tmp_path / "own") == ["customers", "events", "labels"]
    (tmp_path / "own/notes.txt").write_text("no table", encoding="utf-8")
    assert names(tmp_path / "own") == ["customers", "events", "labels"]
    for part in (1, 2):
        pl.DataFrame({"a": [part]}).write_csv(tmp_path / f"day-{part}.csv")
    (found,) = given.given([str(tmp_path / "day-*.csv")], lambda _: None)
    assert (found.name, found.frame["a"].to_list(), found.glob) == ("day", [1, 2], "day-*.csv")
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a;b\n1;2\n"))
    (packed,) = given.given([str(tmp_path / "x.csv.gz")], lambda _: None)
    assert (packed.spec["separator"], packed.frame.rows()) == (";", [(1, 2)])


def test_tables_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """From two folders; the same file twice is a mistake."""
    for folder in ("a", "b"):
        churn.write(tmp_path / folder, customers=20)
    assert names(tmp_path / "a/events.parquet", tmp_path / "b/events.parquet") == ["events", "events2"]
    with pytest.raises(ConfigError, match="names a file twice"):
        names(tmp_path / "a/events.parquet", tmp_path / "a")


@pytest.mark.parametrize("address", [f"postgresql://reader:{SECRET}@db/shop", f"mysql://x:{SECRET}@h/d"])
def test_an_address_on_the_command_line_is_refused(address: str) -> None:
    """Others could read it there: the way out is said, and the password is not."""
    with pytest.raises(ConfigError, match="list of processes") as raised:
        names(address)
    assert "env:WAREHOUSE_URI" in raised.value.remedy
    assert SECRET not in str(raised.value)


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a variable, and what is no table."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(SourceError, match="there is no file"):
        names(tmp_path / "gone.csv")
    with pytest.raises(SourceError, match="is not set"):
        names(f"env:{VARIABLE}")
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    with pytest.raises(SourceError, match="is no table"):
        names(tmp_path / "table.xlsx")
    with pytest.raises(ConfigError, match="mixes files and a database"):
        names(tmp_path / "gone.csv", f"env:{VARIABLE}")


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.mark.parametrize("engine", ["postgresql", "duckdb", "sqlite"])
def test_databases(engine: str, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tables in a database are taken for the same parts, whether they are named or listed; decimals become numbers."""
    made = postgresql(stack.enter_context(server())) if engine == "postgresql" else embedded(engine, tmp_path)
    moment = "TIMESTAMPTZ" if engine != "sqlite" else "TEXT"
    for name, table in churn.tables(150).items():
        _store(made, name, table, moment)
    monkeypatch.setenv(VARIABLE, made.uri)
    plan = drawn_from([f"env:{VARIABLE}", "customers", "events", "labels"], "churn")
    assert [(part.given.name, part.role) for part in plan.parts] == [("customers", "reference"), ("events", "history")]
    assert (plan.key, plan.time) == (("customer_id", "as_of"), "as_of")
    assert plan.given.spec == {"from": "database", "uri_env": VARIABLE, "table": "labels", **_times(engine)}
    assert {"customers", "events", "labels"} <= set(names(f"env:{VARIABLE}"))
    if engine != "sqlite":
        made.do("CREATE TABLE prices (price NUMERIC(8, 2)); INSERT INTO prices VALUES (1.25);")
        (prices,) = given.given([f"env:{VARIABLE}", "prices"], lambda _: None)
        assert prices.frame["price"].to_list() == [1.25]


def _times(engine: str) -> dict[str, object]:
    return {"types": {"as_of": "Datetime"}} if engine == "sqlite" else {}


def _store(made: Database, name: str, table: pl.DataFrame, moment: str) -> None:
    columns = {column: KINDS.get(str(dtype), moment) for column, dtype in table.schema.items()}
    texts = table.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    made.store(name, columns, texts.rows())
