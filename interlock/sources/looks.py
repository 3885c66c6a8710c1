"""A cheap look at the sources, for every `make`: has one moved since it was pinned?

Files are hashed only where size or times of change differ from the last look; objects in storage are asked for by one
request each, and not being able to is no failure.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from interlock.errors import SourceError
from interlock.files import read_json, sha256, write_json
from interlock.params import Section
from interlock.sources.connectors import File, Located, Unreachable, about, locate
from interlock.sources.pins import REFRESH, Content, Pin, md5, moved, pin, promised
from interlock.sources.spec import DatabaseTable, DvcTable, TableSpec

LOOKS = Path(".interlock/looks.json")
SETTLED = 2_000_000_000
GLANCE = 30  # seconds that a database may take to count its rows


class Finding(Section, frozen=True):
    """What a look at a table found. `kind`: `moved` from its pin, `broken` and not readable, `absent` here and as pinned, or to be noted."""

    table: str
    kind: str
    found: str
    remedy: str


class Hashes:
    """Hashes of files, remembered by size and times of change; losing the memory costs time, nothing else."""

    def __init__(self, memory: Path | None = LOOKS) -> None:
        self.memory = memory
        self.known: dict[str, list[object]] = {}
        self.seen: dict[str, list[object]] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self.known = dict(read_json(memory).items()) if memory else {}

    def of(self, path: Path, hash_of: Callable[[Path], str]) -> str:
        state = path.stat()
        key, marks = str(path.absolute()), [hash_of.__name__, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        known = self.known.get(key)
        found = str(known[-1]) if isinstance(known, list) and known[:-1] == marks else hash_of(path)
        if max(state.st_mtime_ns, state.st_ctime_ns) < time.time_ns() - SETTLED:
            self.seen[key] = [*marks, found]
        return found

    def keep(self) -> None:
        if self.memory and self.seen != self.known:
            with contextlib.suppress(OSError):
                write_json(self.memory, self.seen)


def look(tables: Mapping[str, TableSpec], pins: Mapping[str, Pin], memory: Path | None = LOOKS) -> list[Finding]:
    """What is not as pinned, table by table; empty where nothing moved. `memory=None` hashes every file anew."""
    hashes = Hashes(memory)
    found = [finding for table, spec in tables.items() if (finding := _look(table, spec, pins.get(table), hashes))]
    stale = [
        Finding(table, "note", f"table {table} is pinned and no longer declared", "run: interlock refresh")
        for table in pins
        if table not in tables
    ]
    hashes.keep()
    return found + stale


def _look(table: str, spec: TableSpec, pinned: Pin | None, hashes: Hashes) -> Finding | None:
    try:
        if isinstance(spec, DatabaseTable):
            return _ask(table, spec, pinned)
        located = locate(table, spec)
        contents = [_content(file, hashes) for file in located.files]
    except SourceError as error:
        if isinstance(spec, DvcTable) and not Path(spec.path).exists() and _promises(spec, pinned):
            return Finding(table, "absent", error.found, error.remedy)
        return Finding(table, "note" if isinstance(error, Unreachable) else "broken", error.found, error.remedy)
    change = moved(pinned, pin(spec, located, contents))
    return Finding(table, "moved", f"table {table} moved: {change}", REFRESH) if change else None


def _promises(spec: DvcTable, pinned: Pin | None) -> bool:
    """Whether the `.dvc` of a file says what is pinned."""
    from interlock.sources import dvc

    try:
        return pinned is not None and [file.md5 for file in pinned.files] == [dvc.promised(Path(spec.path))]
    except SourceError:
        return False


def _ask(table: str, spec: DatabaseTable, pinned: Pin | None) -> Finding | None:
    """A table that grew past its pin is only noted: what is pinned can still be read."""
    from interlock.sources import database

    with about(table):
        found = database.count(spec, pinned.mark if pinned else None, min(GLANCE, spec.timeout))
    grown = pinned is not None and pinned.mark is not None
    rows, mark = (found.held, pinned.mark) if pinned and grown else (found.rows, found.mark)
    there = Located(database.name(spec), [], query=database.fingerprint(spec), rows=rows, mark=mark)
    if change := moved(pinned, pin(spec, there, pinned.files if pinned else [])):
        return Finding(table, "moved", f"table {table} moved: {change}", REFRESH)
    new = found.rows - found.held
    return Finding(table, "note", f"table {table} has {new:,} rows that are newer than its pin", REFRESH) if new else None


def _content(file: File, hashes: Hashes) -> Content:
    if file.path is None:
        return Content(file.name, file.size, etag=file.etag)
    if file.md5:
        return Content(file.name, file.size, md5=promised(file, hashes.of(file.path, md5)))
    return Content(file.name, file.size, sha256=hashes.of(file.path, sha256))
