"""Predictions that are in the log already: the same request, version and snapshot is the same prediction, and keeps its id.

So what a killed run has logged is not logged again by the next, nor is a file that is scored twice. Kept are three numbers
a prediction, in arrays: it takes 24 bytes each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from interlock.features import eventlog
from interlock.serving.predictions import DIGITS, identity
from interlock.serving.record import Snapshot

Numbers: TypeAlias = NDArray[np.uint64]
WIDTH = 8


class _Asked(msgspec.Struct):
    request: msgspec.Raw


@dataclass
class Made:
    """The ids of predictions by a digest of their request, ascending."""

    digests: Numbers
    positions: Numbers
    hashes: Numbers

    @classmethod
    def of(cls, log: Path, version: str, snapshot: Snapshot) -> "Made":
        """Those of a version and a snapshot that a log has; raises ArtifactError where a record of it is damaged."""
        found = list(_found(log, version, snapshot))
        made = cls(*(np.empty(0, np.uint64) for _ in range(3)))
        made.add(digests([request for request, _, _ in found]), [position for _, position, _ in found], [sha for _, _, sha in found])
        return made

    def add(self, asked: Numbers, positions: Sequence[int], shas: Sequence[str]) -> None:
        """Note predictions."""
        hashes = [int(sha[:DIGITS], 16) for sha in shas]
        new = (asked, np.array(positions, np.uint64), np.array(hashes, np.uint64))
        parts = [np.concatenate(pair) for pair in zip((self.digests, self.positions, self.hashes), new, strict=True)]
        order = np.argsort(parts[0], kind="stable")
        self.digests, self.positions, self.hashes = (part[order] for part in parts)

    def ids(self, asked: Numbers) -> list[str | None]:
        """The id of each request's prediction, None where there is none."""
        if not len(self.digests):
            return [None] * len(asked)
        at = np.minimum(np.searchsorted(self.digests, asked), len(self.digests) - 1)
        known = self.digests[at] == asked
        found = zip(known.tolist(), self.positions[at].tolist(), self.hashes[at].tolist(), strict=True)
        return [identity(position, f"{sha:0{DIGITS}x}") if there else None for there, position, sha in found]


def digests(requests: Sequence[bytes]) -> Numbers:
    """A number of 64 bits for each request, as JSON."""
    return np.frombuffer(b"".join(blake2b(request, digest_size=WIDTH).digest() for request in requests), np.uint64)


def _found(log: Path, version: str, snapshot: Snapshot) -> Iterator[tuple[bytes, int, str]]:
    """The request, position and hash of each prediction; every record is verified, for what follows is chained to it."""
    marks = [b'"version":' + msgspec.json.encode(version), b'"snapshot":' + msgspec.json.encode(snapshot)]
    request = msgspec.json.Decoder(_Asked)
    for found in eventlog.read(log):
        if all(mark in bytes(found.payload) for mark in marks):
            yield bytes(request.decode(found.payload).request), found.position, found.sha
