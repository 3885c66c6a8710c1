"""Running totals in a store after rows came in: a row adds to its own entry and to every later one of its entity."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from interlock.features import entries
from interlock.features.histories import SEEN, TIME
from interlock.features.plan import Totals, prefix
from interlock.features.stores.store import Entry, Found, Reads

KEY, ENTITY, BASE = "__key", "__entity", "__base"


@dataclass(frozen=True)
class Running:
    """One list of totals: for each row that came in its key, the bytes that its entity's keys begin with, and what it adds."""

    totals: Totals
    places: list[bytes]
    starts: list[bytes]
    parts: pl.DataFrame

    @cached_property
    def oldest(self) -> dict[bytes, bytes]:
        """For each entity, by the bytes that its keys begin with, the key of the oldest row that came in: the greatest."""
        found: dict[bytes, bytes] = {}
        for start, place in zip(self.starts, self.places, strict=True):
            if place > found.get(start, b""):
                found[start] = place
        return found

    def ask(self, reads: Reads) -> tuple[int, int]:
        """Ask for the entries that change, and the last one before each; returns where the answers begin."""
        at = len(reads.scans), len(reads.seeks)
        reads.scans += self.oldest.items()
        reads.seeks += self.oldest.values()
        return at

    def entries(self, found: Found, at: tuple[int, int]) -> list[Entry]:
        """The entries as they are now: the new ones, and the later ones again."""
        (scans, seeks), some = at, len(self.oldest)
        old = self._old(found.scans[scans : scans + some], found.seeks[seeks : seeks + some])
        index = {start: i for i, start in enumerate(self.oldest)}
        names = list(self.totals.parts)
        new = self.parts.with_columns(_marks(self.places, [index[start] for start in self.starts], [False] * len(self.starts)))
        steps = pl.concat([old, new]) if old.height else new
        after = steps.sort(KEY, descending=True).with_columns(pl.col(names).cum_sum().over(ENTITY)).filter(~pl.col(BASE))
        return list(zip(after[KEY].to_list(), entries.packed(self.totals, after), strict=True))

    def _old(self, after: Sequence[list[Entry]], before: Sequence[Entry | None]) -> pl.DataFrame:
        """What each old entry adds to the one before it; the first of an entity, its base, adds all that came before."""
        found: list[Entry] = []
        entities: list[int] = []
        bases: list[bool] = []
        for i, (start, later, base) in enumerate(zip(self.oldest, after, before, strict=True)):
            old = [base] if base is not None and base[0].startswith(start) else []
            found += old + later[::-1]
            entities += [i] * (len(old) + len(later))
            bases += [True] * len(old) + [False] * len(later)
        totals = entries.frame(self.totals, [value for _, value in found]).with_columns(_marks([key for key, _ in found], entities, bases))
        if not any(after):
            return totals
        return totals.with_columns(pl.col(name) - pl.col(name).shift(1).over(ENTITY).fill_null(0) for name in self.totals.parts)


def of(totals: Totals, rows: pl.DataFrame) -> list[Running]:
    """Both lists of `totals` for the identified `rows` of its history that came in; none where no row belongs to an entity."""
    columns = [column for column, _ in totals.keys]
    own = entries.known(rows, columns)
    if not own.height:
        return []
    entities, parts = entries.of_entities(own, columns), own.with_columns(**totals.parts).select(list(totals.parts))
    found = []
    for number, on in ((totals.number, TIME), (totals.number + 1, SEEN)):
        start = prefix(number)
        places = entries.positions(number, own, on, entities)
        found.append(Running(totals, places, [start + entity for entity in entities], parts))
    return found


def _marks(places: Sequence[bytes], entities: Sequence[int], bases: Sequence[bool]) -> list[pl.Series]:
    return [
        pl.Series(KEY, places, dtype=pl.Binary),
        pl.Series(ENTITY, entities, dtype=pl.Int64),
        pl.Series(BASE, bases, dtype=pl.Boolean),
    ]
