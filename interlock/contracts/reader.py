"""The contract of a table, read out of its Pandera model; what cannot be kept here is refused, never skipped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from interlock.contracts import stated
from interlock.contracts.rules import CHECKS, RANGES, Contract, Group, Rule, Whole, missing
from interlock.errors import DeclarationError
from interlock.frames import ROW
from interlock.terms import Keep, Row, Share, Term, Unique
from interlock.usecase import Table

NULL, DUPLICATE, DUPLICATES = "not_nullable", "field_uniqueness", "multiple_fields_uniqueness"
UNSUPPORTED = {
    "model": ("coerce", "ordered", "drop_invalid_rows", "add_missing_columns", "dtype", "parsers", "checks"),
    "column": ("coerce", "regex", "default", "parsers"),
    "check": ("raise_warning",),
}


def read(table: Table) -> Contract:
    """The contract of `table`; raises DeclarationError where its model or its terms say what is not supported, or cannot be."""
    where = f"{table.model.__module__.replace('.', '/')}.py: {table.model.__name__}"
    schema, key = _schema(table, where), table.key
    types = {name: _type(column, f"{where}.{name}") for name, column in schema.columns.items()}
    copies = list(_copies(schema, key, table.keep))
    _known([*key, *(name for group in copies for name in group.columns)], types, where)
    required = frozenset(name for name, column in schema.columns.items() if column.required or name in key)
    columns = schema.columns.items()
    values = [rule for name, column in columns for rule in _rules(column, types[name], name in key, f"{where}.{name}")]
    terms = stated.verified(table, types)
    said = stated.graded([*values, *copies], terms, table)
    rules = [
        *(rule for rule in said if isinstance(rule, Rule)),
        *(stated.rule_of(term, types) for term in terms if isinstance(term, Row | Share)),
    ]
    groups = [*(rule for rule in said if isinstance(rule, Unique)), *(term for term in terms if isinstance(term, Group))]
    whole = [term for term in terms if isinstance(term, Whole)]
    _distinct([*rules, *groups, *whole], where)
    return Contract(table.name, types, required, schema.strict is True, tuple(rules), tuple(groups), tuple(whole))


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


def _type(column: Any, where: str) -> Any:
    _supported(column, "column", where)
    dtype = column.dtype and column.dtype.type
    if dtype is None or dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Null):
        raise DeclarationError(f"{where}: a column of type {dtype} has no rules", "declare numbers, text, booleans, times or categories")
    if dtype.is_decimal() or dtype == pl.Categorical:
        instead = "pl.Int64 of the smallest unit, or float" if dtype.is_decimal() else "str with isin=[…], or pl.Enum([…])"
        raise DeclarationError(f"{where}: a column of type {dtype} cannot be held to in a request", f"declare {instead}")
    return dtype


def _copies(schema: Any, key: tuple[str, ...], keep: Keep) -> Iterator[Unique]:
    """Each unique column, and each set of columns that none of them makes unique already."""
    single = [name for name, column in schema.columns.items() if column.unique]
    yield from (Unique(name=DUPLICATE, columns=(name,), keep=keep) for name in single)
    listed = schema.unique or []
    several = [listed] if listed and isinstance(listed[0], str) else listed
    for columns in dict.fromkeys([*map(tuple, several), key]):
        if columns and not set(single) & set(columns):
            yield Unique(name=DUPLICATES if len(columns) > 1 else DUPLICATE, columns=columns, keep=keep)


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
        yield Rule(name=NULL, columns=(column.name,), breaks=missing(values, dtype))
    for check in column.checks:
        _supported(check, "check", where)
        breaks = ~_holds(check, values, where)
        breaks = breaks | values.is_nan() if floating and check.name in RANGES else breaks
        breaks = breaks if check.ignore_na else breaks | values.is_null()
        _evaluates(breaks, column.name, dtype, f"{where}: {check.error or check.name}")
        yield Rule(name=check.error or check.name, columns=(column.name,), breaks=breaks)


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


def _distinct(rules: Sequence[Term], where: str) -> None:
    seen: set[tuple[str, str]] = set()
    for rule in rules:
        if (rule.column, rule.name) in seen:
            raise DeclarationError(f"{where}.{rule.column}: two checks are called {rule.name}", "keep one of them, or give it another name")
        seen.add((rule.column, rule.name))
