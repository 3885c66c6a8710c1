"""The online store in memory: for golden vectors and for trying things out."""

from bisect import bisect_left
from collections.abc import Iterable

from interlock.features.stores.store import Entry, Found, Reads, Size, moved


class Memory:
    """A sorted list of keys and a dict of values."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.values = dict(entries)
        self.keys = sorted(self.values)

    def read(self, reads: Reads) -> Found:
        return Found(
            [self._first(key) for key in reads.seeks],
            [self._between(*scan) for scan in reads.scans],
            [self.values.get(key) for key in reads.gets],
        )

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes] = (), expected: Entry | None = None) -> None:
        if expected is not None and self.values.get(expected[0]) != expected[1]:
            raise moved()
        if gone := self.values.keys() & set(deletes):
            self.values = {key: value for key, value in self.values.items() if key not in gone}
            self.keys = [key for key in self.keys if key not in gone]
        new = dict(puts)
        self.keys += new.keys() - self.values.keys()
        self.keys.sort()  # what was sorted before is not sorted again
        self.values.update(new)

    def page(self, start: bytes, stop: bytes, limit: int) -> list[Entry]:
        first = bisect_left(self.keys, start)
        last = min(first + limit, bisect_left(self.keys, stop))
        return [(key, self.values[key]) for key in self.keys[first:last]]

    def clear(self) -> None:
        self.values, self.keys = {}, []

    def size(self) -> Size:
        return Size(len(self.keys), sum(len(key) + len(value) for key, value in self.values.items()))

    def close(self) -> None:
        """Nothing to close."""

    def _first(self, key: bytes) -> Entry | None:
        at = bisect_left(self.keys, key)
        return (self.keys[at], self.values[self.keys[at]]) if at < len(self.keys) else None

    def _between(self, start: bytes, stop: bytes) -> list[Entry]:
        found = self.keys[bisect_left(self.keys, start) : bisect_left(self.keys, stop)]
        return [(key, self.values[key]) for key in found]


def connect(_: str) -> Memory:
    return Memory()
