"""How features are written: views of histories and references, and expressions on demand.

>>> from interlock.usecase import col
>>> on_demand(col("distance") / 60, "Distance in hours at a mile a minute").about.description
'Distance in hours at a mile a minute'
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import pandera.polars as pa
import polars as pl

from interlock.errors import DeclarationError
from interlock.features.featureset import About, Statistic
from interlock.loading import demand, place
from interlock.usecase import By, History, Table, duration, pairs, table_of

Expect = Sequence[float]
CONDITION = 'a condition, such as col("kind") == "payment"'
Severity = Literal["warn", "fail"]


@dataclass(frozen=True, eq=False)
class Declared:
    """A feature as written: its kind, what decides its values, what people should know, and where it stands."""

    kind: str
    about: About
    place: str
    what: dict[str, Any] = field(default_factory=dict)


MADE: list[Declared] = []
MEASURED = {"sum", "mean", "std"}


@dataclass(frozen=True)
class View:
    """The rows of a history, or of a reference, that belong to one entity: those whose keys equal the request's."""

    of: History | Table
    keys: tuple[tuple[str, str], ...]
    where: pl.Expr | None
    place: str

    def lookup(self, column: str, description: str = "", **about: Any) -> Declared:
        """The fixed `column` of the reference."""
        if not isinstance(self.of, Table):
            raise DeclarationError(
                f"{place()}: a lookup reads a reference, not a history", "write view(…).latest(column, …) for the last value of a history"
            )
        if column not in self.of.fixed:
            raise DeclarationError(
                f"{place()}: {self.of.name}.{column} is not a fixed column, so it could leak the future",
                f"fixed are: {', '.join(self.of.fixed)}; make a history of what changes",
            )
        return _made("lookup", description, about, table=self.of, column=column, keys=self.keys)

    def latest(
        self, column: str | pl.Expr, description: str = "", *, max_age: str | None = None, ago: str = "0s", **about: Any
    ) -> Declared:
        """The value in the last row that was available before the request, null where it is older than `max_age`."""
        value = _value("column", column)
        oldest = None if max_age is None else duration(max_age)
        return _made("latest", description, about, **self._rows(), value=value, max_age=oldest, ago=duration(ago))

    def count(self, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """How many rows fall into the trailing window; 0 where there are none."""
        return self._window("count", None, window, description, ago, about)

    def sum(self, measure: str | pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The exact sum of `measure`, null where there is no value; floats say their decimal `places`."""
        return self._window("sum", measure, window, description, ago, about)

    def mean(self, measure: str | pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The mean of `measure`, null where there is no value; floats say their decimal `places`."""
        return self._window("mean", measure, window, description, ago, about)

    def std(self, measure: str | pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The sample standard deviation of `measure`, null below two values; floats say their decimal `places`."""
        return self._window("std", measure, window, description, ago, about)

    def share(self, condition: pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The share of rows for which `condition` holds, of those where it is known; null where there are none."""
        return self._window("share", condition, window, description, ago, about)

    def min(self, measure: str | pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The least value of `measure`, null where there is none."""
        return self._window("min", measure, window, description, ago, about)

    def max(self, measure: str | pl.Expr, window: str, description: str = "", *, ago: str = "0s", **about: Any) -> Declared:
        """The greatest value of `measure`, null where there is none."""
        return self._window("max", measure, window, description, ago, about)

    def _rows(self) -> dict[str, Any]:
        if not isinstance(self.of, History):
            raise DeclarationError(
                f"{place()}: {self.of.name} is a reference, which has no times to look back over", "write view(…).lookup(column, …)"
            )
        return {"history": self.of, "keys": self.keys, "where": self.where}

    def _window(self, statistic: Statistic, measure: Any, window: str, description: str, ago: str, about: dict[str, Any]) -> Declared:
        width, rows = duration(window), self._rows()
        if width < rows["history"].lateness:
            raise DeclarationError(
                f"{place()}: a window of {window} is shorter than the lateness of its history",
                "make the window longer, or state a smaller lateness",
            )
        if not width:
            raise DeclarationError(f"{place()}: a window of {window} holds nothing", 'write a length such as "7d"')
        stated = {key: about.pop(key) for key in ("places", "max_abs") if key in about and statistic in MEASURED}
        value = None if statistic == "count" else _value("measure", measure)
        return _made("window", description, about, **rows, statistic=statistic, measure=value, width=width, ago=duration(ago), **stated)


def view(of: History | type[pa.DataFrameModel], *, by: By | None = None, where: pl.Expr | None = None) -> View:
    """The rows of `of` that belong to one entity; `by` names the request's columns, or maps {column of `of`: request's}."""
    if where is not None:
        demand("where", where, pl.Expr, CONDITION)
    found = of if isinstance(of, History) else table_of(of)
    if isinstance(found, Table) and found.history is not None:
        found = found.history
    if isinstance(found, Table) and found.part != "reference":
        raise DeclarationError(
            f"{place()}: {found.name} is a {found.part}: features read references and histories", "declare a history of it: history(of=…)"
        )
    if isinstance(found, Table) and where is not None:
        raise DeclarationError(f"{place()}: a reference has one row a key, so `where` says nothing", "leave it out")
    return View(found, pairs(found.by if by is None else by), where, place())


def on_demand(expression: pl.Expr, description: str = "", **about: Any) -> Declared:
    """A row-wise expression over the request's columns and other features."""
    demand("expression", expression, pl.Expr, 'an expression, such as col("amount") / col("income")')
    return _made("on_demand", description, about, expression=expression)


def _value(what: str, said: Any) -> pl.Expr:
    value: pl.Expr = demand(what, pl.col(said) if isinstance(said, str) else said, pl.Expr, 'a column or an expression, such as "amount"')
    return value


def _made(kind: str, description: str, about: dict[str, Any], **what: Any) -> Declared:
    known = {"unit", "expect", "severity", "deprecated"} | ({"places", "max_abs"} if what.get("statistic") in MEASURED else set())
    if unknown := sorted(set(about) - known):
        raise DeclarationError(
            f"{place()}: {unknown[0]} is not an option of {what.get('statistic', kind)}", f"known are: {', '.join(sorted(known))}"
        )
    made = Declared(kind, _about({"description": description, **about}), place(), what)
    MADE.append(made)
    return made


def _about(said: dict[str, Any]) -> About:
    try:
        about = msgspec.convert(said, About)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{place()}: {error}", "mend the option that it names") from error
    if about.expect is not None and not about.expect[0] <= about.expect[1]:
        raise DeclarationError(f"{place()}: expect={about.expect} holds nothing", "write (least, greatest)")
    return about
