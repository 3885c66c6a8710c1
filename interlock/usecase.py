"""The vocabulary a use case is written in: which part each table plays, and the histories derived from them.

A use case is a folder `usecases/<name>/` of four files. `schema.py` uses the decorators below on Pandera models,
`events.py` turns tables into requests and outcomes, `features.py` declares features, `stress.py` behaviour.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeAlias, TypeVar

import pandera.polars as pa
import polars as pl

from interlock.durations import microseconds
from interlock.errors import DeclarationError
from interlock.loading import load, place

Utc: TypeAlias = Annotated[pl.Datetime, "us", "UTC"]
col = pl.col
Model = TypeVar("Model", bound=type[pa.DataFrameModel])
By: TypeAlias = str | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True)
class Lookup:
    """A fixed column of a reference, read by `keys`: pairs of (column of the reference, column that holds its value)."""

    reference: "Table"
    column: str
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class History:
    """Append-only rows from which features look back; times are expressions over one row of `of` and its lookups.

    `lateness` is the longest time, in microseconds, by which a row may become available after its event time.
    """

    of: "Table"
    by: tuple[str, ...]
    id: pl.Expr
    time: pl.Expr
    available: pl.Expr | None
    lateness: int
    where: pl.Expr | None
    lookups: Mapping[str, Lookup]
    let: Mapping[str, pl.Expr]
    columns: Mapping[str, pl.Expr]
    place: str


@dataclass(frozen=True)
class Table:
    """One table of the use case and the part it plays; `by` is its key, `name` the one that conf gives it."""

    name: str
    part: str
    model: type[pa.DataFrameModel]
    by: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    as_of: str | None = None
    horizon: int | None = None
    label_time: str | None = None
    history: History | None = None

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The Polars type of each column that the contract declares, in its order."""
        columns = self.model.to_schema().columns
        return {name: column.dtype.type for name, column in columns.items()}


@dataclass(frozen=True)
class Schema:
    """What `schema.py` declares: tables by name, histories by variable name, the request and, offline, the outcome."""

    tables: dict[str, Table]
    histories: dict[str, History]
    request: Table
    outcome: Table | None = None
    names: dict[int, str] = field(default_factory=dict)


def source(*, key: str | Sequence[str] = ()) -> Callable[[Model], Model]:
    """A table as it comes; `key` are the columns that identify a row. Histories may be derived from it."""
    return lambda model: _play(Table(_snake(model.__name__), "source", model, by=_names(key)))


def reference(*, by: str | Sequence[str], fixed: Sequence[str]) -> Callable[[Model], Model]:
    """A small table looked up by key; its `fixed` columns never change once written, and alone can become features."""
    return lambda model: _play(Table(_snake(model.__name__), "reference", model, by=_names(by), fixed=tuple(fixed)))


def request(*, by: str | Sequence[str], as_of: str | None = "as_of") -> Callable[[Model], Model]:
    """One row to score, with the fields a caller can know; (`by`, `as_of`) identify it. `as_of=None`: time plays no part."""
    return lambda model: _play(Table("requests", "request", model, by=_names(by), as_of=as_of))


def outcome(*, horizon: str | None = None, label_time: str | None = None) -> Callable[[Model], Model]:
    """The label. It matures `horizon` after `as_of` for every row alike or, without a horizon, at its own `label_time`."""
    if horizon is not None and label_time is not None:
        raise DeclarationError(f"{place()}: an outcome has a horizon or a label_time, not both", "keep the horizon where there is one")
    matures = None if horizon is None else duration(horizon)
    return lambda model: _play(Table("outcomes", "outcome", model, horizon=matures, label_time=label_time))


def history(
    *,
    by: str | Sequence[str],
    id: str | pl.Expr,  # noqa: A002 - the field's word, and the caller's keyword
    time: str | pl.Expr,
    available: str | pl.Expr | None = None,
    lateness: str = "0s",
    of: type[pa.DataFrameModel] | None = None,
    where: pl.Expr | None = None,
    lookups: Mapping[str, Lookup] | None = None,
    let: Mapping[str, pl.Expr] | None = None,
    columns: Sequence[str | pl.Expr] = (),
) -> Any:
    """Append-only rows from which features look back: the decorated table itself, or rows derived one by one from `of`.

    `time` is when a row happened, `available` when it could be known (by default at once), `lateness` the longest
    time between the two. Derived: `where` keeps rows, `lookups` adds fixed columns, `let` names steps of which each may
    read the ones before it, `columns` says what features may read.
    """
    where_declared = place()

    def declare(table: Table, named: Mapping[str, pl.Expr]) -> History:
        return History(
            table, _names(by), _expr(id), _expr(time), None if available is None else _expr(available),
            duration(lateness), where, dict(lookups or {}), dict(let or {}), named, where_declared,
        )  # fmt: skip

    if of is not None:
        return declare(_source(of), _named([*_names(by), *columns]))

    def decorate(model: Model) -> Model:
        table = Table(_snake(model.__name__), "history", model, by=tuple(_expr(id).meta.root_names()))
        named = {name: col(name) for name in model.to_schema().columns}
        played: Model = _play(replace(table, history=declare(table, named)))
        return played

    return decorate


def fixed(table: type[pa.DataFrameModel], column: str, *, by: By) -> Lookup:
    """The fixed `column` of the reference `table`, for the `lookups` of a derived history; `by={"its key": "column here"}`."""
    found = table_of(table)
    if found.part != "reference" or column not in found.fixed:
        raise DeclarationError(
            f"{place()}: {found.name}.{column} is not a fixed column of a reference", f"fixed are: {', '.join(found.fixed) or 'none'}"
        )
    return Lookup(found, column, pairs(by))


def table_of(model: type[pa.DataFrameModel]) -> Table:
    """The table that a decorated Pandera model stands for; raises DeclarationError where it plays no part."""
    table = model.__dict__.get("__table__")
    if not isinstance(table, Table):
        raise DeclarationError(
            f"{place()}: {model.__name__} plays no part", "decorate it with @source, @reference, @history, @request or @outcome"
        )
    return table


def load_schema(name: str) -> Schema:
    """What the use case's `schema.py` declares; raises DeclarationError where no table is the request."""
    module = load(name, "schema")
    declared = vars(module)
    models = [value for value in declared.values() if isinstance(value, type) and isinstance(value.__dict__.get("__table__"), Table)]
    tables = {table.name: table for table in map(table_of, models)}
    parts = {table.part: table for table in tables.values()}
    if "request" not in parts:
        raise DeclarationError(f"{module.__file__}: no table is the request", "decorate the model of a row to score with @request(by=…)")
    histories = {key: value for key, value in declared.items() if isinstance(value, History)}
    histories |= {model.__name__: h for model in models if (h := table_of(model).history) is not None}
    rows = {key: table for key, table in tables.items() if table.part not in {"request", "outcome"}}
    return Schema(rows, histories, parts["request"], parts.get("outcome"))


def duration(text: str) -> int:
    """A fixed length of time in microseconds: a whole number and one of us, ms, s, m, h, d, w."""
    found = microseconds(text) if isinstance(text, str) else None
    if found is None:
        raise DeclarationError(
            f"{place()}: {text!r} is not a length of time", 'write a whole number and a unit, such as "90d", "3h" or "30m"'
        )
    return found


def pairs(by: By) -> tuple[tuple[str, str], ...]:
    """Keys as pairs (column of the table, column that holds its value): a name stands for both."""
    return tuple(by.items()) if isinstance(by, Mapping) else tuple((name, name) for name in _names(by))


def _play(table: Table) -> Any:
    table.model.__table__ = table  # type: ignore[attr-defined] # the one mark a decorator leaves
    return table.model


def _source(model: type[pa.DataFrameModel]) -> Table:
    table = table_of(model)
    if table.part in {"request", "outcome"}:
        raise DeclarationError(f"{place()}: a history of the {table.part} would tell what is not known yet", "derive it from a source")
    return table


def _named(columns: Sequence[str | pl.Expr]) -> dict[str, pl.Expr]:
    named: dict[str, pl.Expr] = {}
    for expression in map(_expr, columns):
        name = expression.meta.output_name()
        if name in named and not named[name].meta.eq(expression):
            raise DeclarationError(f"{place()}: columns= binds {name} twice", "give one of them another name, with .alias")
        named[name] = expression
    return named


def _names(by: By) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def _expr(value: str | pl.Expr) -> pl.Expr:
    return col(value) if isinstance(value, str) else value


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
