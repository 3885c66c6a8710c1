"""What a table must be, as plain objects: rules over one row, rules over groups of rows, columns and types.

A rule has the name that Pandera gives it, and so has each check; what is not in CHECKS cannot be declared.
"""

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from interlock.terms import Constant, Every, Refers, Rows, Stable, Term, Unique

Group: TypeAlias = Unique | Constant | Refers
Whole: TypeAlias = Rows | Every | Stable
IDENTITY = ("not_nullable", "field_uniqueness", "multiple_fields_uniqueness")


@dataclass(frozen=True, kw_only=True)
class Rule(Term):
    """What every row must satisfy; `breaks` is a row-wise expression, True where a row does not."""

    breaks: pl.Expr


@dataclass(frozen=True)
class Contract:
    """What a table must be. `required` columns must be there; a `closed` contract allows no others than those of `types`.

    Rules are about one row each, groups about rows that stay in common, and `whole` about the table.
    """

    table: str
    types: Mapping[str, Any]
    required: frozenset[str]
    closed: bool
    rules: tuple[Rule, ...]
    groups: tuple[Group, ...]
    whole: tuple[Whole, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The columns that say which row it is, here or in another table."""
        named = (group.columns for group in self.groups if isinstance(group, Refers) or group.name in IDENTITY)
        return frozenset(name for columns in named for name in columns)


def missing(values: pl.Expr, dtype: Any) -> pl.Expr:
    """True where there is no value: null and, among floats, NaN."""
    return values.is_null() | values.is_nan() if dtype.is_float() else values.is_null()


def verdict(rule: Term, share: float | None) -> str:
    """What comes of a `share` of rows that break `rule`: pass, warn or fail; where it could not be told, it is not kept."""
    if share is not None and share <= rule.tolerate:
        return "pass"
    return "warn" if rule.severity == "warn" else "fail"


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
