"""What a table must be, as plain objects: rules over one row, rules over groups of rows, columns and types.

A rule has the name that Pandera gives it, and so has each check; what is not in CHECKS cannot be declared.
"""

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Rule:
    """What every row must satisfy; `breaks` is a row-wise expression, True where a row does not."""

    name: str
    column: str
    breaks: pl.Expr


@dataclass(frozen=True)
class Unique:
    """Columns of which no two rows hold the same values; the first row by source row number stays."""

    name: str
    columns: tuple[str, ...]

    @property
    def column(self) -> str:
        """The columns as one text, as the ledger names them."""
        return ", ".join(self.columns)


@dataclass(frozen=True)
class Contract:
    """What a table must be. `required` columns must be there; a `closed` contract allows no others than those of `types`."""

    table: str
    types: Mapping[str, Any]
    required: frozenset[str]
    closed: bool
    rules: tuple[Rule, ...]
    groups: tuple[Unique, ...]


def _range(column: pl.Expr, min_value: Any, max_value: Any, include_min: bool, include_max: bool) -> pl.Expr:
    lower: pl.Expr = column >= min_value if include_min else column > min_value
    upper: pl.Expr = column <= max_value if include_max else column < max_value
    return lower & upper


def _length(column: pl.Expr, min_value: int | None = None, max_value: int | None = None, exact_value: int | None = None) -> pl.Expr:
    length = column.str.len_chars()
    if exact_value is not None:
        return length == exact_value
    bounds = [bound(length, value) for bound, value in ((operator.ge, min_value), (operator.le, max_value)) if value is not None]
    both: pl.Expr = functools.reduce(operator.and_, bounds)
    return both


def _text(pattern: Any) -> str:
    return str(getattr(pattern, "pattern", pattern))


# NOTE: NaN breaks these five: Polars orders it above every number, and Pandera lets it pass a lower bound.
RANGES: dict[str, Callable[..., pl.Expr]] = {
    "greater_than": lambda column, min_value: column > min_value,
    "greater_than_or_equal_to": lambda column, min_value: column >= min_value,
    "less_than": lambda column, max_value: column < max_value,
    "less_than_or_equal_to": lambda column, max_value: column <= max_value,
    "in_range": _range,
}
CHECKS: dict[str, Callable[..., pl.Expr]] = RANGES | {
    "equal_to": lambda column, value: column == value,
    "not_equal_to": lambda column, value: column != value,
    "isin": lambda column, allowed_values: column.is_in(list(allowed_values)),
    "notin": lambda column, forbidden_values: ~column.is_in(list(forbidden_values)),
    "str_length": _length,
    "str_matches": lambda column, pattern: column.str.contains(f"^(?:{_text(pattern)})"),
    "str_contains": lambda column, pattern: column.str.contains(_text(pattern)),
    "str_startswith": lambda column, string: column.str.starts_with(string),
    "str_endswith": lambda column, string: column.str.ends_with(string),
}
