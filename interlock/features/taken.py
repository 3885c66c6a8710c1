"""What rows that come in make in a history or in a reference, and what became of each."""

from dataclasses import dataclass

import polars as pl

from interlock.features.stores.store import Entry
from interlock.frames import ROW

ADDED, DUPLICATE, REFUSED = "added", "duplicate", "refused"


@dataclass(frozen=True)
class Taken:
    """New rows of a history with the entries that they make and change; of each row of the source its fate.

    `fates` has the columns row, status, reason and part: the name of the history or the reference.
    """

    new: pl.DataFrame
    puts: list[Entry]
    fates: pl.DataFrame


def fate(rows: pl.DataFrame, status: str, reason: pl.Expr | None = None) -> pl.DataFrame:
    """What became of rows: their number, `status`, and why."""
    why = pl.lit(None) if reason is None else reason
    return rows.select(row=pl.col(ROW), status=pl.lit(status), reason=why.cast(pl.String))
