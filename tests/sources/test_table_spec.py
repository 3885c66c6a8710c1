"""What conf may say of a table, and what it may not."""

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock.errors import ConfigError
from interlock.params import convert, read_yaml
from interlock.sources.spec import TYPES, FilesTable, PackageTable, Small, Tables, World, connector

ROOT = Path(__file__).parents[2]
FILES = {"from": "files", "path": "a.csv"}


def test_the_flights_are_declared() -> None:
    """The shipped use case's tables, world and small world fit what the library reads."""
    found = read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")
    tables = convert(found["tables"], Tables, "usecase.tables")
    assert isinstance(tables["flights"], PackageTable)
    assert {connector(spec) for spec in tables.values()} == {"package"}
    assert convert(found["world"], World, "usecase.world").keep == {}
    assert set(convert(found["small"], Small, "usecase.small")) <= set(tables)


def test_every_type_is_one_of_polars() -> None:
    """Each name that conf may use for a type is a Polars type."""
    assert all(issubclass(getattr(pl, name), pl.DataType) for name in TYPES)


def test_a_table_is_frozen() -> None:
    """A declared table cannot be changed by who reads it."""
    with pytest.raises(AttributeError):
        msgspec.convert(FILES, FilesTable).path = "b.csv"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"from": "mailbox", "path": "a"}, "mailbox"),
        ({"from": "database", "table": "t"}, "uri_env"),
        ({"from": "database", "uri_env": "A"}, "a database needs either table or query"),
        ({"from": "database", "uri_env": "A", "table": "t", "query": "SELECT 1"}, "a database needs either table or query"),
        ({"from": "database", "uri_env": "A", "query": "DROP TABLE t"}, "query does not begin with SELECT or WITH"),
        ({"from": "database", "uri_env": "A", "table": "t", "timeout": 0}, "timeout"),
        ({"from": "database", "uri_env": "A", "table": "t", "timeout": 86_401}, "timeout"),
        ({"from": "database", "uri_env": "A", "table": "t", "timeout": 99999999999999999999}, "timeout"),
        ({"from": "database", "uri_env": "A", "table": "p\ud800x"}, "half a surrogate pair"),
        ({"from": "database", "uri_env": "A", "table": "t", "order_by": ["a", "\udfff"]}, "half a surrogate pair"),
        ({**FILES, "types": {"\ud800": "Date"}}, "half a surrogate pair"),
        ({"path": "a.csv"}, "from"),
        ({"from": "files"}, "path"),
        ({**FILES, "package": "p"}, "package"),
        ({**FILES, "pth": "b"}, "pth"),
        ({**FILES, "types": {"day": "Int"}}, "types.day is 'Int', expected one of Boolean, Int8"),
        ({**FILES, "types": {"day": "Object"}}, "types.day is 'Object'"),
        ({**FILES, "types": {"day": "Date"}, "zones": {"day": "UTC"}}, "zones.day is for a Datetime"),
        ({**FILES, "separator": ";;"}, "separator is ';;'"),
        ({**FILES, "separator": "\n"}, "separator is"),
        ({**FILES, "nulls": ["n/a", "1,5"]}, "nulls holds '1,5'"),
        ({**FILES, "nulls": "NA"}, "nulls"),
    ],
)
def test_a_misdeclared_table_is_refused(table: dict[str, Any], said: str) -> None:
    """An unknown connector, key or type, a zone of what is no moment, or an unusable separator: the error names the key."""
    with pytest.raises(ConfigError) as error:
        convert({"events": table}, Tables, "usecase.tables")
    assert "usecase.tables" in error.value.found
    assert said in error.value.found


@pytest.mark.parametrize("name", ["Events", "../events", "a b", "1st", ""])
def test_a_table_name_is_a_file_name(name: str) -> None:
    """Names of tables become names of files, so nothing else is one."""
    with pytest.raises(ConfigError):
        convert({name: FILES}, Tables, "usecase.tables")


@pytest.mark.parametrize("share", [-0.1, 0, 1.1, "half"])
def test_a_share_is_a_part(share: object) -> None:
    """A world keeps more than none and at most all of a table's rows."""
    with pytest.raises(ConfigError, match="share"):
        convert({"events": {"share": share}}, Small, "usecase.small")
