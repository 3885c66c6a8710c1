"""Tables whose rows keep the numbers that they have in their sources, through what `events.py` makes of them.

Beside its own columns each has one for every table, with the number of the row that it was made from. They stay where a
frame selects other columns, and a join keeps those of both sides; a group has none.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from interlock.frames import ROW

MARK, OTHER = "__row_", "__other"


class Numbered(pl.LazyFrame):
    """A lazy frame that does not lose row numbers."""

    def select(self, *exprs: Any, **named: Any) -> pl.LazyFrame:
        there = super().select(*exprs, **named).collect_schema()
        return super().select(*exprs, *(name for name in _marks(self) if name not in there), **named)

    def unique(self, subset: Any = None, **options: Any) -> pl.LazyFrame:
        marks = set(_marks(self))
        own = [name for name in self.collect_schema() if name not in marks] if subset is None else subset
        return super().unique(own, **options)

    def join(self, other: pl.LazyFrame, *arguments: Any, **options: Any) -> pl.LazyFrame:
        theirs = other.rename({name: f"{name}{OTHER}" for name in _marks(other)})
        made = super().join(theirs, *arguments, **options)
        both = [name for name in _marks(self) if f"{name}{OTHER}" in made.collect_schema()]
        kept = made.with_columns(pl.coalesce(name, f"{name}{OTHER}").alias(name) for name in both)
        return kept.drop([f"{name}{OTHER}" for name in both])


def numbered(tables: Mapping[str, pl.LazyFrame]) -> dict[str, pl.LazyFrame]:
    """The tables, each with its row numbers under a name that no other has."""
    found: dict[str, pl.LazyFrame] = {}
    for name, rows in tables.items():
        none = pl.lit(None, pl.Int64)
        marks = [(pl.col(ROW) if other == name else none).alias(f"{MARK}{other}") for other in tables]
        found[name] = Numbered._from_pyldf(rows.with_columns(marks)._ldf)
    return found


def numbers(made: pl.DataFrame) -> pl.DataFrame:
    """The row numbers in what was made of tables: a column for each table that any row came from."""
    marks = [name for name in made.columns if name.startswith(MARK) and made.schema[name] == pl.Int64]
    found = made.select(pl.col(name).alias(name.removeprefix(MARK)) for name in marks)
    return found.select(name for name in found.columns if found[name].null_count() < found.height)


def _marks(frame: pl.LazyFrame) -> list[str]:
    return [name for name in frame.collect_schema() if name.startswith(MARK) and not name.endswith(OTHER)]
