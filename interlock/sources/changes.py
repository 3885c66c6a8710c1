"""What changed between two snapshots of a table."""

from collections.abc import Sequence

import polars as pl

from interlock.frames import ROW
from interlock.params import Section

SHOWN = 10


class Cell(Section, frozen=True):
    """One cell of a reference that reads otherwise, in the row that `key` names; null is None."""

    key: list[str | None]
    column: str
    before: str | None
    after: str | None


class Cells(Section, frozen=True):
    """The changes in a reference: how many rows came and went by key, how many cells changed, and the first of those."""

    key: list[str]
    new: int
    gone: int
    changed: int
    first: list[Cell]


class Change(Section, frozen=True):
    """What changed, each as (before, after), the former None where there was no snapshot; `cells` for references alone.

    `new` and `gone` count the distinct rows that only one of the two holds, None where their columns differ; `spans` are
    the first and last moment or date of each column that holds such.
    """

    rows: tuple[int | None, int]
    new: int | None
    gone: int | None
    added: list[str]
    removed: list[str]
    types: dict[str, tuple[str, str]]
    spans: dict[str, tuple[list[str] | None, list[str] | None]]
    cells: Cells | None = None


def compare(before: pl.DataFrame | None, after: pl.DataFrame, key: Sequence[str] = ()) -> Change:
    """How `after` differs from `before`; with the `key` of a reference, cell by cell."""
    was, now = (frame.drop(ROW, strict=False).schema if frame is not None else pl.Schema() for frame in (before, after))
    if before is None:
        return Change((None, after.height), None, None, [], [], {}, {column: (None, span) for column, span in spans(after).items()})
    earlier, later = spans(before), spans(after)
    gone, new = _only(before, after) if was == now else (None, None)
    return Change(
        rows=(before.height, after.height),
        new=new,
        gone=gone,
        added=[column for column in now if column not in was],
        removed=[column for column in was if column not in now],
        types={column: (str(was[column]), str(kind)) for column, kind in now.items() if column in was and was[column] != kind},
        spans={c: (earlier.get(c), later.get(c)) for c in {**earlier, **later} if earlier.get(c) != later.get(c)},
        cells=cells(before, after, key) if key and all(column in was and was.get(column) == now.get(column) for column in key) else None,
    )


def spans(frame: pl.DataFrame) -> dict[str, list[str] | None]:
    """The first and last value of each column of moments or dates, None where it holds none."""
    timed = [column for column, kind in frame.schema.items() if isinstance(kind, pl.Datetime | pl.Date)]
    ends = {column: (frame[column].min(), frame[column].max()) for column in timed}
    return {column: None if low is None else [str(low), str(high)] for column, (low, high) in ends.items()}


def cells(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str], show: int = SHOWN) -> Cells:
    """The cells that changed in rows with the same `key`, in columns of the same type; keys that occur twice are left out."""
    was, now = (frame.filter(~pl.struct(key).is_duplicated()) for frame in (before, after))
    both = was.join(now, on=key, how="inner", nulls_equal=True, suffix="\0").sort(key)
    columns = [c for c, kind in now.schema.items() if c not in (*key, ROW) and was.schema.get(c) == kind]
    changed = {c: both.filter(pl.col(c).ne_missing(pl.col(f"{c}\0"))).select(*key, c, f"{c}\0") for c in columns}
    first = [_cell(row, len(key), column) for column, rows in changed.items() for row in rows.head(show).rows()]
    gone, new = (left.join(right, on=key, how="anti", nulls_equal=True).height for left, right in ((before, after), (after, before)))
    return Cells(list(key), new, gone, sum(rows.height for rows in changed.values()), first[:show])


def _only(before: pl.DataFrame, after: pl.DataFrame) -> tuple[int, int]:
    """How many distinct rows `before` alone holds, and `after` alone."""
    was, now = (set(frame.drop(ROW, strict=False).hash_rows()) for frame in (before, after))
    return len(was - now), len(now - was)


def _cell(row: tuple[object, ...], keys: int, column: str) -> Cell:
    texts = [None if value is None else str(value) for value in row]
    return Cell(texts[:keys], column, texts[keys], texts[keys + 1])
