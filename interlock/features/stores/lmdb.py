"""The embedded online store: LMDB, one folder, any number of reading processes and one writer."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from threading import Condition
from typing import Any, TypeVar

import lmdb

from interlock.errors import ArtifactError
from interlock.features.stores.store import Entry, Found, Reads, Size, moved

FIRST_SIZE = 1 << 30
READERS = 512
T = TypeVar("T")


class Lmdb:
    """An LMDB environment whose map grows when it is full; a write is on disk when it returns."""

    def __init__(self, folder: Path, first_size: int = FIRST_SIZE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.env = lmdb.open(str(folder), map_size=first_size, max_readers=READERS)
            self.env.reader_check()  # processes that were killed while they read hold pages back
        except lmdb.Error as error:
            raise ArtifactError(
                f"{folder} is not an online store: {error}", "restore a backup, or delete it and materialize again"
            ) from error
        self.idle, self.active, self.resizing = Condition(), 0, False

    def read(self, reads: Reads) -> Found:
        return self._attempt(lambda transaction: _read(transaction, reads))

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), expected: Entry | None = None) -> None:
        ordered, gone = sorted(puts), list(deletes)
        self._attempt(lambda transaction: _write(transaction, ordered, gone, expected), write=True)

    def page(self, start: bytes, stop: bytes, limit: int) -> list[Entry]:
        return self._attempt(lambda transaction: list(islice(_between(transaction.cursor(), start, stop), limit)))

    def clear(self) -> None:
        everything = self.env.open_db()
        self._attempt(lambda transaction: transaction.drop(everything, delete=False), write=True)

    def size(self) -> Size:
        return Size(self.env.stat()["entries"], (self.env.info()["last_pgno"] + 1) * self.env.stat()["psize"])

    def backup(self, folder: Path) -> None:
        """Copy the state of one moment to `folder`, while others read and write."""
        folder.mkdir(parents=True)
        self.env.copy(str(folder), compact=True)

    def close(self) -> None:
        self.env.close()

    def _attempt(self, work: Callable[[lmdb.Transaction], T], *, write: bool = False) -> T:
        """What `work` makes of one transaction; where the map is too small for it, the map grows and it is done again."""
        while True:
            with self.idle:
                self.idle.wait_for(lambda: not self.resizing)
                self.active += 1
            try:
                with self.env.begin(write=write) as transaction:
                    return work(transaction)
            except lmdb.MapFullError:
                grown = True
            except lmdb.MapResizedError:  # by another process
                grown = False
            finally:
                with self.idle:
                    self.active -= 1
                    self.idle.notify_all()
            self._resize(grown=grown)

    def _resize(self, *, grown: bool) -> None:
        """Set the size of the map, which no transaction of this process may be in."""
        with self.idle:
            self.idle.wait_for(lambda: not self.resizing)
            self.resizing = True
            self.idle.wait_for(lambda: not self.active)
            self.env.set_mapsize(self.env.info()["map_size"] * 2 if grown else 0)
            self.resizing = False
            self.idle.notify_all()


def _read(transaction: lmdb.Transaction, reads: Reads) -> Found:
    cursor: Any = transaction.cursor()  # it gives bytes: memory views are for transactions that ask for buffers
    to, item = cursor.set_range, cursor.item
    seeks = [item() if to(key) else None for key in reads.seeks]
    scans = [list(_between(cursor, *scan)) for scan in reads.scans]
    return Found(seeks, scans, [cursor.get(key) for key in reads.gets])


def _between(cursor: Any, start: bytes, stop: bytes) -> Iterator[Entry]:
    if cursor.set_range(start):
        for entry in cursor.iternext():
            if entry[0] >= stop:
                break
            yield entry


def _write(transaction: lmdb.Transaction, puts: list[Entry], deletes: list[bytes], expected: Entry | None) -> None:
    if expected is not None and transaction.get(expected[0]) != expected[1]:
        raise moved()
    for key in deletes:
        transaction.delete(key)
    transaction.cursor().putmulti(puts)


def connect(folder: str) -> Lmdb:
    return Lmdb(Path(folder))
