"""Folding: entries that no request from a moment on can read go away, and no value changes, as totals are absolute."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from interlock.features import fill, keys
from interlock.features.entries import WORD
from interlock.features.keys import LIST
from interlock.features.plan import Plan, Totals, prefix
from interlock.features.state import State, marked
from interlock.features.stores.store import PAGE, Entry, Reads, walk

LAST = b"\xff" * (keys.TIME + 1)  # after every key of an entity


@dataclass(frozen=True)
class Fold:
    """The fold of a state for requests from the moment `now` (microseconds) on; a page of entries at a time is in memory."""

    state: State
    now: int
    page: int = PAGE

    def run(self) -> int:
        """Fold, and return how many entries went. Killed halfway, what is left is whole, and can be folded again."""
        meta = self.state.meta()
        mark = marked(msgspec.structs.replace(meta, folded=max(self.now, meta.folded or self.now)))
        self.state.store.write([mark], expected=marked(meta))
        return sum(self._delete(gone, mark) for gone in self._gone())

    def _delete(self, gone: list[bytes], mark: Entry) -> int:
        if gone:
            self.state.store.write([], gone, expected=mark)
        return len(gone)

    def _gone(self) -> Iterator[list[bytes]]:
        plan: Plan = self.state.plan
        for name, number in plan.ids.items():
            yield from self._forgotten(number, self.now - plan.features.histories[name].lateness)
        for listed in plan.rows:
            since = self.now - fill.reach(listed, plan.features.histories[listed.history])
            yield from _older(self._pages(listed.number), len(listed.keys), since, keep=listed.reach is None)
        for totals in plan.totals:
            for number in (totals.number, totals.number + 1):
                yield from _older(self._pages(number), len(totals.keys), self.now - totals.reach, keep=True)
            yield from self._silent(totals)

    def _pages(self, number: int) -> Iterator[list[Entry]]:
        return walk(self.state.store, prefix(number), prefix(number + 1), self.page)

    def _forgotten(self, number: int, since: int) -> Iterator[list[bytes]]:
        """Ids of rows so old that they would be refused if they came again."""
        for page in self._pages(number):
            yield [key for key, value in page if int.from_bytes(value[:WORD], "big", signed=True) < since]

    def _silent(self, totals: Totals) -> Iterator[list[bytes]]:
        """Both lists of entities of which only the last row, older than anything is read, is left by time."""
        entity, since = b"", self.now - totals.reach
        for page in self._pages(totals.number):
            gone = []
            for key, _ in page:
                end = keys.entity_end(key, len(totals.keys))
                if key[:end] != entity and keys.time_of(key, end) < since:
                    gone.append((key, prefix(totals.number + 1) + key[LIST.size : end]))
                entity = key[:end]
            seen = self.state.store.read(Reads(scans=[(start, start + LAST) for _, start in gone])).scans
            yield [*(key for key, _ in gone), *(key for found in seen for key, _ in found)]


def _older(pages: Iterable[list[Entry]], values: int, since: int, *, keep: bool) -> Iterator[list[bytes]]:
    """The keys, newest first in each entity, of entries from before `since`; the newest of them is kept where `keep` says so."""
    entity, kept = b"", False
    for page in pages:
        gone = []
        for key, _ in page:
            end = keys.entity_end(key, values)
            if key[:end] != entity:
                entity, kept = key[:end], not keep
            if keys.time_of(key, end) < since:
                if kept:
                    gone.append(key)
                kept = True
        yield gone
