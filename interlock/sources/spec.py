"""What conf says of each table: where it comes from and how it reads, and which rows of it a world keeps."""

import re
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, field

from interlock.params import Section
from interlock.sources import sql

SIGNED = ("Int8", "Int16", "Int32", "Int64", "Int128")
NUMBERS = (*SIGNED, "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64")
TYPES = ("Boolean", *NUMBERS, "String", "Date", "Time", "Datetime")
DAY = 86_400

TableName: TypeAlias = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Unpivot(Section, frozen=True):
    """A wide table made long: each row gives one for each column that is not in `keep`, its name in `name`, its cell in `value`."""

    keep: list[str]
    name: str
    value: str

    def __post_init__(self) -> None:
        names = [*self.keep, self.name, self.value]
        if blank := [each for each in names if not each.strip() or not each.isprintable()]:
            raise ValueError(f"unpivot holds {blank[0]!r}, which is no name of a column")
        if twice := next((each for each in names if names.count(each) > 1), None):
            raise ValueError(f"unpivot makes {twice} twice")


class Table(Section, frozen=True, kw_only=True, tag_field="from"):
    """How a table reads, wherever it comes from.

    `nulls` are the texts that stand for null, `types` the Polars types of columns (others are inferred over the whole
    file), `zones` the time zones in which a column's times without an offset are. Times become UTC microseconds.
    A wide table is made long by `unpivot`; types and zones are then said of the long one.
    """

    nulls: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    separator: str | None = None
    unpivot: Unpivot | None = None

    def __post_init__(self) -> None:
        for column, name in self.types.items():
            if name not in TYPES:
                raise ValueError(f"types.{column} is {name!r}, expected one of {', '.join(TYPES)}")
        for column in self.zones:
            if self.types.get(column, "Datetime") != "Datetime":
                raise ValueError(f"zones.{column} is for a Datetime, and types.{column} is {self.types[column]}")
        if self.separator is not None and (len(self.separator.encode()) != 1 or self.separator in '"\r\n'):
            raise ValueError(f"separator is {self.separator!r}, expected one ASCII character")
        if marker := next((text for text in self.nulls if (self.separator or ",") in text), None):
            raise ValueError(f"nulls holds {marker!r}, which contains the separator")

    def becomes(self, column: str) -> str:
        """The column that the values of a `column` of the source are in, once it is long."""
        return column if self.unpivot is None or column in self.unpivot.keep else self.unpivot.value


class PackageTable(Table, frozen=True, kw_only=True, tag="package"):
    """A data file of the installed distribution `package`; `path` as its list of files has it."""

    package: str
    path: str


class FilesTable(Table, frozen=True, kw_only=True, tag="files"):
    """Files that `path` names, a glob allowed: relative to the project, or at `s3://`, `gs://`, `az://`, `https://`."""

    path: str


class DvcTable(Table, frozen=True, kw_only=True, tag="dvc"):
    """A file with a `.dvc` beside it."""

    path: str


class DatabaseTable(Table, frozen=True, kw_only=True, tag="database"):
    """The rows of a `table` or of a `query`, of the database whose address the environment variable `uri_env` holds.

    Rows are ordered by `order_by`, then by every other column. `high_water` is a column that only grows: a later row has a
    greater one, so what was read before can be read again. One statement may take `timeout` seconds, a day at most.
    """

    uri_env: str
    table: str | None = None
    query: str | None = None
    order_by: list[str] = field(default_factory=list)
    high_water: str | None = None
    timeout: Annotated[int, Meta(ge=1, le=DAY)] = 3600

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.uri_env):  # never shown: it may hold a password
            raise ValueError("uri_env is not the name of an environment variable: export the address, and write the variable's name here")
        if (self.table is None) == (self.query is None):
            raise ValueError("a database needs either table or query")
        if self.query is not None and (wrong := sql.refusal(self.query)):
            raise ValueError(f"query {wrong}")


TableSpec: TypeAlias = PackageTable | FilesTable | DvcTable | DatabaseTable
Tables: TypeAlias = dict[TableName, TableSpec]


class Keep(Section, frozen=True):
    """Rows whose columns hold one of the values in `where`, and of those a `share` by stable hash of `source_row`."""

    where: dict[str, list[str | int | float | bool | None]] = field(default_factory=dict)
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0


Small: TypeAlias = dict[TableName, Keep]


class World(Section, frozen=True):
    """A name for the rows that are read; a table without an entry in `keep` is read whole."""

    name: str
    keep: dict[TableName, Keep] = field(default_factory=dict)


def connector(spec: Any) -> str:
    """The name of the connector that `spec` is read by."""
    return str(spec.__struct_config__.tag)
