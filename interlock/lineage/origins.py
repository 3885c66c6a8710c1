"""Which source rows a request was made from, where it is one of those that `events.py` made of the tables."""

from pathlib import Path

import polars as pl

from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.lineage.tree import Origin
from interlock.past import Past

FEATURES, RAW = "data/features", "data/raw"
FEW = 5
SENT = "the request itself, as the caller sent it"
KEPT = "events.py kept the row's number"


def origins(kept: Past, features: FeatureSet, request: pl.DataFrame) -> tuple[list[Origin], str]:
    """The rows, and in words where the request came from; none for a request that the commit's tables did not make."""
    folder, key = kept.folder(FEATURES), features.request.key
    made = pl.scan_parquet(folder / "requests.parquet", glob=False).with_row_index("__at")
    at = made.filter([pl.col(name).eq_missing(pl.lit(request[name][0], request.schema[name])) for name in key]).collect()
    if not at.height:
        return [], SENT
    others = [name for name in request.columns if name in at.columns and not at[name].head(1).equals(request[name], null_equal=True)]
    if others:
        return [], f"{SENT}: one of the training data has its key, with another {', '.join(others)}"
    numbers = _numbers(folder / "origins.parquet", int(at["__at"][0]))
    if numbers:
        return [Origin(table, row, KEPT) for table, row in numbers.items()], f"a request of the training data; {KEPT}"
    return _by_key(kept.folder(RAW), features, request)


def _numbers(path: Path, at: int) -> dict[str, int]:
    """The row numbers that `featurize` kept of a request, by table."""
    if not path.is_file():
        return {}
    found = pl.scan_parquet(path, glob=False).slice(at, 1).collect().row(0, named=True)
    return {table: row for table, row in found.items() if row is not None}


def _by_key(raw: Path, features: FeatureSet, request: pl.DataFrame) -> tuple[list[Origin], str]:
    """The rows that have the key of the request, in tables that have its columns."""
    by, found = list(features.request.by), []
    for path in sorted(raw.glob("*.parquet")):
        rows = pl.scan_parquet(path, glob=False)
        types = rows.collect_schema()
        if by and all(types.get(name) == request.schema[name] for name in by):
            mine = (
                rows.filter([pl.col(name) == pl.lit(request[name][0], request.schema[name]) for name in by]).select(ROW).head(FEW).collect()
            )
            found += [Origin(path.stem, row, f"{', '.join(by)} agrees") for row in mine[ROW]]
    lost = "a request of the training data, whose row numbers events.py did not keep"
    return found, f"{lost}: rows with its key" if found else f"{lost}, and no table has its key ({', '.join(by)})"
