"""The terms of a contract that Pandera cannot say, for the `rules=` of the decorators in `schema.py`.

Each has a severity. `quarantine` sets the rows that break it aside, and fails the table where they are more than the
tolerated share; `fail` and `warn` keep them, and fail the table, or warn, where they are more than it. A share is
one of the rows that stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import polars as pl

from interlock.loading import place

Severity: TypeAlias = Literal["fail", "quarantine", "warn"]
Keep: TypeAlias = Literal["first", "last"]
Names: TypeAlias = str | Sequence[str]

# A table that loses more than one row in twenty is no longer the table that was sampled: what is left would be biased.
QUARANTINED = 0.05


@dataclass(frozen=True, kw_only=True)
class Term:
    """A rule by its name and the columns it is about; `tolerate` is the share of rows that may break it, `place` where it stands."""

    name: str
    columns: tuple[str, ...] = ()
    severity: Severity = "quarantine"
    tolerate: float = QUARANTINED
    place: str = field(default="", compare=False)

    @property
    def column(self) -> str:
        """The columns as one text, as the ledger names them."""
        return ", ".join(self.columns)


@dataclass(frozen=True, kw_only=True)
class Row(Term):
    """What holds in every row, across its columns."""

    holds: pl.Expr


@dataclass(frozen=True, kw_only=True)
class Share(Term):
    """The share of rows without a value or, where a domain `isin` is given, with one outside of it."""

    isin: tuple[Any, ...] | str | None = None


@dataclass(frozen=True, kw_only=True)
class Unique(Term):
    """Columns of which no two rows hold the same values; of copies the `keep` one by source row number stays.

    Pandera takes two nulls for the same value, SQL does not.
    """

    keep: Keep = "first"
    nulls_equal: bool = True


@dataclass(frozen=True, kw_only=True)
class Constant(Term):
    """A column that has one value, the most frequent, wherever the columns `by` are the same; null says nothing."""

    by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Refers(Term):
    """Columns whose values are the `keys` of a valid row of the table `to`; a row with a null among them refers to none."""

    to: Any
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rows(Term):
    """How many rows come: from `least` to `most`, and not fewer by the share `shrink` than were accepted."""

    least: int | None
    most: int | None
    shrink: float | None


@dataclass(frozen=True, kw_only=True)
class Every(Term):
    """A series of moments, one every `step`, for each value of the columns `by`."""

    step: str
    by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stable(Term):
    """A column distributed as in the accepted snapshot, up to the effect `tolerate`; `minimum` rows are needed to tell."""

    minimum: int


@dataclass(frozen=True, kw_only=True)
class Graded(Term):
    """Another severity and share for a rule that the Pandera model states, or that makes a key unique."""


def row(name: str, holds: pl.Expr, *, severity: Severity = "quarantine", tolerate: float | None = None) -> Row:
    """What must hold in every row: a row-wise expression over its columns. Null says nothing, as in Pandera."""
    return Row(name=name, holds=holds, **_stated(severity, tolerate))


def severity(column: Names, rule: str, severity: Severity, *, tolerate: float | None = None) -> Graded:
    """The severity of a rule of the Pandera model, by its name without the bracket, such as `str_matches` or `not_nullable`."""
    return Graded(name=rule, columns=names(column), **_stated(severity, tolerate))


def nulls(column: str, *, at_most: float, severity: Severity = "fail") -> Share:
    """The share of rows in which `column` has no value."""
    return Share(name="nulls", columns=(column,), **_stated(severity, at_most))


def outside(column: str, *, isin: Sequence[Any], at_most: float, severity: Severity = "fail") -> Share:
    """The share of rows in which `column` has a value that is not among `isin`."""
    return Share(name="outside", columns=(column,), isin=isin if isinstance(isin, str) else tuple(isin), **_stated(severity, at_most))


def unique(columns: Names, *, keep: Keep = "first", severity: Severity = "quarantine", tolerate: float | None = None) -> Unique:
    """No two rows with the same values of `columns`, beside the key; a row with a null among them is like no other."""
    return Unique(name="unique", columns=names(columns), keep=keep, nulls_equal=False, **_stated(severity, tolerate))


def constant(column: str, *, by: Names, severity: Severity = "quarantine", tolerate: float | None = None) -> Constant:
    """One value of `column`, the most frequent, wherever the columns `by` are the same."""
    return Constant(name="constant", columns=(*names(by), column), by=names(by), **_stated(severity, tolerate))


def refers(columns: Names | Mapping[str, str], *, to: Any, severity: Severity = "quarantine", tolerate: float | None = None) -> Refers:
    """`columns` hold the key of a valid row of the table `to`, or what `{"its column": "column here"}` says."""
    keys, here = (tuple(columns), tuple(columns.values())) if isinstance(columns, Mapping) else ((), names(columns))
    return Refers(name="refers", columns=here, to=to, keys=keys, **_stated(severity, tolerate))


def rows(least: int | None = None, most: int | None = None, *, shrink: float | None = None, severity: Severity = "fail") -> Rows:
    """The number of rows that come, and the share by which there may be fewer than in the accepted snapshot (0: never fewer)."""
    return Rows(name="rows", least=least, most=most, shrink=shrink, **_stated(severity, 0.0))


def every(time: str, step: str, *, by: Names = (), severity: Severity = "fail", tolerate: float = 0.0) -> Every:
    """One row every `step`, such as "1h", for each value of `by`; what is tolerated is a share of missing rows."""
    return Every(name="every", columns=(*names(by), time), step=step, by=names(by), **_stated(severity, tolerate))


def stable(column: str, *, at_most: float, minimum: int = 1000, severity: Severity = "fail") -> Stable:
    """`column` is distributed as in the accepted snapshot: their total variation distance is at most `at_most`."""
    return Stable(name="stable", columns=(column,), minimum=minimum, **_stated(severity, at_most))


def names(names: Names) -> tuple[str, ...]:
    """One name, or several, as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)


def _stated(severity: Severity, share: float | None) -> Any:
    tolerate = share if share is not None else QUARANTINED if severity == "quarantine" else 0.0
    return {"severity": severity, "tolerate": tolerate, "place": place()}
