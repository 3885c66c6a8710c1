"""DuckDB, through the ADBC driver that it carries, on a file that is opened to be read."""

# ruff: noqa: S608 - names are quoted, values are literals, and a query is the user's own, in a database that it may only read

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock.errors import SourceError
from interlock.sources.address import Address
from interlock.sources.connectors import Unreachable
from interlock.sources.engines.arrow import Session, connected
from interlock.sources.sql import Asked, Column, named, rows_of, text

PACKAGE = "duckdb"
MEMORY = "1GB"
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")
DIRECT = (*WHOLE, *MOMENTS, "BOOLEAN", "FLOAT", "DOUBLE", "TIME", "BLOB")
AS_TEXT = ("VARCHAR", "UUID", "JSON", '"NULL"')
CAST = "cast it in the query to a type that has a column here, such as VARCHAR"


class DuckDB(Session):
    sign = '"'

    def columns(self, asked: Asked, where: str = "") -> list[Column]:  # noqa: ARG002 - engines are called alike
        """The columns of the result, by their types in the database; no row is read."""
        return [_column(name, kind) for name, kind in self._types(asked).items()]

    def bound(self, asked: Asked) -> str | None:
        """The expression of the column `high_water`; raises SourceError where its type has no order that can be pinned."""
        if asked.high_water is None:
            return None
        kind = self._types(asked).get(asked.high_water, "missing")
        if kind not in (*WHOLE, *MOMENTS, "VARCHAR"):
            raise SourceError(f"high_water {asked.high_water} is {kind}", "name a column of whole numbers, dates, moments or text")
        return named(asked.high_water) + (" COLLATE C" if kind == "VARCHAR" else "")

    def _types(self, asked: Asked) -> dict[str, str]:
        found = self.all(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {rows_of(asked)})")
        return dict(found.iter_rows())


def _column(name: str, kind: str) -> Column:
    value = named(name)
    if kind in DIRECT:
        return Column(name, value, (value,))
    if kind in AS_TEXT or kind.startswith("ENUM("):
        return Column(name, f"CAST({value} AS VARCHAR)", (f"CAST({value} AS VARCHAR) COLLATE C",))
    if kind.startswith("DECIMAL(") or kind in ("HUGEINT", "UHUGEINT"):
        return Column(name, f"CAST({value} AS VARCHAR)", (value,), exact=True)
    raise SourceError(f"column {name} is {kind}, which has no column here", CAST)


@contextmanager
def connect(address: Address, timeout: int) -> Iterator[DuckDB]:
    """A session that sees one state of the file; statements are ended after `timeout` seconds.

    What does not fit into `MEMORY` is sorted on disk, and not beside the file, where it may not be written.
    """
    if not Path(address.file).is_file():
        raise Unreachable(
            f"{address.where}: there is no file {address.scrubbed(address.file)}", f"put it there, or mend {address.variable}"
        )
    options = {"path": address.file, "access_mode": "READ_ONLY"}
    with TemporaryDirectory() as spill, connected(address, PACKAGE, "adbc_driver_duckdb", options) as connection:
        session = DuckDB(address, connection)
        settings = {"TimeZone": "UTC", "memory_limit": MEMORY, "temp_directory": spill, "max_execution_time": str(1000 * timeout)}
        for setting, value in settings.items():
            session.run(f"SET {setting} = {text(value)}")
        yield session
