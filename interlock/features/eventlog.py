"""The event log: every event that came in, in the order of coming, append-only and chained, in a folder of JSON lines."""

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError
from interlock.features import records
from interlock.features.records import Event, Flaw, Record
from interlock.files import replacing

SEGMENT = 64 << 20
LOCK = "writer.lock"


@dataclass(frozen=True)
class Verdict:
    """How many records hold, and of them how many are erased; the first position that does not hold, and why."""

    records: int
    erased: int
    broken: int | None = None
    reason: str = ""


class EventLog:
    """The one writer of the log in a folder; a second one is refused."""

    def __init__(self, folder: Path, segment: int = SEGMENT) -> None:
        self.folder, self.segment, self.failed = folder, segment, False
        self.lock = locked(folder)
        try:
            last = _mended(folder)
        except BaseException:
            self.close()
            raise
        self.end, self.head = (last.position, last.chain) if last else (0, records.GENESIS)

    def append(self, events: Sequence[Event]) -> int:
        """Write `events`, and return the position of the last; when this returns they are on disk, when it raises they are not."""
        if self.failed:
            raise ArtifactError(f"{self.folder}: an earlier write failed", "free some disk space, and start again")
        lines, head = [], self.head
        for position, event in enumerate(events, self.end + 1):
            made = records.record(position, event, head)
            lines.append(made.line)
            head = made.chain
        if lines:
            self._write(b"".join(lines))
            self.end, self.head = self.end + len(lines), head
        return self.end

    def erase(self, positions: Collection[int]) -> None:
        """Take the payloads of the records at `positions` out for good; everything else of them stays, and so does the chain."""
        wanted, found = set(positions), records.segments(self.folder)
        for path, after in zip(found, [*map(records.first, found[1:]), self.end + 1], strict=True):
            if any(records.first(path) <= position < after for position in wanted):
                lines = [records.parsed(line) for line in path.read_bytes().split(b"\n")[:-1]]
                kept = [_without(record) if record.position in wanted else record for record in lines]
                with replacing(path) as temporary:
                    temporary.write_bytes(b"".join(record.line for record in kept))
                synced(self.folder)

    def close(self) -> None:
        unlock(self.lock)

    def _write(self, data: bytes) -> None:
        found = records.segments(self.folder)
        path = found[-1] if found and found[-1].stat().st_size < self.segment else self.folder / f"{self.end + 1:020}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(handle).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
            if not size:
                synced(self.folder)
        except BaseException:
            self.failed = True
            os.ftruncate(handle, size)
            raise
        finally:
            os.close(handle)


def read(folder: Path, after: int = 0) -> Iterator[Record]:
    """The records after a position, in order; raises ArtifactError at the first that is damaged."""
    for found in records.checked(folder, after):
        if isinstance(found, Flaw):
            raise records.damaged(folder, found)
        if found.position > after:
            yield found


def verify(folder: Path) -> Verdict:
    """Whether every record is as it was written, and in its place."""
    count = erased = 0
    for found in records.checked(folder):
        if isinstance(found, Flaw):
            return Verdict(count, erased, found.position, found.reason)
        count, erased = count + 1, erased + found.erased
    return Verdict(count, erased)


def _without(record: Record) -> Record:
    return msgspec.structs.replace(record, payload=msgspec.Raw(records.ERASED))


def _mended(folder: Path) -> Record | None:
    """The last record, after the line that a writer was at when it died was seen to.

    A piece of a record was never acknowledged, and goes. A record that lacks but the end of its line is ended: it may have been.
    Raises ArtifactError where the end of the last line was altered.
    """
    last = records.last(folder)
    place = (last.chain, last.position + 1) if last else (records.GENESIS, 1)
    for path in records.segments(folder)[-1:]:
        if line := records.ends(path)[1]:
            if flaw := records.altered(line, *place):
                raise records.damaged(folder, flaw)
            found = records.sound(line + b"\n", *place)
            with path.open("ab") as opened:
                if isinstance(found, Record):
                    opened.write(b"\n")
                    last = found
                else:
                    opened.truncate(path.stat().st_size - len(line))
            synced(path)
    return last


def locked(folder: Path) -> int:
    """The lock of the log's one writer; raises ArtifactError where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(handle, 20, 0).decode()
        os.close(handle)
        raise ArtifactError(
            f"{folder} is being written by another process ({other})", "one process at a time writes: wait for it, or stop it"
        ) from None
    os.truncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def unlock(lock: int) -> None:
    os.close(lock)


def synced(path: Path) -> None:
    """See that a file, or what a folder lists, is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
