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

from interlock import arguments
from interlock.durations import microseconds
from interlock.errors import DeclarationError, listed, shown
from interlock.loading import defined_twice, demand, load, place
from interlock.terms import Keep, Term

Utc: TypeAlias = Annotated[pl.Datetime, "us", "UTC"]
col = pl.col
Model = TypeVar("Model", bound=type[pa.DataFrameModel])
By: TypeAlias = str | Sequence[str] | Mapping[str, str]
ALONE, RESERVED = ("request", "outcome"), ("requests", "outcomes")


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
    """One table of the use case and the part it plays; `by` is its key, `name` the one that conf gives it.

    `rules` are what its contract says beyond the model; of two rows that share a key the `keep` one stays.
    """

    name: str
    part: str
    model: type[pa.DataFrameModel]
    by: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    as_of: str | None = None
    horizon: int | None = None
    label_time: str | None = None
    history: History | None = None
    rules: tuple[Term, ...] = ()
    keep: Keep = "first"
    place: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row: a history's id counts within its entity, a request is one of a moment."""
        if self.history is None:
            return (*self.by, *([self.as_of] if self.as_of else []))
        return tuple(dict.fromkeys([*self.history.by, *self.history.id.meta.root_names()]))

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


def source(*, key: str | Sequence[str] = (), rules: Sequence[Term] = (), keep: Keep = "first") -> Callable[[Model], Model]:
    """A table as it comes; `key` are the columns that identify a row. Histories may be derived from it."""
    names, terms = arguments.names(key, "key"), arguments.terms(rules)
    return lambda model: _play(Table(_called(model), "source", model, by=names, rules=terms, keep=arguments.kept(keep)))


def reference(
    *, by: str | Sequence[str], fixed: Sequence[str], rules: Sequence[Term] = (), keep: Keep = "first"
) -> Callable[[Model], Model]:
    """A small table looked up by key; its `fixed` columns never change once written, and alone can become features."""
    names, columns, terms = arguments.names(by, "by"), arguments.names(fixed, "fixed"), arguments.terms(rules)
    return lambda model: _play(Table(_called(model), "reference", model, by=names, fixed=columns, rules=terms, keep=arguments.kept(keep)))


def request(*, by: str | Sequence[str], as_of: str | None = "as_of", rules: Sequence[Term] = ()) -> Callable[[Model], Model]:
    """One row to score, with the fields a caller can know; (`by`, `as_of`) identify it. `as_of=None`: time plays no part."""
    names, moment, terms = arguments.names(by, "by"), arguments.text(as_of, "as_of"), arguments.terms(rules)
    return lambda model: _play(Table("requests", "request", model, by=names, as_of=moment, rules=terms))


def outcome(*, horizon: str | None = None, label_time: str | None = None, rules: Sequence[Term] = ()) -> Callable[[Model], Model]:
    """The label. It matures `horizon` after `as_of` for every row alike or, without a horizon, at its own `label_time`."""
    if horizon is not None and label_time is not None:
        raise DeclarationError(f"{place()}: an outcome has a horizon or a label_time, not both", "keep the horizon where there is one")
    matures = None if horizon is None else duration(horizon)
    known, terms = arguments.text(label_time, "label_time"), arguments.terms(rules)
    return lambda model: _play(Table("outcomes", "outcome", model, horizon=matures, label_time=known, rules=terms))


def history(  # noqa: PLR0913 - each is a word of the declaration
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
    rules: Sequence[Term] = (),
    keep: Keep = "first",
) -> Any:
    """Append-only rows from which features look back: the decorated table itself, or rows derived one by one from `of`.

    `time` is when a row happened, `available` when it could be known (by default at once), `lateness` the longest
    time between the two. Derived: `where` keeps rows, `lookups` adds fixed columns, `let` names steps of which each may
    read the ones before it, `columns` says what features may read. `rules` belong to a table, so not to a derived one.
    """
    where_declared, entity, terms = place(), arguments.names(by, "by"), arguments.terms(rules)
    row_id, happened = arguments.expr(id, "id"), arguments.expr(time, "time")
    known = None if available is None else arguments.expr(available, "available")
    late, found, steps = duration(lateness), arguments.mapping(lookups, "lookups", Lookup), arguments.mapping(let, "let", pl.Expr)
    kept = None if where is None else demand("where", where, pl.Expr, 'a condition, such as col("kind") == "payment"')

    def declare(table: Table, named: Mapping[str, pl.Expr]) -> History:
        return History(table, entity, row_id, happened, known, late, kept, found, steps, named, where_declared)

    if of is not None:
        if rules:
            raise DeclarationError(f"{where_declared}: a derived history has no rules of its own", f"state them on {of.__name__}")
        return declare(_source(of), _named([*entity, *demand("columns", columns, (list, tuple), "a list of columns")]))

    def decorate(model: Model) -> Model:
        _is_table(model, where_declared)
        table = Table(_called(model), "history", model, by=tuple(row_id.meta.root_names()), rules=terms, keep=arguments.kept(keep))
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
    if again := defined_twice(module):
        raise DeclarationError(f"{again}, and the later one would replace the other", "give one of them another name")
    declared = vars(module)
    models = [value for value in declared.values() if isinstance(value, type) and isinstance(value.__dict__.get("__table__"), Table)]
    played = [table_of(model) for model in dict.fromkeys(models)]
    alone = [table for table in played if table.part in ALONE]
    parts = _distinct("the", alone, [table.part for table in alone], "keep one of them: a use case has one of it")
    tables = _distinct("the table", played, [table.name for table in played], "give one of the classes another name")
    if "request" not in parts:
        raise DeclarationError(f"{module.__file__}: no table is the request", "decorate the model of a row to score with @request(by=…)")
    histories = {key: value for key, value in declared.items() if isinstance(value, History)}
    histories |= {model.__name__: h for model in models if (h := table_of(model).history) is not None}
    rows = {key: table for key, table in tables.items() if table.part not in ALONE}
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
    return tuple(by.items()) if isinstance(by, Mapping) else tuple((name, name) for name in arguments.names(by, "by"))


def _play(table: Table) -> Any:
    model, here = table.model, place()
    _is_table(model, here)
    if isinstance(before := model.__dict__.get("__table__"), Table):
        raise DeclarationError(
            f"{here}: {model.__name__} is the {before.part} of {before.place}", "a class plays one part: remove one of them"
        )
    if table.part not in ALONE and table.name in RESERVED:
        raise DeclarationError(f"{here}: {table.name} are the rows of the request or the outcome", f"give {model.__name__} another name")
    columns = model.to_schema().columns if table.fixed else {}
    if unknown := [name for name in table.fixed if name not in columns]:
        raise DeclarationError(
            f"{here}: fixed: there is no column {listed(unknown)} in {model.__name__}", f"its columns are: {listed(columns)}"
        )
    model.__table__ = replace(table, place=here)  # type: ignore[attr-defined] # the one mark a decorator leaves
    return model


def _is_table(model: Any, here: str) -> None:
    if not (isinstance(model, type) and issubclass(model, pa.DataFrameModel)):
        raise DeclarationError(f"{here}: {shown(model)} is no table", "decorate a class that derives from pa.DataFrameModel")


def _distinct(what: str, tables: Sequence[Table], names: Sequence[str], remedy: str) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for name, table in zip(names, tables, strict=True):
        if (other := found.setdefault(name, table)) is not table:
            both = f"{other.model.__name__} and {table.model.__name__} are both {what} {name}"
            raise DeclarationError(f"{table.place} and {other.place}: {both}", remedy)
    return found


def _source(model: type[pa.DataFrameModel]) -> Table:
    table = table_of(model)
    if table.part in ALONE:
        raise DeclarationError(f"{place()}: a history of the {table.part} would tell what is not known yet", "derive it from a source")
    return table


def _named(columns: Sequence[str | pl.Expr]) -> dict[str, pl.Expr]:
    named: dict[str, pl.Expr] = {}
    for expression in [arguments.expr(column, "columns") for column in columns]:
        name = expression.meta.output_name()
        if name in named and not named[name].meta.eq(expression):
            raise DeclarationError(f"{place()}: columns= binds {name} twice", "give one of them another name, with .alias")
        named[name] = expression
    return named


def _called(model: Any) -> str:
    """The name of the table that a class stands for: FlightPlans is flight_plans."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", getattr(model, "__name__", "")).lower()
