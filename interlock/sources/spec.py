"""What conf says of each table: where it comes from and how it reads, and which rows of it a world keeps."""

from typing import Annotated, Any, TypeAlias

from msgspec import Meta, field

from interlock.params import Section

SIGNED = ("Int8", "Int16", "Int32", "Int64", "Int128")
NUMBERS = (*SIGNED, "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64")
TYPES = ("Boolean", *NUMBERS, "String", "Date", "Time", "Datetime")

TableName: TypeAlias = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Table(Section, frozen=True, kw_only=True, tag_field="from"):
    """How a table reads, wherever it comes from.

    `nulls` are the texts that stand for null, `types` the Polars types of columns (others are inferred over the whole
    file), `zones` the time zones in which a column's times without an offset are. Times become UTC microseconds.
    """

    nulls: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    separator: str | None = None

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


TableSpec: TypeAlias = PackageTable | FilesTable | DvcTable
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
