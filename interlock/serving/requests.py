"""Requests from files in the order that they stand there, a part at a time, held to the contract of a bundle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlock.contracts.answers import Checked, reasons
from interlock.contracts.microbatch import Checker
from interlock.dtypes import dtype_of
from interlock.errors import ContractError, SourceError
from interlock.features import incoming
from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.serving import jsonlines
from interlock.sources import delimited
from interlock.sources.spec import FilesTable
from interlock.sources.unpack import PACKED

ROWS, BYTES, LONGEST = 65_536, 16 << 20, 8
WHOLE = "put the whole file there"


@dataclass(frozen=True)
class Part:
    """Requests that keep the contract, and by row of the file (0-based) why others do not; `ends` is the share of the file read."""

    requests: pl.DataFrame
    numbers: pl.Series
    rejected: dict[int, str]
    ends: float


def parts(path: Path, checker: Checker, features: FeatureSet) -> Iterator[Part]:
    """The requests of a file, by its ending Parquet, CSV or JSON lines.

    Raises ContractError where it has none of these endings or lacks a column that the contract requires, SourceError where it
    cannot be read.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ContractError(f"{path.name} has no ending that says what it is", f"give it one of: {', '.join(READERS)}")
    try:
        if not path.stat().st_size:
            raise SourceError(f"{path.name} is empty", WHOLE)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be opened ({error.strerror})", "mend the file or its permissions, and run again") from None
    row = 0
    for came, rows, ends in reader(path, checker):
        yield _held(came, checker, features, row, ends)
        row += rows


def _held(came: Checked, checker: Checker, features: FeatureSet, first: int, ends: float) -> Part:
    """What a part of a file holds, to all of the contract; a field that may be left out is null where it is."""
    held = checker.frame(came.rows)
    numbers = came.numbers + first
    bad = {row + first: why for row, why in reasons(came.errors).items()}
    bad |= {int(numbers[row]): why for row, why in reasons(held.errors).items()}
    types = features.request.types
    absent = [pl.lit(None, dtype_of(text)).alias(name) for name, text in types.items() if name not in held.rows.columns]
    return Part(held.rows.with_columns(absent).select(*types), numbers.gather(held.numbers), dict(sorted(bad.items())), ends)


def _parquet(path: Path, checker: Checker) -> Iterator[tuple[Checked, int, float]]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        total = max(lazy.select(pl.len()).collect().item(), 1)
        done = 0
        for batch in lazy.collect_batches(chunk_size=ROWS, maintain_order=True, engine="streaming"):
            for rows in batch.iter_slices(ROWS):
                done += rows.height
                yield incoming.typed(rows.drop(ROW, strict=False), checker), rows.height, done / total
        if not done:
            yield incoming.typed(lazy.collect().drop(ROW, strict=False), checker), 0, 1.0
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise SourceError(f"{path.name} cannot be read ({str(error).partition(chr(10))[0]})", WHOLE) from None


def _lines(path: Path, checker: Checker) -> Iterator[tuple[Checked, int, float]]:
    return jsonlines.parts(path, checker, ROWS)


def _csv(path: Path, checker: Checker) -> Iterator[tuple[Checked, int, float]]:
    spec = FilesTable(path=path.name, types=dict.fromkeys(checker.kinds, "String"))
    size, done, line = path.stat().st_size, 0, 1
    for header, block in _blocks(path):
        try:
            rows = delimited.parse(path.name, header + block, spec)
        except SourceError as error:
            remedy = "write it with commas, and the columns of the contract" if "conf/usecase" in error.remedy else error.remedy
            place = f" (lines count from line {line}, after the header)" if line > 1 else ""
            raise SourceError(f"{error.found}{place}", remedy) from None
        done += len(block)
        line += block.count(b"\n")
        for part in rows.iter_slices(ROWS) if rows.height else [rows]:
            yield incoming.typed(part, checker), part.height, min(done / size, 1.0)


def _blocks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The header of a text file with each block of whole records: a line end between quotes ends none."""
    with path.open("rb") as opened:
        rest = opened.read(BYTES)
        if kind := next((kind for mark, kind in PACKED.items() if rest.startswith(mark)), None):
            raise SourceError(f"{path.name} holds {kind} where its text should be", "unpack it, or give it the name of what it is")
        at = rest.find(b"\n") + 1
        header, rest, told = rest[:at], rest[at:], False
        while more := opened.read(BYTES):
            at = _end(rest)
            if at:
                yield header, rest[:at]
                told = True
            rest = rest[at:] + more
            if len(rest) > LONGEST * BYTES:
                raise SourceError(f"{path.name}: a record has more than {LONGEST * BYTES:,} bytes", "close the quote that is open there")
        if rest or not told:
            yield header, rest


def _end(data: bytes) -> int:
    """Where the last record that is whole in `data` ends; 0 where none does."""
    at = data.rfind(b"\n")
    inside = data.count(b'"', 0, max(at, 0)) % 2
    while at >= 0 and inside:
        before = data.rfind(b"\n", 0, at)
        inside ^= data.count(b'"', max(before, 0), at) % 2
        at = before
    return at + 1


Reader = Callable[[Path, Checker], Iterator[tuple[Checked, int, float]]]
READERS: dict[str, Reader] = {".parquet": _parquet, ".csv": _csv, ".ndjson": _lines, ".jsonl": _lines}
