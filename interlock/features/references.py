"""References in a store: looked up for rows that come in, and added to."""

from dataclasses import dataclass

import polars as pl

from interlock.features import entries
from interlock.features.featureset import History
from interlock.features.histories import looked_up
from interlock.features.plan import Plan, prefix
from interlock.features.stores.store import Entry, Reads, Store
from interlock.features.taken import ADDED, DUPLICATE, REFUSED, Taken, fate
from interlock.frames import ROW

CHANGED = "a fixed column of its key has another value"


@dataclass(frozen=True)
class References:
    """The references of a plan, in a store."""

    plan: Plan
    store: Store

    def tables(self, declared: History, rows: pl.DataFrame) -> dict[str, pl.LazyFrame]:
        """Of each reference that a history looks up, the rows that `rows` of its source need."""
        frame, found = rows.lazy(), {look.reference: self._rows(look.reference, []) for look in declared.lookups.values()}
        for column, look in declared.lookups.items():
            name, reference = look.reference, self.plan.features.references[look.reference]
            ours = dict(look.keys)
            asked = frame.select(pl.col(ours[theirs]).alias(theirs) for theirs in reference.by).collect()
            new = self._rows(name, self._keys(name, entries.known(asked, reference.by).unique()))
            found[name] = pl.concat([found[name], new]).unique(reference.by)
            frame = looked_up(frame, column, look, reference, found[name].lazy())
        return {name: table.lazy() for name, table in found.items()}

    def take(self, name: str, rows: pl.DataFrame) -> Taken:
        """What `rows` of the reference `name`, with ROW, make: new keys are added, what is known of a key never changes."""
        reference = self.plan.features.references[name]
        own = entries.known(rows, reference.by)
        wanted = entries.reference_entries(self.plan.references[name], own, reference.by, list(reference.types))
        keys = list(dict.fromkeys(key for key, _ in wanted))
        told = dict(zip(keys, self.store.read(Reads(gets=keys)).gets, strict=True))
        new: list[Entry] = []
        kinds = []
        for key, value in wanted:
            first = told[key]
            kinds.append(ADDED if first is None else DUPLICATE if first == value else REFUSED)
            if first is None:
                told[key] = value
                new.append((key, value))
        changed = pl.when(pl.col("status") == REFUSED).then(pl.lit(CHANGED))
        fates = own.select(row=ROW, status=pl.Series(kinds, dtype=pl.String)).with_columns(reason=changed)
        lost = fate(rows.join(own, on=ROW, how="anti"), REFUSED, pl.lit("its key is null"))
        return Taken(own.clear(), new, pl.concat([fates, lost]).with_columns(part=pl.lit(name)))

    def _keys(self, name: str, asked: pl.DataFrame) -> list[bytes]:
        return [prefix(self.plan.references[name], entity) for entity in entries.of_entities(asked, self.plan.features.references[name].by)]

    def _rows(self, name: str, keys: list[bytes]) -> pl.DataFrame:
        found = self.store.read(Reads(gets=keys)).gets if keys else []
        return entries.reference_frame(self.plan.features.references[name], [value for value in found if value is not None])
