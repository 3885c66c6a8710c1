"""A wide table made long: a row for each of its cells."""

import polars as pl

from interlock.errors import SourceError, listed
from interlock.sources.columns import named
from interlock.sources.spec import Table

MEND = "mend unpivot in conf/usecase/"


def long(name: str, frame: pl.DataFrame, spec: Table) -> pl.DataFrame:
    """`frame` as it is or, with `unpivot`, a row for each cell: those of the first row first, nulls included.

    Raises SourceError where a column that is kept is missing, no other is there, or the cells are not all of one type.
    """
    if (how := spec.unpivot) is None:
        return frame
    named(name, frame.columns)
    if missing := [column for column in how.keep if column not in frame.columns]:
        raise SourceError(f"{name}: no column {listed(missing)} to keep; there are {listed(frame.columns)}", MEND)
    cells = [column for column in frame if column.name not in how.keep]
    if not cells:
        raise SourceError(f"{name}: all of its columns are kept, so there is no cell", MEND)
    kind = _kind(name, cells, how.value)
    place = pl.int_range(frame.height * len(cells), eager=True)
    row, cell = place // len(cells), place % len(cells)
    kept = [frame[column].gather(row) for column in how.keep]
    names = pl.Series(how.name, [column.name for column in cells], dtype=pl.String).gather(cell)
    values = pl.concat([column.cast(kind).alias(how.value) for column in cells]).gather(cell * frame.height + row)
    return pl.DataFrame([*kept, names, values])


def _kind(name: str, cells: list[pl.Series], value: str) -> pl.DataType:
    """The one type of all `cells`, numbers in the widest; a column without a value is of any type."""
    known = [column for column in cells if column.null_count() < len(column)] or [column.cast(pl.String) for column in cells]
    first = known[0]
    for column in known:
        if column.dtype != first.dtype and not (column.dtype.is_numeric() and first.dtype.is_numeric()):
            raise SourceError(
                f"{name}: column {column.name} holds {column.dtype}, and {first.name} {first.dtype}; unpivoted they are one, {value}",
                f"declare types.{value} in conf/usecase/, or keep what is no such cell",
            )
    return pl.concat([column.clear().alias("").to_frame() for column in known], how="vertical_relaxed").dtypes[0]
