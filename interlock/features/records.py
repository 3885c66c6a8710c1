"""Records of the event log: how one is chained to the one before it, and how they lie in a folder of segments.

Each record has a hash of its payload, and a chain: SHA-256 over the chain of the record before it and the hash of the
record without its payload. So erasing a payload keeps the chain, and any other change of any byte breaks it.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError

GENESIS = hashlib.sha256(b"interlock event log").hexdigest()
RESTORE = "restore a backup: docs/runbooks/restore-from-backup.md"
ERASED = b"null"
PIECE = 65_536


class Event(msgspec.Struct, frozen=True):
    """What a record is made from: `arrived` in microseconds, the histories it is meant for (None: all of its table), the row as JSON."""

    table: str
    arrived: int
    histories: tuple[str, ...] | None
    payload: bytes


class Record(msgspec.Struct, frozen=True):
    """An event in its place in the log."""

    position: int
    table: str
    arrived: int
    histories: tuple[str, ...] | None
    payload: msgspec.Raw
    sha: str
    chain: str

    @property
    def erased(self) -> bool:
        return bytes(self.payload) == ERASED

    @property
    def line(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"

    def flaw(self, before: str, position: int) -> str:
        """What is wrong with the record at a position, after the chain `before`; empty where nothing is."""
        if self.position != position:
            return f"it says that its position is {self.position}"
        if not self.erased and sha(bytes(self.payload)) != self.sha:
            return "its payload is not the one that was written"
        return "" if chained(before, self) == self.chain else "it does not follow from the records before it"


@dataclass(frozen=True)
class Flaw:
    """The first record that does not hold."""

    position: int
    reason: str


def record(position: int, event: Event, before: str) -> Record:
    """`event` at `position`, after the chain `before`."""
    plain = Record(position, event.table, event.arrived, event.histories, msgspec.Raw(event.payload), sha(event.payload), "")
    return msgspec.structs.replace(plain, chain=chained(before, plain))


def chained(before: str, found: Record) -> str:
    """The chain of a record after the chain `before`."""
    told = msgspec.json.encode([found.position, found.table, found.arrived, found.histories, found.sha])
    return sha(bytes.fromhex(before) + hashlib.sha256(told).digest())


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def parsed(line: bytes) -> Record:
    """The record that a line holds; raises ArtifactError where it holds none."""
    try:
        return msgspec.json.decode(line, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{line[:60]!r} is no record of an event log: {error}", RESTORE) from None


def segments(folder: Path) -> list[Path]:
    """The files of the log, in order; each is named by the position of its first record."""
    return sorted(folder.glob("*.jsonl"))


def first(segment: Path) -> int:
    """The position of the first record of a segment."""
    return int(segment.stem)


def checked(folder: Path, after: int = 0) -> Iterator[Record | Flaw]:
    """The records, at least those after a position, up to the first that does not hold. A last line being written is no record."""
    start = max((first(path) for path in segments(folder) if first(path) <= after + 1), default=1)
    position, before = start, _chain_before(folder, start)
    for path in segments(folder):
        if first(path) < start:
            continue
        if first(path) != position:
            yield Flaw(position, "it is not there")
            return
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    if (flaw := altered(line, before, position)) is not None:
                        yield flaw
                        return
                    break
                found = sound(line, before, position)
                yield found
                if isinstance(found, Flaw):
                    return
                before, position = found.chain, position + 1


def one(folder: Path, position: int) -> Record | Flaw | None:
    """The record at a position, held against its hash and the chain of the one before it; None where there is no such line.

    Of the others nothing is looked at, so it takes no longer however many there are.
    """
    path = max((path for path in segments(folder) if first(path) <= position), key=first, default=None)
    if path is None:
        return None
    before = position - first(path)
    with path.open("rb") as lines:
        near = list(islice(lines, max(before - 1, 0), before + 1))
    if len(near) < min(before, 1) + 1 or not near[-1].endswith(b"\n"):
        return None
    try:
        chain = _chain_before(folder, first(path)) if len(near) == 1 else parsed(near[0]).chain
    except ArtifactError:
        return Flaw(position - 1, "it is not a record")
    return sound(near[-1], chain, position)


def last(folder: Path, before: int | None = None) -> Record | None:
    """The last record of the log, or the last one before the segment that begins at `before`."""
    for path in reversed(segments(folder)):
        if (before is None or first(path) < before) and (line := ends(path)[0]):
            try:
                return parsed(line)
            except ArtifactError:
                raise next(damaged(folder, found) for found in checked(folder) if isinstance(found, Flaw)) from None
    return None


def ends(path: Path) -> tuple[bytes, bytes]:
    """The last whole line of a file, empty where there is none, and what comes after it."""
    with path.open("rb") as opened:
        at, found = path.stat().st_size, b""
        while at and found.count(b"\n") < 2:
            at, before = max(at - PIECE, 0), at
            found = os.pread(opened.fileno(), before - at, at) + found
    lines = [b"", *found.split(b"\n")]
    return lines[-2], lines[-1]


def sound(line: bytes, before: str, position: int) -> Record | Flaw:
    """The record that a line holds, after the chain `before`, or what is wrong with it."""
    try:
        found = parsed(line)
        reason = found.flaw(before, position) if found.line == line else "it is not written as records are"
    except (ArtifactError, ValueError):
        return Flaw(position, "it is not a record")
    return Flaw(position, reason) if reason else found


def altered(line: bytes, before: str, position: int) -> Flaw | None:
    """What is wrong with a last line that has no end: one that was being written is a piece of a record, not a whole one and a byte."""
    whole = sound(line[:-1] + b"\n", before, position)
    return None if isinstance(whole, Flaw) else Flaw(position, "the end of its line was altered")


def damaged(folder: Path, flaw: Flaw) -> ArtifactError:
    """What to raise for the first record of a log that does not hold."""
    return ArtifactError(f"{folder}: the record at position {flaw.position} is damaged: {flaw.reason}", RESTORE)


def _chain_before(folder: Path, start: int) -> str:
    found = last(folder, start) if start > 1 else None
    return found.chain if found else GENESIS
