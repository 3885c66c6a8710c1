"""Tables whose rows keep the numbers that they have in their sources, through what `events.py` makes of them.

Beside its own columns each has one for every table, with the number of the row that it was made from. They stay where a
frame selects other columns, and a join keeps those of both sides; a group has none. They are bytes, which no filling of
nulls and no arithmetic over all columns takes for its own.
"""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from interlock.frames import ROW

MARK, OTHER = "__row_", "__other"


class Numbered(pl.LazyFrame):
    """A lazy frame that does not lose row numbers."""

    def select(self, *exprs: Any, **named: Any) -> pl.LazyFrame:
        there = super().select(*exprs, **named).collect_schema()
        return super().select(*exprs, *(name for name in _marks(self) if name not in there), **named)

    def unique(self, subset: Any = None, *, keep: Any = "any", maintain_order: bool = False) -> pl.LazyFrame:
        marks = _marks(self)
        own = [name for name in self.collect_schema() if name not in marks] if subset is None else subset
        if keep == "any":  # the least number, that it is the same in every run
            return pl.LazyFrame.unique(self.sort(marks, maintain_order=True), own, keep="first", maintain_order=True)
        return super().unique(own, keep=keep, maintain_order=maintain_order)

    def join(self, other: pl.LazyFrame, *arguments: Any, **options: Any) -> pl.LazyFrame:
        return _joined(super().join, self, other, *arguments, **options)

    def join_asof(self, other: pl.LazyFrame, *arguments: Any, **options: Any) -> pl.LazyFrame:
        return _joined(super().join_asof, self, other, *arguments, **options)

    def group_by(self, *by: Any, **options: Any) -> Any:
        return pl.LazyFrame.group_by(self.drop(_marks(self)), *by, **options)

    def group_by_dynamic(self, *by: Any, **options: Any) -> Any:
        return pl.LazyFrame.group_by_dynamic(self.drop(_marks(self)), *by, **options)

    def rolling(self, *by: Any, **options: Any) -> Any:
        return pl.LazyFrame.rolling(self.drop(_marks(self)), *by, **options)


def numbered(tables: Mapping[str, pl.LazyFrame]) -> dict[str, pl.LazyFrame]:
    """The tables, each with its row numbers under a name that no other has."""
    found: dict[str, pl.LazyFrame] = {}
    own = pl.col(ROW).cast(pl.String).str.zfill(19).cast(pl.Binary)
    for name, rows in tables.items():
        marks = [(own if other == name else pl.lit(None, pl.Binary)).alias(f"{MARK}{other}") for other in tables]
        found[name] = Numbered._from_pyldf(rows.with_columns(marks)._ldf)
    return found


def numbers(made: pl.DataFrame) -> pl.DataFrame:
    """The row numbers in what was made of tables: a column for each table that any row came from."""
    marks = [name for name in made.columns if name.startswith(MARK) and made.schema[name] == pl.Binary]
    found = made.select(pl.col(name).cast(pl.String).cast(pl.Int64).alias(name.removeprefix(MARK)) for name in marks)
    return found.select(name for name in found.columns if found[name].null_count() < found.height)


def _joined(join: Callable[..., pl.LazyFrame], mine: pl.LazyFrame, other: pl.LazyFrame, *arguments: Any, **options: Any) -> pl.LazyFrame:
    """What `join` makes of both, with the numbers of either side."""
    made = join(other.rename({name: f"{name}{OTHER}" for name in _marks(other)}), *arguments, **options)
    both = [name for name in _marks(mine) if f"{name}{OTHER}" in made.collect_schema()]
    kept = made.with_columns(pl.coalesce(name, f"{name}{OTHER}").alias(name) for name in both)
    return kept.drop([f"{name}{OTHER}" for name in both])


def _marks(frame: pl.LazyFrame) -> list[str]:
    return [name for name in frame.collect_schema() if name.startswith(MARK) and not name.endswith(OTHER)]
