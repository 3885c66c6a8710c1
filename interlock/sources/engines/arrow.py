"""What the engines with an ADBC driver share: rows arrive as Arrow batches, and are never all in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import polars as pl

from interlock.errors import SourceError
from interlock.frames import ROW_GROUP
from interlock.sources.address import Address
from interlock.sources.connectors import Unreachable


class Session:
    """A connection within one transaction; `errors` are what its driver and the reader of its batches raise."""

    def __init__(self, address: Address, connection: Any) -> None:
        self.address = address
        self.connection = connection
        self.cursor = connection.cursor()
        self.errors = (connection.Error, pl.exceptions.PolarsError, pl.exceptions.PanicException)

    def run(self, statement: str) -> None:
        self.cursor.adbc_statement.set_sql_query(statement)
        self.cursor.adbc_statement.execute_update()

    def all(self, statement: str) -> pl.DataFrame:
        """The few rows that `statement` gives."""
        self.cursor.execute(statement)
        return pl.DataFrame(self.cursor.fetch_arrow())

    def stream(self, statement: str) -> tuple[pl.Schema, Iterator[pl.DataFrame]]:
        """The columns that `statement` gives, and its rows, some at a time."""
        self.cursor.execute(statement)
        rows = pl.scan_arrow_c_stream(self.cursor.fetch_arrow())
        return rows.collect_schema(), rows.collect_batches(chunk_size=ROW_GROUP, maintain_order=True, lazy=True, engine="streaming")


@contextmanager
def connected(address: Address, package: str, module: str, options: dict[str, str]) -> Iterator[Any]:
    """A connection by the ADBC driver `module` of `package`."""
    try:
        dbapi = import_module("adbc_driver_manager.dbapi")
        driver = import_module(module)
    except ImportError as error:
        needed = f"{package} and adbc-driver-manager" if package == "duckdb" else package
        raise SourceError(
            f"a table in {address.engine} is read by the package {needed}, which is not installed",
            "add it to the dependencies in pyproject.toml, and run: make lock && make",
        ) from error
    path = driver.driver_path() if package == "duckdb" else driver._driver_path()
    entry = {"entrypoint": "duckdb_adbc_init"} if package == "duckdb" else {}
    try:
        connection = dbapi.connect(driver=path, db_kwargs=options, **entry)
    except Exception as error:
        address.clean(error)
        reason = str(error).partition("\n")[0]
        raise Unreachable(
            f"{address.where} cannot be reached: {reason}",
            f"check that the database runs, the network, and the address in {address.variable}",
        ) from error
    with connection:
        yield connection
