"""A line of a use case while it is read: every mistake in it is told with the place where it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from interlock.dtypes import dtype_text
from interlock.errors import DeclarationError
from interlock.features import expressions
from interlock.features.expressions import Node

Types = Mapping[str, pl.DataType]
WHOLE = {"floor_divide", "modulo"}
SUMS = {"plus", "minus"}
PRODUCTS = SUMS | {"times"}
NARROW = (pl.Int8, pl.Int16, pl.UInt8, pl.UInt16)


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
        for part in expressions.within(node):
            if part[0] == "op":
                self._exact(part, types)
        return self._found(node, types)

    def _found(self, node: Node, types: Types) -> pl.DataType:
        try:
            found = pl.DataFrame(schema=dict(types)).select(expressions.build(node).alias("x")).schema["x"]
            dtype_text(found)
        except (pl.exceptions.PolarsError, DeclarationError) as error:
            raise self.wrong(f"{expressions.show(node)}: {error}", "make the types of both sides fit") from error
        return found

    def _exact(self, part: Node, types: Types) -> None:
        """Raise DeclarationError where Polars computes one row in another way than many, or where whole numbers wrap silently."""
        _, name, *sides = part
        said, found = expressions.show(part), self._found(part, types)
        floats = any(self._found(side, types).is_float() for side in sides)
        if name in WHOLE and floats:
            raise self.wrong(f"{said} on floats differs between one row and many", "divide and take .floor(), or use whole numbers")
        if name in SUMS and floats and any(side[0] == "lit" and side[2] == 0 for side in sides):
            raise self.wrong(f"{said} differs between one row and many in the sign of zero", "leave the 0 out; for 0 - x write -x")
        if name in PRODUCTS and found in NARROW:
            raise self.wrong(f"{said} in {found} could wrap", "cast to pl.Int64 first")
        if name == "minus" and found.is_unsigned_integer():
            raise self.wrong(f"{said} in {found} would wrap below zero", "cast to pl.Int64 first")

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
