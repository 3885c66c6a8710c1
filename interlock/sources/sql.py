"""The SQL that tables are read by: one statement that only reads, in an order that is total."""

# ruff: noqa: S608 - names are quoted, values are literals, and a query is the user's own, in a database that it may only read

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# Texts, quoted names, dollar-quoted texts and comments: whatever stands in them is no statement.
QUOTED = re.compile(
    r"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL
)
Mark = int | str


class Asked(Protocol):
    """What is asked for: a table or a query, in which order and up to where."""

    @property
    def table(self) -> str | None: ...
    @property
    def query(self) -> str | None: ...
    @property
    def order_by(self) -> Sequence[str]: ...
    @property
    def high_water(self) -> str | None: ...


@dataclass(frozen=True)
class Column:
    """A column of a result: its name, the expression that carries it over, and those that order by it.

    `exact` where it holds decimal numbers, which are carried over as their digits.
    """

    name: str
    value: str
    order: tuple[str, ...]
    exact: bool = False


def refusal(query: str) -> str:
    """Why `query` is not one statement that only reads, empty where it is one."""
    bare = re.sub(r"\s+", " ", QUOTED.sub(lambda found: " " if found[0][:2] in ("--", "/*") else "''", query)).strip()
    word = re.match(r"\w*", bare.lstrip("( "))
    if word is None or word[0].lower() not in ("select", "with"):
        return "does not begin with SELECT or WITH: a source is only read"
    if ";" in bare.removesuffix(";"):
        return "holds more than one statement: write one SELECT"
    depth = 0
    for sign in re.findall(r"[()]", bare):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return "closes a parenthesis that it did not open"
    return "leaves a parenthesis open" if depth else ""


def named(name: str, sign: str = '"') -> str:
    """`name` as an identifier, whatever it holds."""
    return sign + name.replace(sign, sign * 2) + sign


def text(value: str) -> str:
    """`value` as a text."""
    return "'" + value.replace("'", "''") + "'"


def literal(mark: Mark) -> str:
    return str(mark) if isinstance(mark, int) else text(mark)


def rows_of(asked: Asked, sign: str = '"') -> str:
    """What stands after FROM; a query on lines of its own, so that a comment at its end ends with it."""
    if asked.table is not None:
        return ".".join(named(part, sign) for part in asked.table.split("."))
    return f"(\n{(asked.query or '').rstrip().removesuffix(';')}\n) AS source"


def upto(bound: str | None, mark: Mark | None) -> str:
    """The condition that keeps the rows up to `mark`."""
    return f" WHERE {bound} <= {literal(mark)}" if bound is not None and mark is not None else ""


def counting(asked: Asked, mark: Mark | None, bound: str | None, sign: str = '"') -> str:
    """One row: how many `rows` there are, how many are `marked`, the greatest `mark`, and how many are `held` up to `mark`."""
    if bound is None:
        return f"SELECT count(*) AS n, count(*) AS marked, NULL AS mark, count(*) AS held FROM {rows_of(asked, sign)}"
    held = "count(*)" if mark is None else f"count(CASE WHEN {bound} <= {literal(mark)} THEN 1 END)"
    return f"SELECT count(*) AS n, count({bound}) AS marked, max({bound}) AS mark, {held} AS held FROM {rows_of(asked, sign)}"


def selecting(asked: Asked, columns: Sequence[Column], mark: Mark | None, bound: str | None, sign: str = '"') -> str:
    """The rows up to `mark`, ordered by `order_by` and then by every other column."""
    by_name = {column.name: column for column in columns}
    first = [by_name[name] for name in asked.order_by]
    order = [term for column in [*first, *(each for each in columns if each not in first)] for term in column.order]
    values = ", ".join(f"{column.value} AS {named(column.name, sign)}" for column in columns)
    return f"SELECT {values} FROM {rows_of(asked, sign)}{upto(bound, mark)} ORDER BY {', '.join(f'{term} NULLS FIRST' for term in order)}"
