"""The canonical form of a frame on disk: equal frames are equal bytes, at any thread count and chunking.

Nothing else in the project writes Parquet.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import polars.selectors as cs

from interlock.errors import DIAGNOSES, ArtifactError, listed
from interlock.files import replacing

ROW = "source_row"
ROW_GROUP = 131_072
REMAKE = "delete it and run: dvc checkout {}; where that brings back the same: dvc repro --force"
_SCANNED: dict[Path, None] = {}


def write(frame: pl.DataFrame, path: Path, *, sort: Sequence[str] = ()) -> None:
    """Write `frame` as canonical Parquet, atomically.

    Rows are ordered by `sort`, which must be unique so that the order is total; empty keeps the order given.
    Raises ArtifactError where two rows share the same key.
    """
    if sort:
        frame = frame.sort(sort, nulls_last=False)
        if frame.height and frame.select(pl.struct(sort).is_duplicated().any()).item():
            raise ArtifactError(f"{path}: two rows share one key ({', '.join(sort)})", "make the key unique where the table is made")
    canonical = frame.with_columns(unsigned(cs.float()).name.keep()).rechunk()
    with replacing(path) as temporary:
        canonical.write_parquet(temporary, compression="zstd", compression_level=3, row_group_size=ROW_GROUP, statistics=True)


def unsigned(floats: pl.Expr) -> pl.Expr:
    """`floats` with zeros that have no sign."""
    # NOTE: not `+ 0.0`, which Polars takes for nothing to do where there are many rows, and adds where there is one
    return pl.when(floats == 0).then(0.0).otherwise(floats)


def scan(path: Path) -> pl.LazyFrame:
    """The frame at `path`, lazily; raises ArtifactError where it is missing or not Parquet."""
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist", "run: make")
    frame = pl.scan_parquet(path, glob=False)
    try:
        frame.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, error) from error
    _SCANNED[path] = _SCANNED.pop(path, None)
    return frame


def read(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The frame at `path`, or some of its `columns`; raises ArtifactError where it is missing, damaged or without one of them."""
    frame = scan(path)
    if missing := [name for name in columns or () if name not in frame.collect_schema()]:
        raise ArtifactError(f"{path} has no column {listed(missing)}", REMAKE.format(path.parent))
    try:
        return (frame.select(columns) if columns is not None else frame).collect()
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, error) from error


def damaged(error: BaseException) -> ArtifactError | None:
    """Which of the files that were scanned cannot be read through, where `error` is of Polars: a lazy one tells when it is collected."""
    if isinstance(error, pl.exceptions.ComputeError) and "parquet" in str(error):
        for path in filter(Path.is_file, reversed(_SCANNED)):
            try:
                for column in pl.read_parquet_schema(path):
                    pl.read_parquet(path, columns=[column])
            except pl.exceptions.PolarsError as found:
                return _unreadable(path, found)
    return None


def _unreadable(path: Path, error: Exception) -> ArtifactError:
    return ArtifactError(f"{path} is not readable Parquet ({str(error).splitlines()[0]})", REMAKE.format(path.parent))


def stable_hash(values: pl.Series, salt: str = "") -> pl.Series:
    """A UInt64 for each value that depends on its text and `salt` alone: the same on every machine and version."""
    key = salt.encode()
    distinct = values.unique().cast(pl.String)
    hashes = [int.from_bytes(hashlib.blake2b((text or "\0").encode(), digest_size=8, key=key).digest()) for text in distinct]
    mapping = pl.DataFrame({"text": distinct, "hash": pl.Series(hashes, dtype=pl.UInt64)})
    joined = pl.DataFrame({"text": values.cast(pl.String)}).join(mapping, on="text", how="left", nulls_equal=True, maintain_order="left")
    return joined["hash"]


def share(values: pl.Series, part: float, salt: str = "") -> pl.Series:
    """A Boolean for each value: True for a stable `part` (0 to 1) of the distinct values, chosen by hash."""
    return stable_hash(values, salt) <= int(part * (2**64 - 1))


DIAGNOSES.append(damaged)
