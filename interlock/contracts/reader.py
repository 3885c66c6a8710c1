"""The contract of a table, read out of its Pandera model; what cannot be kept here is refused, never skipped."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from interlock.contracts.rules import CHECKS, RANGES, Contract, Rule, Unique
from interlock.errors import DeclarationError
from interlock.frames import ROW
from interlock.usecase import Table

NULL, DUPLICATE, DUPLICATES = "not_nullable", "field_uniqueness", "multiple_fields_uniqueness"
UNSUPPORTED = {
    "model": ("coerce", "ordered", "drop_invalid_rows", "add_missing_columns", "dtype", "parsers", "checks"),
    "column": ("coerce", "regex", "default", "parsers"),
    "check": ("raise_warning",),
}


def read(table: Table) -> Contract:
    """The contract of `table`; raises DeclarationError where its model says what is not supported here, or what cannot be."""
    where = f"{table.model.__module__.replace('.', '/')}.py: {table.model.__name__}"
    schema, key = _schema(table, where), _key(table)
    types = {name: _type(column, f"{where}.{name}") for name, column in schema.columns.items()}
    groups = tuple(_groups(schema, key))
    _known([*key, *(name for group in groups for name in group.columns)], types, where)
    required = frozenset(name for name, column in schema.columns.items() if column.required or name in key)
    rules = [rule for name, column in schema.columns.items() for rule in _rules(column, types[name], name in key, f"{where}.{name}")]
    return Contract(table.name, types, required, schema.strict is True, _distinct(rules, where), groups)


def _schema(table: Table, where: str) -> Any:
    from pandera.errors import SchemaInitError

    try:
        schema = table.model.to_schema()
    except (SchemaInitError, TypeError, ValueError) as error:
        raise DeclarationError(f"{where}: {error}", "mend the model named above") from error
    _supported(schema, "model", where)
    if schema.strict == "filter":
        raise DeclarationError(f"{where}: strict='filter' is not supported", "write strict = True to refuse other columns, or leave it out")
    return schema


def _supported(declared: Any, kind: str, where: str) -> None:
    for option in UNSUPPORTED[kind]:
        if value := getattr(declared, option, None):
            said = ", ".join(str(item.name) for item in value) if option == "checks" else value
            raise DeclarationError(
                f"{where}: {option} ({said}) is not supported", f"take it out; a column can be held to: {', '.join(CHECKS)}"
            )


def _key(table: Table) -> tuple[str, ...]:
    """The columns that identify a row: a history's id counts within its entity, a request is one of a moment."""
    if table.history is None:
        return (*table.by, *([table.as_of] if table.as_of else []))
    return tuple(dict.fromkeys([*table.history.by, *table.history.id.meta.root_names()]))


def _type(column: Any, where: str) -> Any:
    _supported(column, "column", where)
    dtype = column.dtype and column.dtype.type
    if dtype is None or dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Null):
        raise DeclarationError(f"{where}: a column of type {dtype} has no rules", "declare numbers, text, booleans, times or categories")
    return dtype


def _groups(schema: Any, key: tuple[str, ...]) -> Iterator[Unique]:
    """Each unique column, and each set of columns that none of them makes unique already."""
    single = [name for name, column in schema.columns.items() if column.unique]
    yield from (Unique(DUPLICATE, (name,)) for name in single)
    listed = schema.unique or []
    several = [listed] if listed and isinstance(listed[0], str) else listed
    for columns in dict.fromkeys([*map(tuple, several), key]):
        if columns and not set(single) & set(columns):
            yield Unique(DUPLICATES if len(columns) > 1 else DUPLICATE, columns)


def _known(columns: Iterable[str], types: Mapping[str, Any], where: str) -> None:
    for name in columns:
        if name not in types:
            raise DeclarationError(f"{where}: the key column {name!r} is not among its columns", f"its columns are: {', '.join(types)}")
    if ROW in types:
        raise DeclarationError(
            f"{where}: {ROW} is the name of the row number that ingest adds", "give the column another name in the source"
        )


def _rules(column: Any, dtype: Any, in_key: bool, where: str) -> Iterator[Rule]:
    values, floating = pl.col(column.name), dtype.is_float()
    if not column.nullable or in_key:
        yield Rule(NULL, column.name, values.is_null() | values.is_nan() if floating else values.is_null())
    for check in column.checks:
        _supported(check, "check", where)
        breaks = ~_holds(check, values, where)
        breaks = breaks | values.is_nan() if floating and check.name in RANGES else breaks
        breaks = breaks if check.ignore_na else breaks | values.is_null()
        _evaluates(breaks, column.name, dtype, f"{where}: {check.error or check.name}")
        yield Rule(check.error or check.name, column.name, breaks)


def _holds(check: Any, values: pl.Expr, where: str) -> pl.Expr:
    """True where the values hold; a function of the team's own has no place in CHECKS, or lacks what a check there states."""
    try:
        return CHECKS[check.name](values, **check.statistics)
    except (KeyError, TypeError) as error:
        raise DeclarationError(f"{where}: the check {check.name} cannot be read", f"it can be held to: {', '.join(CHECKS)}") from error


def _evaluates(breaks: pl.Expr, column: str, dtype: Any, what: str) -> None:
    try:
        pl.DataFrame({column: [None]}, schema={column: dtype}).select(breaks)
    except pl.exceptions.PolarsError as error:
        reason = " ".join(str(error).partition("This error")[0].split())
        raise DeclarationError(f"{what} cannot be asked of {dtype}: {reason}", "mend the check or the type") from error


def _distinct(rules: list[Rule], where: str) -> tuple[Rule, ...]:
    named = {(rule.column, rule.name): rule for rule in rules}
    if twice := [rule for rule in rules if named[rule.column, rule.name] is not rule]:
        raise DeclarationError(f"{where}.{twice[0].column}: two checks are called {twice[0].name}", "keep one of them")
    return tuple(rules)
