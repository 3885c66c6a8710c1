"""Where two versions of a file differ: columns of Parquet, keys of JSON, lines of text, or a byte."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from interlock.conf import leaves
from interlock.files import read_json

MOST = 20
ABSENT = "absent"


@dataclass(frozen=True)
class Detail:
    """One place that differs: its kind (column, key, line …) and name, how often, where first, and both values there."""

    kind: str
    name: str
    count: int
    first: int | None
    expected: str
    found: str

    def __str__(self) -> str:
        many = "" if self.first is None else f" in {self.count:,} row{'s' if self.count > 1 else ''}, first in row {self.first:,}"
        return f"{self.kind} {self.name} differs{many}: {self.expected} became {self.found}"


def details(expected: Path, found: Path, name: str) -> list[Detail]:
    """The first places in which the file `found` differs from the file `expected`, compared as `name` says they are."""
    compare = COMPARE.get(Path(name).suffix, _texts)
    try:
        places = list(compare(expected, found))
    except (ValueError, OSError):
        places = list(_texts(expected, found))
    return places[:MOST] or [Detail("encoding of", name, 1, None, "the same values", "other bytes")]


def _frames(expected: Path, found: Path) -> Iterator[Detail]:
    import polars as pl

    try:
        old, new = pl.read_parquet(expected), pl.read_parquet(found)
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error)) from error
    for name in [*old.columns, *(name for name in new.columns if name not in old.columns)]:
        types = [str(frame.schema[name]) if name in frame.columns else ABSENT for frame in (old, new)]
        if types[0] != types[1]:
            yield Detail("type of column", name, 1, None, *types)
    if old.columns != new.columns and set(old.columns) == set(new.columns):
        yield Detail("order of", "the columns", 1, None, ", ".join(old.columns), ", ".join(new.columns))
    if old.height != new.height:
        yield Detail("number of", "rows", 1, None, f"{old.height:,}", f"{new.height:,}")
    rows = min(old.height, new.height)
    for name, kind in old.schema.items():
        if new.schema.get(name) == kind:
            yield from _column(old[name].head(rows), new[name].head(rows))


def _column(old: Any, new: Any) -> Iterator[Detail]:
    rows = old.ne_missing(new).arg_true()
    if len(rows):
        yield Detail("column", old.name, len(rows), int(rows[0]), repr(old[rows[0]]), repr(new[rows[0]]))


def _trees(expected: Path, found: Path) -> Iterator[Detail]:
    old, new = dict(leaves(read_json(expected))), dict(leaves(read_json(found)))
    for key in [*old, *(key for key in new if key not in old)]:
        said = [repr(side[key]) if key in side else ABSENT for side in (old, new)]
        if said[0] != said[1]:
            yield Detail("key", key, 1, None, *said)


def _texts(expected: Path, found: Path) -> Iterator[Detail]:
    try:
        old, new = (path.read_bytes().decode().splitlines() for path in (expected, found))
    except UnicodeDecodeError:
        yield from _bytes(expected, found)
        return
    pairs = enumerate(zip_longest(old, new, fillvalue=ABSENT), 1)
    if different := next(((number, lines) for number, lines in pairs if lines[0] != lines[1]), None):
        yield Detail("line", f"{different[0]:,}", 1, None, *(repr(line[:100]) for line in different[1]))


def _bytes(expected: Path, found: Path) -> Iterator[Detail]:
    old, new = expected.read_bytes(), found.read_bytes()
    place = next((number for number, pair in enumerate(zip_longest(old, new)) if pair[0] != pair[1]), None)
    if place is not None:
        yield Detail("byte", f"{place:,}", 1, None, *(f"{side[place : place + 8].hex() or ABSENT}" for side in (old, new)))


COMPARE: dict[str, Callable[[Path, Path], Iterator[Detail]]] = {".parquet": _frames, ".json": _trees}
