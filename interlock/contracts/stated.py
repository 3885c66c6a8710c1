"""The terms that a table's decorator states beside its Pandera model, held against its columns and their types."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import polars as pl

from interlock.contracts.expressions import row_wise, unsafe
from interlock.contracts.rules import IDENTITY, Rule, missing
from interlock.durations import microseconds
from interlock.errors import DeclarationError
from interlock.terms import Constant, Every, Graded, Refers, Row, Rows, Share, Stable, Term, Unique
from interlock.usecase import Table, table_of

Types = Mapping[str, Any]
Named = TypeVar("Named", bound=Term)
SEVERITIES = ("fail", "quarantine", "warn")
WHOLE = (Share, Rows, Every, Stable)
ALONE = (Row, Share, Graded)


def verified(table: Table, types: Types) -> list[Term]:
    """The terms of `table`, with keys filled in; raises DeclarationError that names file, model, rule and remedy."""
    return [_verified(term, table, types) for term in table.rules]


def rule_of(term: Row | Share, types: Types) -> Rule:
    """The row rule that a term comes to: what breaks it, row by row."""
    if isinstance(term, Row):
        breaks = ~term.holds
    elif term.isin is not None:
        breaks = ~pl.col(term.column).is_in(list(term.isin))
    else:
        breaks = missing(pl.col(term.column), types[term.column])
    return Rule(name=term.name, columns=term.columns, severity=term.severity, tolerate=term.tolerate, place=term.place, breaks=breaks)


def graded(rules: list[Named], terms: list[Term], table: Table) -> list[Named]:
    """`rules` of the model with the severities that `terms` state for them; raises DeclarationError where there is no such rule."""
    said: set[tuple[tuple[str, ...], str]] = set()
    for grade in (term for term in terms if isinstance(term, Graded)):
        if (grade.columns, grade.name) in said:
            raise wrong(grade, table, "its severity is stated twice", "keep one of them")
        said.add((grade.columns, grade.name))
        meant = [rule for rule in rules if rule.columns == grade.columns and rule.name.partition("(")[0] == grade.name]
        if not meant:
            there = [rule.name.partition("(")[0] for rule in rules if rule.columns == grade.columns]
            raise wrong(grade, table, "the model has no such rule", f"of these columns it has: {', '.join(there) or 'none'}")
        keeps = grade.severity == "warn" or (grade.severity == "fail" and grade.tolerate > 0)
        if keeps and set(grade.columns) <= set(table.key) and grade.name in IDENTITY:
            raise wrong(
                grade, table, "a row without a key of its own cannot stay", "let it be set aside, or fail without a tolerated share"
            )
        rules = [replace(rule, severity=grade.severity, tolerate=grade.tolerate) if rule in meant else rule for rule in rules]
    return rules


def wrong(term: Term, table: Table, found: str, remedy: str) -> DeclarationError:
    """The error of a mistake in a term: where it stands, its model and its name."""
    columns = ", ".join(map(str, term.columns))
    return DeclarationError(f"{term.place}: {table.model.__name__}: {term.name} ({columns}): {found}", remedy)


def _verified(term: Term, table: Table, types: Types) -> Term:
    if not isinstance(term, Term):
        raise DeclarationError(f"{table.model.__name__}: rules= holds {term!r}", "write terms there, such as row(…) or nulls(…)")
    if isinstance(term, Row):
        term = replace(term, columns=_read_by(term, table))
    _sound(term, table)
    for name in term.columns:
        if name not in types:
            raise wrong(term, table, f"{name!r} is not among the columns", f"they are: {', '.join(types)}")
    check = CHECKED.get(type(term))
    return check(term, table, types) if check else term


def _sound(term: Term, table: Table) -> None:
    """What is asked of every term: a severity, a share, and a kind that the table may have."""
    if term.severity not in SEVERITIES:
        raise wrong(term, table, f"severity is {term.severity!r}", f"it is one of {', '.join(SEVERITIES)}")
    if isinstance(term, WHOLE) and term.severity == "quarantine":
        raise wrong(term, table, "a rule about the whole table sets no row aside", "its severity is fail or warn")
    if isinstance(term.tolerate, bool) or not isinstance(term.tolerate, int | float) or not 0 <= term.tolerate <= 1:
        raise wrong(term, table, f"the share {term.tolerate!r} is not from 0 to 1", "write a share of rows, such as 0.01")
    if table.part in {"request", "outcome"} and not isinstance(term, ALONE):
        raise wrong(term, table, f"a rule of one {table.part} cannot look at other rows", "state it on the table that it comes from")
    if odd := [name for name in term.columns if not isinstance(name, str)]:
        raise wrong(term, table, f"{odd[0]!r} is no name of a column", "name columns by their texts")
    if len(set(term.columns)) < len(term.columns) and not isinstance(term, Row):
        raise wrong(term, table, "it names a column twice", "name each once")
    if not term.columns and not isinstance(term, Rows):
        raise wrong(term, table, "it names no column", "name the columns it is about")


def _read_by(term: Row, table: Table) -> tuple[str, ...]:
    """The columns that the expression of a row rule reads; raises DeclarationError where it looks at other rows."""
    if not isinstance(term.holds, pl.Expr):
        raise wrong(term, table, f"{term.holds!r} is no expression", 'write one over columns, such as col("a") <= col("b")')
    try:
        alone = not term.holds.meta.has_multiple_outputs() and row_wise(term.holds)
    except pl.exceptions.PolarsError as error:
        raise wrong(term, table, "a Python function cannot be part of a rule", "write it with Polars expressions") from error
    if not alone:
        raise wrong(term, table, "the expression is not one of a single row", "compare columns of one row; for other rows: unique, refers")
    return tuple(dict.fromkeys(term.holds.meta.root_names()))


def _row(term: Row, table: Table, types: Types) -> Row:
    if type(term.name) is not str or not term.name.strip():
        raise wrong(term, table, f"its name is {term.name!r}", "name it: the ledger and the report do")
    _evaluates(term, term.holds, table, types)
    if found := unsafe(term.holds, {name: types[name] for name in term.columns}):
        raise wrong(term, table, *found)
    return term


def _share(term: Share, table: Table, types: Types) -> Share:
    if term.isin is not None:
        if isinstance(term.isin, str) or not term.isin:
            raise wrong(term, table, f"isin is {term.isin!r}", 'list the values, such as isin=["CHF", "EUR"]')
        try:
            domain = pl.Series(term.isin, dtype=types[term.columns[0]], strict=True)
        except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
            raise wrong(term, table, f"isin holds what is not {types[term.columns[0]]}", "list values of the column's type") from error
        _evaluates(term, pl.col(term.columns[0]).is_in(domain.to_list()), table, types)
    return term


def _evaluates(term: Term, holds: pl.Expr, table: Table, types: Types) -> None:
    nothing = pl.DataFrame({name: [None] for name in term.columns}, schema={name: types[name] for name in term.columns})
    try:
        made = nothing.select(holds)
    except pl.exceptions.PolarsError as error:
        reason = " ".join(str(error).partition("This error")[0].split())
        raise wrong(term, table, f"it cannot be asked: {reason}", "mend the expression or the types") from error
    if made.shape != (1, 1) or made.dtypes != [pl.Boolean]:
        raise wrong(term, table, f"it gives {made.dtypes[0]} instead of true or false, one for each row", "write a comparison")


def _unique(term: Unique, table: Table, _: Types) -> Unique:
    if term.keep not in ("first", "last"):
        raise wrong(term, table, f"keep is {term.keep!r}", "of two copies the first or the last stays")
    return term


def _constant(term: Constant, table: Table, _: Types) -> Constant:
    if not term.by:
        raise wrong(term, table, "by= names no column", "name the columns that decide on its value")
    return term


def _refers(term: Refers, table: Table, types: Types) -> Refers:
    if not isinstance(getattr(term.to, "__table__", None), Table):
        raise wrong(term, table, f"to={term.to!r} plays no part", "refer to a model that a decorator made a table")
    there = table_of(term.to)
    keys = term.keys or there.key
    if there.part in {"request", "outcome"}:
        raise wrong(term, table, f"{there.name} are made from the tables, and cannot be referred to", "refer to a table")
    if len(keys) != len(term.columns) or not set(keys) <= set(there.types):
        raise wrong(
            term, table, f"the key of {there.name} is ({', '.join(there.key)})", 'name as many columns, or {"its column": "column here"}'
        )
    columns = there.model.to_schema().columns
    for mine, theirs in zip(term.columns, keys, strict=True):
        if theirs not in there.key and not columns[theirs].required:
            raise wrong(term, table, f"{there.name}.{theirs} is optional: it may not be there to refer to", "refer to columns that are")
        if types[mine] != there.types[theirs]:
            raise wrong(term, table, f"{mine} is {types[mine]}, {there.name}.{theirs} is {there.types[theirs]}", "make the types equal")
    return replace(term, keys=keys, to=there.name, name=f"refers({there.name})")


def _rows(term: Rows, table: Table, _: Types) -> Rows:
    bounds = [bound for bound in (term.least, term.most) if bound is not None]
    if not bounds and term.shrink is None:
        raise wrong(term, table, "it states no bound", "write rows(least, most), rows(shrink=0.1) or both")
    if any(type(bound) is not int or bound < 0 for bound in bounds) or bounds != sorted(bounds):
        raise wrong(term, table, f"{term.least!r} to {term.most!r} is no band of counts", "write whole numbers, the lower one first")
    if term.shrink is not None and (type(term.shrink) not in (int, float) or not 0 <= term.shrink < 1):
        raise wrong(term, table, f"shrink is {term.shrink!r}", "write a share of rows, such as 0.1")
    return term


def _every(term: Every, table: Table, types: Types) -> Every:
    if not isinstance(types[term.columns[-1]], pl.Datetime):
        raise wrong(term, table, f"{term.columns[-1]} is {types[term.columns[-1]]} and no moment", "name a column of moments")
    if not isinstance(term.step, str) or not microseconds(term.step):
        raise wrong(term, table, f"{term.step!r} is not a length of time", 'write a whole number and a unit, such as "1h"')
    return term


def _stable(term: Stable, table: Table, types: Types) -> Stable:
    dtype = types[term.columns[0]]
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.String) or dtype == pl.Enum):
        raise wrong(term, table, f"a column of type {dtype} has no distribution here", "name a column of numbers, texts or booleans")
    if type(term.minimum) is not int or term.minimum < 1:
        raise wrong(term, table, f"minimum is {term.minimum!r}", "write a number of rows")
    return term


CHECKED: dict[type, Callable[[Any, Table, Types], Term]] = {
    Row: _row,
    Share: _share,
    Unique: _unique,
    Constant: _constant,
    Refers: _refers,
    Rows: _rows,
    Every: _every,
    Stable: _stable,
}
