"""A line of a use case while it is read: every mistake in it is told with the place where it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from interlock.errors import DeclarationError
from interlock.features import expressions
from interlock.features.dtypes import dtype_text
from interlock.features.expressions import Node

Types = Mapping[str, pl.DataType]
WHOLE = (["op", "floor_divide"], ["op", "modulo"])
SUMS = (["op", "plus"], ["op", "minus"])


@dataclass(frozen=True)
class Line:
    """Where a declaration stands, and the columns of the outcome, which no declaration may name."""

    place: str
    secret: frozenset[str] = frozenset()

    def wrong(self, found: str, remedy: str) -> DeclarationError:
        return DeclarationError(f"{self.place}: {found}", remedy)

    def parse(self, expression: pl.Expr) -> Node:
        """The normal form of `expression`; raises DeclarationError where it is not row-wise."""
        try:
            return expressions.parse(expression)
        except DeclarationError as error:
            raise self.wrong(error.found, error.remedy) from error

    def type(self, node: Node, types: Types) -> pl.DataType:
        """The type of `node` over columns of `types`, as Polars finds it without a row."""
        for column in sorted(expressions.columns(node)):
            if column not in types:
                raise self.unknown(column, types)
        try:
            found = pl.DataFrame(schema=dict(types)).select(expressions.build(node).alias("x")).schema["x"]
            dtype_text(found)
        except (pl.exceptions.PolarsError, DeclarationError) as error:
            raise self.wrong(f"{expressions.show(node)}: {error}", "make the types of both sides fit") from error
        for part in expressions.within(node):
            self._alike(part, types)
        return found

    def _alike(self, part: Node, types: Types) -> None:
        """Raise DeclarationError where Polars computes one row in another way than many."""
        said = f"{expressions.show(part)} on floats differs between one row and many"
        if part[:2] in WHOLE and any(self.type(side, types).is_float() for side in part[2:]):
            raise self.wrong(said, "divide and take .floor(), or use whole numbers")
        nothing = part[:2] in SUMS and any(side[0] == "lit" and side[2] == 0 for side in part[2:])
        if nothing and any(self.type(side, types).is_float() for side in part[2:]):
            raise self.wrong(f"{said}, in the sign of zero", "leave the 0 out; for 0 - x write -x")

    def condition(self, expression: pl.Expr | None, types: Types) -> Node | None:
        """The normal form of a filter; raises DeclarationError where it is no condition."""
        if expression is None:
            return None
        node = self.parse(expression)
        if self.type(node, types) != pl.Boolean:
            raise self.wrong("where= is not a condition", 'compare something, such as col("kind") == "login"')
        return node

    def time(self, expression: pl.Expr | None, types: Types) -> Node | None:
        """The normal form of a moment; raises DeclarationError where it is no time in UTC."""
        if expression is None:
            return None
        node = self.parse(expression)
        if (found := self.type(node, types)) != pl.Datetime("us", "UTC"):
            said = f"{expressions.show(node)} is {found}, not a time in UTC microseconds"
            raise self.wrong(said, 'convert it: .dt.convert_time_zone("UTC")')
        return node

    def unknown(self, column: str, known: Iterable[str]) -> DeclarationError:
        if column in self.secret:
            return self.wrong(f"{column} is the outcome, which no feature may read", "leave it out")
        return self.wrong(f"there is no column {column} here", f"there are: {', '.join(known)}")
