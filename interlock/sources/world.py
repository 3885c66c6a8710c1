"""The rows of a table that a world keeps."""

from collections.abc import Sequence

import polars as pl

from interlock import frames
from interlock.errors import ConfigError
from interlock.sources.spec import Keep

WIDEN = "mend it in conf/usecase/ and run: interlock compose"


def restrict(table: str, frame: pl.DataFrame, keep: Keep) -> pl.DataFrame:
    """The rows of `frame` that `keep` says, with the source row numbers that they have; raises ConfigError where none is left."""
    for column, values in keep.where.items():
        frame = frame.filter(pl.col(column).is_in(_typed(table, frame, column, values), nulls_equal=True))
    if keep.share < 1:
        frame = frame.filter(frames.share(frame[frames.ROW], keep.share, "world"))
    if frame.is_empty():
        raise ConfigError(f"usecase.world.keep.{table} keeps no row of table {table}", WIDEN)
    return frame


def _typed(table: str, frame: pl.DataFrame, column: str, values: Sequence[object]) -> list[object]:
    key = f"usecase.world.keep.{table}.where.{column}"
    if column not in frame.columns:
        raise ConfigError(f"{key}: table {table} has no such column", f"it has {', '.join(frame.columns)}")
    try:
        return pl.Series(values, dtype=frame.schema[column], strict=True).to_list()
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"{key}: {list(values)} are not values of type {frame.schema[column]}", WIDEN) from error
