"""What a draft is made of: which table plays which part, and what was left out for which reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

import polars as pl

from interlock.drafting import names
from interlock.drafting.columns import Column
from interlock.drafting.given import Given

Kind: TypeAlias = Literal["binary", "multiclass", "regression"]
Role: TypeAlias = Literal["reference", "history", "unused"]
Asks: TypeAlias = Callable[[str, str, Sequence[str]], str]  # question, guess, what may be answered (empty: any text)
FEW = 3


@dataclass(frozen=True)
class Note:
    """A guess in one line, and whether it was sure."""

    said: str
    sure: bool = True


@dataclass
class Choices:
    """What was told by flags, how the rest is asked for, and every guess that was made."""

    told: Mapping[str, str]
    asks: Asks
    notes: list[Note] = field(default_factory=list)

    def choose(self, what: str, question: str, guess: str, options: Sequence[str] = (), *, sure: bool = False) -> str:
        """What was told, or else the guess where it is `sure`, or what is answered."""
        if what in self.told:
            return self.told[what]
        return guess if sure else self.asks(question, guess, options)

    def note(self, said: str, *, sure: bool = True) -> None:
        self.notes.append(Note(said, sure))


@dataclass(frozen=True)
class Label:
    """The column that is learned, and what it means; of a class of a few rows there is no outcome."""

    table: str
    column: Column
    kind: Kind
    name: str
    positive: Any = None
    classes: tuple[Any, ...] = ()
    rare: tuple[Any, ...] = ()

    @property
    def values(self) -> pl.Series:
        """The labels, null where there is no outcome."""
        values = self.column.values
        return pl.select(pl.when(~values.is_in(list(self.rare))).then(values)).to_series().alias(values.name) if self.rare else values


@dataclass(frozen=True)
class Part:
    """A table beside that of the label: its role, its key as pairs (column there, column of the request), its times."""

    given: Given
    columns: Mapping[str, Column]
    role: Role
    by: tuple[tuple[str, str], ...] = ()
    fixed: tuple[str, ...] = ()
    time: str = ""
    available: str = ""
    lateness: str = "0s"
    id: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """Earlier labels of the same entity: the entity's columns, and when a label was known."""

    by: tuple[str, ...]
    windows: tuple[str, str]


@dataclass(frozen=True)
class Plan:
    """Everything that the drafted files say. `doubted` is read, and may tell too much; `key` is empty where rows are told apart by their number alone."""

    name: str
    given: Given
    columns: Mapping[str, Column]
    label: Label
    key: tuple[str, ...]
    time: str | None
    moment: datetime | None
    horizon: str | None
    label_time: str | None
    asked: tuple[str, ...]
    joins: tuple[str, ...]
    left: Mapping[str, str]
    parts: tuple[Part, ...]
    past: Past | None
    windows: Mapping[str, tuple[str, str]]
    split: str
    slices: tuple[str, ...]
    minimum: int
    protected: tuple[str, ...]
    small: Mapping[str, float]
    doubted: Mapping[str, str] = field(default_factory=dict)

    @property
    def label_nan(self) -> bool:
        """Whether some labels are NaN, which stands for none."""
        values = self.given.frame[self.label.column.name]
        return values.dtype == pl.Float64 and bool(values.is_nan().any())

    @property
    def tables(self) -> tuple[Given, ...]:
        """The tables that are used, that of the label last."""
        return (*(part.given for part in self.parts), self.given)

    @property
    def shares_columns(self) -> bool:
        """Whether the request and the label's table have so many columns in common that they stand in a class of their own."""
        return len(self.known) > FEW

    @property
    def as_of(self) -> str | None:
        """The request's column of the moment at which it is asked."""
        return names.distinct("as_of", self.columns) if self.moment else self.time

    @property
    def row(self) -> str:
        """The request's column of the number of a row, where nothing else tells rows apart."""
        return names.distinct("row", self.columns)

    @property
    def by(self) -> tuple[str, ...]:
        """The request's key, less the moment."""
        return tuple(name for name in self.key if name != self.time) or (self.row,)

    @property
    def known(self) -> tuple[str, ...]:
        """The columns of the label's table that a request has, in the table's order."""
        wanted = {*self.key, *([self.time] if self.time else []), *self.asked, *self.joins}
        return tuple(name for name in self.columns if name in wanted)
