"""The rows of a table, from the files of its source to one frame."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import polars as pl
from polars.exceptions import PolarsError

from interlock.errors import SourceError
from interlock.frames import ROW
from interlock.sources import delimited, ndjson
from interlock.sources.columns import blanked, convert
from interlock.sources.connectors import about
from interlock.sources.spec import DatabaseTable, Table
from interlock.sources.unpack import OPENERS, content
from interlock.sources.unpivot import long

TEXT: dict[str, Callable[[str, bytes, Table], pl.DataFrame]] = {
    ".csv": delimited.parse,
    ".tsv": delimited.parse,
    ".ndjson": ndjson.parse,
    ".jsonl": ndjson.parse,
}
PARQUET = (".parquet", ".pq")


def read(table: str, spec: Table, files: Sequence[tuple[str, Path]]) -> pl.DataFrame:
    """The rows of all `files` (name, path) in their order, with `source_row`, their number from 0.

    Columns are as declared, or inferred over all the rows. Raises SourceError that names table, file, column, row.
    """
    with about(table):
        frames = [convert(name, long(name, _frame(name, path, spec), spec), spec) for name, path in files]
        frame = _joined(files, frames)
        if frame.is_empty():
            raise SourceError(f"{', '.join(name for name, _ in files[:3])}: no rows", "put the whole file there")
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))


def _frame(name: str, path: Path, spec: Table) -> pl.DataFrame:
    if isinstance(spec, DatabaseTable):
        return blanked(_parquet(name, sorted(path.glob("*.parquet"))), spec.nulls)
    suffixes = PurePosixPath(name.lower()).suffixes
    if suffixes and suffixes[-1] in PARQUET:
        return blanked(_parquet(name, [path]), spec.nulls)
    packed = bool(suffixes) and suffixes[-1] in OPENERS
    parse = TEXT.get("".join(suffixes[-2:-1] if packed else suffixes[-1:]))
    if parse is None:
        raise SourceError(
            f"{name}: what kind of file it is does not show",
            f"name it {', '.join((*PARQUET, *TEXT))}; text may be packed as {' or '.join(OPENERS)}",
        )
    frame = parse(name, content(name, path), spec)
    return frame if parse is delimited.parse else blanked(frame, spec.nulls)


def _parquet(name: str, paths: list[Path]) -> pl.DataFrame:
    try:
        return pl.read_parquet(paths, glob=False, hive_partitioning=False)
    except (PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(f"{name} is not whole Parquet ({reason})", "put the whole file there") from error


def _joined(files: Sequence[tuple[str, Path]], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `frames` one after the other, numbers in the widest of their types."""
    first = frames[0]
    for (name, _), frame in zip(files, frames, strict=True):
        if odd := sorted(set(first.columns) ^ set(frame.columns)):
            raise SourceError(
                f"{files[0][0]} and {name} do not share the columns {', '.join(odd)}",
                "name files of one layout, or make two tables of them",
            )
        schema = frame.schema
        for column, kind in first.schema.items():
            if (other := schema[column]) != kind and not (kind.is_numeric() and other.is_numeric()):
                raise SourceError(
                    f"{name}: column {column} holds {other}, and {kind} in {files[0][0]}", f"declare types.{column} in conf/usecase/"
                )
    return pl.concat([frame.select(first.columns) for frame in frames], how="vertical_relaxed")
