"""PostgreSQL, through its ADBC driver, in one transaction that can only read."""

# ruff: noqa: S608 - names are quoted, values are literals, and a query is the user's own, in a database that it may only read

from collections.abc import Iterator
from contextlib import contextmanager

from interlock.errors import SourceError
from interlock.sources.address import Address
from interlock.sources.engines.arrow import Session, connected
from interlock.sources.sql import Asked, Column, named, rows_of, text

PACKAGE = "adbc-driver-postgresql"
CONNECT = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "60000"}
DIRECT = ("bool", "int2", "int4", "int8", "float4", "float8", "date", "timestamp", "timestamptz", "time", "bytea")
TEXTS = ("text", "varchar", "bpchar")
AS_TEXT = ("uuid", "json", "jsonb", "name", "citext")
MARKS = ("int2", "int4", "int8", "date", "timestamp", "timestamptz", *TEXTS)
CAST = "cast it in the query to a type that has a column here, such as text"


class PostgreSQL(Session):
    sign = '"'

    def columns(self, asked: Asked, where: str = "") -> list[Column]:  # noqa: ARG002 - engines are called alike
        """The columns of the result, by their types in the database; no row is read."""
        return [_column(name, *kind) for name, kind in self._types(asked).items()]

    def bound(self, asked: Asked) -> str | None:
        """The expression of the column `high_water`; raises SourceError where its type has no order that can be pinned."""
        if asked.high_water is None:
            return None
        kind = self._types(asked).get(asked.high_water, ("missing", "b"))[0]
        if kind not in MARKS:
            raise SourceError(f"high_water {asked.high_water} is {kind}", "name a column of whole numbers, dates, moments or text")
        return f"{named(asked.high_water)}{' COLLATE ' + named('C') if kind in TEXTS else ''}"

    def _types(self, asked: Asked) -> dict[str, tuple[str, str]]:
        """The type of each column and its class; a row of nulls is made for it, so that an empty result has types too."""
        nothing = f"(SELECT s.* FROM (SELECT * FROM {rows_of(asked)}) AS s RIGHT JOIN (SELECT 1) AS one ON false) AS z"
        names = self.all(f"SELECT k FROM json_object_keys((SELECT row_to_json(z) FROM {nothing})) AS k")["k"].to_list()
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise SourceError(f"column {twice} occurs twice in the result", "give each column its own name in the query")
        kinds = ", ".join(f"pg_typeof(z.{named(name)})::oid" for name in names)
        found = self.all(
            f"SELECT b.typname::text AS kind, b.typtype::text AS class FROM {nothing}, "
            f"unnest(ARRAY[{kinds}]) WITH ORDINALITY AS u(o, n) JOIN pg_type t ON t.oid = u.o "
            "JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END ORDER BY u.n"
        )
        return dict(zip(names, found.iter_rows(), strict=True))


def _column(name: str, kind: str, family: str) -> Column:
    value = named(name)
    if kind in DIRECT:
        return Column(name, f"{value}::{kind}", (value,))
    if kind in TEXTS or kind in AS_TEXT or family == "e":
        return Column(name, f"{value}::text", (f'{value}::text COLLATE "C"',))
    if kind == "numeric":
        return Column(name, f"{value}::text", (value, f'{value}::text COLLATE "C"'), exact=True)
    raise SourceError(f"column {name} is {kind}, which has no column here", CAST)


@contextmanager
def connect(address: Address, timeout: int) -> Iterator[PostgreSQL]:
    """A session that sees one state of the database; statements are ended after `timeout` seconds."""
    given = address.uri
    for key, value in CONNECT.items():
        given += "" if f"{key}=" in given else f"{'&' if '?' in given else '?'}{key}={value}"
    with connected(address, PACKAGE, "adbc_driver_postgresql", {"uri": given}) as connection:
        session = PostgreSQL(address, connection)
        settings = {"statement_timeout": f"{timeout}s", "TimeZone": "UTC", "DateStyle": "ISO", "extra_float_digits": "1"}
        try:
            session.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for setting, value in settings.items():
                session.run(f"SET LOCAL {setting} = {text(value)}")
        except session.errors as error:
            address.clean(error)
            raise SourceError(f"{address.where} refused a session that only reads: {error}", "connect to the server itself") from error
        yield session
