"""The two ends of windows in an online store: read, and their totals subtracted, for all windows of a batch at once.

A block is one seek for each request: a list of totals at one offset before the moment. All entries found are joined into
one array of 64-bit words; where those of each window lie in it is worked out once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from interlock.features import entries
from interlock.features.arithmetic import formula
from interlock.features.featureset import Keys, Window
from interlock.features.plan import Plan, Totals, prefix
from interlock.features.readers import Batch
from interlock.features.stores.store import Found

Words: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """A list of totals, each of so many `words`, read at one offset before the moments."""

    number: int
    keys: Keys
    offset: int
    words: int


@dataclass(frozen=True)
class Ends:
    """For every window that subtracts totals the differences between its two ends."""

    plan: Plan

    @cached_property
    def windows(self) -> list[Window]:
        return [window for _, window in self._listed]

    @cached_property
    def blocks(self) -> list[Block]:
        """What is read, those of one entity and one list together."""
        found = dict.fromkeys(block for listed, window in self._listed for block in _ends(listed, window))
        return sorted(found, key=lambda block: (block.keys, block.number))

    @cached_property
    def wide(self) -> list[int]:
        """Which windows need squares."""
        return [i for i, window in enumerate(self.windows) if window.statistic == "std"]

    def ask(self, batch: Batch) -> tuple[int, list[bytes]]:
        """Ask for all ends; returns where the answers begin, and with what the key of each begins where the entity has one."""
        at, starts = len(batch.reads.seeks), []
        for named, lists in self._lists:
            entities = batch.of(named)
            for first, offsets in lists:
                own = [first + entity for entity in entities]
                for offset in offsets:
                    batch.seek(own, offset)
                starts += own * len(offsets)
        return at, starts

    def answer(self, found: Found, at: int, starts: list[bytes], rows: int) -> tuple[Words, Words, NDArray[Any]]:
        """Counts, totals and, in whole numbers of Python, squares, by window and request; zeros where an entity has no entry."""
        upper, lower, zeros = self.laid(rows)
        asked = zip(found.seeks[at : at + len(starts)], starts, zeros, strict=True)
        values = [entry[1] if entry and entry[0].startswith(start) else zero for entry, start, zero in asked]
        words: Words = np.frombuffer(b"".join(values), dtype="<i8")
        n, total = words[upper[:2]] - words[lower[:2]]
        squares = np.zeros(n.shape if self.wide else (len(n), 0), dtype=object)
        for i in self.wide:
            high, low = (entries.whole(words[at[2, i]], words[at[2, i] + 1]) for at in (upper, lower))
            squares[i] = [a - b for a, b in zip(high, low, strict=True)]
        return n, total, squares

    @cached_property
    def alike(self) -> list[tuple[str, slice, Words]]:
        """The formulas, each with the run of windows that it finishes, and their units."""
        found: list[tuple[str, slice, Words]] = []
        for by, group in groupby(range(len(self.windows)), key=lambda i: formula(self.windows[i])):
            places = list(group)
            found.append((by, slice(places[0], places[-1] + 1), np.array([[10 ** self.windows[i].places] for i in places])))
        return found

    @cached_property
    def _listed(self) -> list[tuple[Totals, Window]]:
        listed = [(listed, window) for listed in self.plan.totals for window in listed.windows]
        return sorted(listed, key=lambda each: formula(each[1]))

    @cached_property
    def _lists(self) -> list[tuple[Keys, list[tuple[bytes, list[int]]]]]:
        """The lists by their keys: the bytes with which the entries of each begin, and the offsets at which it is read."""
        found: list[tuple[Keys, list[tuple[bytes, list[int]]]]] = []
        for named, own in groupby(self.blocks, key=lambda block: block.keys):
            lists = groupby(own, key=lambda block: block.number)
            found.append((named, [(prefix(number), [block.offset for block in blocks]) for number, blocks in lists]))
        return found

    @cached_property
    def laid(self) -> Callable[[int], tuple[Words, Words, list[bytes]]]:
        """For so many requests where the words of both ends lie: of counts, totals and squares, by window and request; and zeros."""
        return lru_cache(maxsize=16)(self._laid)

    def _laid(self, rows: int) -> tuple[Words, Words, list[bytes]]:
        sizes = np.array([block.words for block in self.blocks], dtype=np.int64)
        steps = (rows * (np.cumsum(sizes) - sizes))[:, None] + sizes[:, None] * np.arange(rows)
        places = {block: i for i, block in enumerate(self.blocks)}
        words = np.array([_words(listed, window) for listed, window in self._listed], dtype=np.int64).T[:, :, None]
        upper, lower = (words + steps[[places[_ends(*each)[side]] for each in self._listed]] for side in (0, 1))
        return upper, lower, [zero for block in self.blocks for zero in [bytes(block.words * entries.WORD)] * rows]


def _words(listed: Totals, window: Window) -> tuple[int, int, int]:
    """Where in an entry the count, the total and the squares of a window stand; what it lacks is not looked at."""
    count, total, squares = (*listed.own[window.name], 0, 0)[:3]
    return count, total, len(listed.counts) + 2 * squares if window.statistic == "std" else count


def _ends(listed: Totals, window: Window) -> tuple[Block, Block]:
    """What was seen before the moment, and what had happened before the window."""
    words = listed.size // entries.WORD
    bottom = Block(listed.number, listed.keys, window.ago + window.width, words)
    return Block(listed.number + 1, listed.keys, window.ago, words), bottom
