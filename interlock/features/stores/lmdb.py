"""The embedded online store: LMDB, one folder, any number of reading processes and one writer."""

from collections.abc import Iterable
from pathlib import Path

import lmdb

from interlock.errors import ArtifactError
from interlock.features.stores.store import Entry, Found, Reads

FIRST_SIZE = 1 << 30


class Lmdb:
    """An LMDB environment whose map grows when it is full; a write is on disk when it returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.env = lmdb.open(str(folder), map_size=FIRST_SIZE, max_readers=512)
        except lmdb.Error as error:
            raise ArtifactError(
                f"{folder} is not an online store: {error}", "restore a backup, or delete it and materialize again"
            ) from error

    def read(self, reads: Reads) -> Found:
        try:
            with self.env.begin() as transaction:
                return _read(transaction, reads)
        except lmdb.MapResizedError:  # another process let the map grow
            self.env.set_mapsize(0)
            return self.read(reads)

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), ranges: Iterable[tuple[bytes, bytes]] = ()) -> None:
        ordered, gone, spans = sorted(puts), list(deletes), list(ranges)
        while True:
            try:
                with self.env.begin(write=True) as transaction:
                    _write(transaction, ordered, gone, spans)
                return
            except lmdb.MapFullError:
                self.env.set_mapsize(self.env.info()["map_size"] * 2)
            except lmdb.MapResizedError:
                self.env.set_mapsize(0)

    def backup(self, folder: Path) -> None:
        """Copy a consistent state to `folder`, while others read and write."""
        folder.mkdir(parents=True)
        self.env.copy(str(folder), compact=True)

    def close(self) -> None:
        self.env.close()


def _read(transaction: lmdb.Transaction, reads: Reads) -> Found:
    cursor = transaction.cursor()
    to, item = cursor.set_range, cursor.item
    seeks = [item() if to(key) else None for key in reads.seeks]
    return Found(seeks, [_between(cursor, *scan) for scan in reads.scans], [transaction.get(key) for key in reads.gets])


def _between(cursor: lmdb.Cursor, start: bytes, stop: bytes) -> list[Entry]:
    found: list[Entry] = []
    if cursor.set_range(start):
        for key, value in cursor.iternext():
            if key >= stop:
                break
            found.append((key, value))
    return found


def _write(transaction: lmdb.Transaction, puts: list[Entry], deletes: list[bytes], ranges: list[tuple[bytes, bytes]]) -> None:
    cursor = transaction.cursor()
    for start, stop in ranges:
        for key, _ in _between(cursor, start, stop):
            transaction.delete(key)
    for key in deletes:
        transaction.delete(key)
    cursor.putmulti(puts)


def connect(folder: str) -> Lmdb:
    return Lmdb(Path(folder))
