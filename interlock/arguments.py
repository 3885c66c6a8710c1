"""The arguments of declarations, held to their types: a mistake is a DeclarationError with the line where it stands."""

from collections.abc import Mapping
from typing import Any, cast, get_args

import polars as pl

from interlock.errors import DeclarationError, shown
from interlock.loading import demand, place
from interlock.terms import Keep, Term


def names(value: Any, what: str) -> tuple[str, ...]:
    """A name, or several, as a tuple."""
    expected = "a column by its name, or a list of them"
    found = (value,) if isinstance(value, str) else tuple(demand(what, value, (list, tuple, Mapping), expected))
    for name in found:
        demand(what, name, str, expected)
    return found


def expr(value: Any, what: str) -> pl.Expr:
    """An expression; a name stands for the column."""
    found = pl.col(value) if isinstance(value, str) else value
    return cast("pl.Expr", demand(what, found, pl.Expr, 'a column by its name, or an expression such as col("time")'))


def text(value: Any, what: str) -> str | None:
    """A column's name, or None."""
    return cast("str | None", demand(what, value, (str, type(None)), "a column by its name, or None"))


def terms(rules: Any) -> tuple[Term, ...]:
    """The rules of a contract beyond its model."""
    expected = "a list of terms of interlock.terms, such as rules=[rows(1_000)], or leave rules= out"
    return tuple(demand("rules", rule, Term, expected) for rule in demand("rules", rules, (list, tuple), expected))


def mapping(value: Any, what: str, kind: type) -> dict[str, Any]:
    """A dictionary of what is of one `kind`, by name."""
    expected = f"a dictionary of {'expressions' if kind is pl.Expr else 'fixed(…)'} by name"
    found = dict(demand(what, {} if value is None else value, Mapping, expected))
    return {demand(what, name, str, expected): demand(f"{what}[{name!r}]", each, kind, expected) for name, each in found.items()}


def kept(keep: Any) -> Keep:
    """Which of two copies stays."""
    if keep not in get_args(Keep):
        raise DeclarationError(f"{place()}: keep is {shown(keep)}", 'write "first" or "last", the one of two copies that stays')
    return cast("Keep", keep)
