"""Which rows of a history each side counted for a feature of one request.

Both executors are asked about every row by itself: would it count, were it the only one of its entity? So they say
themselves what they count, the online one about the rows that lie in its store.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import polars as pl

from interlock.features import arithmetic, entries, expressions, keys, offline
from interlock.features.featureset import FeatureSet, History, Latest, Request, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.online import Online
from interlock.features.plan import RANGED, Plan, Rows, Totals, prefix
from interlock.features.state import blank
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Entry, Found, Reader, Reads

ALONE, TABLE = "__alone", "rows"
UTC = "Datetime[us,UTC]"
AFTER = b"\xff" * (keys.TIME + 1)


@dataclass
class Asked:
    """A store that remembers at which keys it was read."""

    store: Reader
    at: list[bytes] = field(default_factory=list)

    def read(self, reads: Reads) -> Found:
        self.at += [*reads.seeks, *(start for start, _ in reads.scans)]
        return self.store.read(reads)

    def start(self, number: int) -> bytes | None:
        """The bytes with which the keys of the entity begin that was read in the list `number`."""
        return next((key[: -keys.TIME] for key in self.at if key.startswith(prefix(number))), None)


def difference(features: FeatureSet, store: Reader, feature: Latest | Window, rows: pl.DataFrame, request: pl.DataFrame) -> dict[str, Any]:
    """How many rows both sides counted for the one row of `request`, and the ids of those that only one did.

    `rows` are all rows of the history; a row that was counted twice is named once more.
    """
    here, there = Counter(_offline(features, feature, rows, request)), Counter(_online(features, store, feature, request))
    names = dict(zip(keys.identities(rows[ID]), map(str, rows[ID].to_list()), strict=True))
    only = {"only_offline": here - there, "only_online": there - here}
    return {"both": (here & there).total()} | {
        side: sorted(names.get(identity) or _unknown(identity, rows[ID].dtype) for identity in found.elements())
        for side, found in only.items()
    }


def _unknown(identity: bytes, dtype: pl.DataType) -> str:
    """An id that no row of the history has, from its bytes in a key."""
    if dtype != pl.String:
        return f"0x{identity.hex()}"
    text = identity.translate(keys.INVERTED).removesuffix(keys.END)
    for byte, escaped in reversed(keys.SPECIAL.items()):
        text = text.replace(escaped, byte)
    return text.decode()


def offline_rows(features: FeatureSet, feature: Latest | Window, rows: pl.DataFrame, request: pl.DataFrame) -> pl.DataFrame:
    """The rows of the history that the offline executor counts for the one row of `request`, in the order of time."""
    theirs = [name for name, _ in feature.keys]
    own = rows.join(request, left_on=theirs, right_on=[name for _, name in feature.keys], how="semi") if theirs else rows
    if feature.where is not None:
        own = own.filter(expressions.build(feature.where))
    if isinstance(feature, Window) and feature.measure is not None:
        measure = arithmetic.ranged(feature) if feature.statistic in RANGED else expressions.build(feature.measure)
        own = own.filter(measure.is_not_null())
    own = own.sort(TIME, ID).with_columns(pl.int_range(1, pl.len() + 1).alias(ALONE))
    made = offline.compute(_alone(features, feature), _copies(features, request, own.height), {TABLE: own.select(ALONE, TIME, SEEN).lazy()})
    counted = own.filter(made[feature.name].fill_null(0) > 0).drop(ALONE)
    return counted.tail(1) if isinstance(feature, Latest) else counted


def _offline(features: FeatureSet, feature: Latest | Window, rows: pl.DataFrame, request: pl.DataFrame) -> list[bytes]:
    return keys.identities(offline_rows(features, feature, rows, request)[ID])


def _online(features: FeatureSet, store: Reader, feature: Latest | Window, request: pl.DataFrame) -> Iterator[bytes]:
    plan, alone, asked = Plan(features), _alone(features, feature), Asked(store)
    Online(features, asked).matrix(request)
    totals = next((listed for listed in plan.totals if feature in listed.windows), None)
    if totals is not None:
        found, puts = _in_totals(asked, totals, feature.name, Plan(alone).totals[0])
    else:
        listed = next(rows for rows in plan.rows if feature in rows.features)
        found, puts = _in_rows(asked, listed, feature, Plan(alone).rows[0])
    made = Online(alone, Memory([*puts, blank(Plan(alone))])).matrix(_copies(features, request, len(found)))
    counted = [item for item, value in zip(found, made[feature.name].to_list(), strict=True) if value]
    for identity, times in counted[:1] if isinstance(feature, Latest) else counted:
        yield from [identity] * times


def _in_totals(asked: Asked, totals: Totals, name: str, alone: Totals) -> tuple[list[tuple[bytes, int]], list[Entry]]:
    """The rows in the lists by time and by seen, with how often each adds to the count, and an entry in either for each alone."""
    adds, places = Counter[bytes](), [dict[bytes, bytes](), dict[bytes, bytes]()]
    for i, place in enumerate(places):
        found = _entity(asked, totals.number + i)
        counts = entries.unpacked(totals, [value for _, value in found])[0][:, totals.own[name][0]].tolist()
        for (tail, _), now, before in zip(found, counts, [*counts, 0][1:], strict=True):
            if now != before:
                place[tail[keys.TIME :]] = tail
                adds[tail[keys.TIME :]] = max(now - before, adds[tail[keys.TIME :]])
    one = entries.packed(alone, pl.DataFrame({part: [1] for part in alone.counts}))[0]
    puts = []
    for number, identity in enumerate(adds, start=1):
        entity, (by_time, by_seen) = keys.entity([number]), places
        tails = by_time.get(identity) or by_seen[identity], by_seen.get(identity) or by_time[identity]
        puts += [(prefix(alone.number + i, entity) + tail, one) for i, tail in enumerate(tails)]
    return list(adds.items()), puts


def _in_rows(asked: Asked, listed: Rows, feature: Latest | Window, alone: Rows) -> tuple[list[tuple[bytes, int]], list[Entry]]:
    """The rows in a list of rows, the newest first, and an entry for each alone."""
    place = listed.places[feature.name]
    rows = [(tail, msgspec.msgpack.decode(value)) for tail, value in _entity(asked, listed.number)]
    own = [(tail, row) for tail, row in rows if isinstance(feature, Latest) or row[place] is not None]
    puts = [
        (prefix(alone.number, keys.entity([number])) + tail, entries.encode([*row[:2], number]))
        for number, (tail, row) in enumerate(own, start=1)
    ]
    return [(tail[keys.TIME :], 1) for tail, _ in own], puts


def _entity(asked: Asked, number: int) -> Sequence[Entry]:
    """The entries of the entity that was read in a list, each by what follows the entity in its key, the newest first."""
    start = asked.start(number)
    if start is None:
        return []
    (found,) = asked.store.read(Reads(scans=[(start, start + AFTER)])).scans
    return [(key[len(start) :], value) for key, value in found]


def _alone(features: FeatureSet, feature: Latest | Window) -> FeatureSet:
    """A feature of that name which is more than 0 where a row, alone with its number, counts."""
    number, lateness = ["col", ALONE], features.histories[feature.history].lateness
    of = History(
        TABLE, {ALONE: "Int64", TIME: UTC, SEEN: UTC}, number, ["col", TIME], {ALONE: number}, {ALONE: "Int64"},
        available=["col", SEEN], lateness=lateness,
    )  # fmt: skip
    what: dict[str, Any] = {"keys": ((ALONE, ALONE),), "where": None, "dtype": "Int64"}
    match feature:
        case Latest():
            what |= {"value": number}
        case Window() if feature.statistic in RANGED:
            what |= {"measure": number}
        case _:
            what |= {"measure": None, "statistic": "count", "places": 0}
    as_of = features.request.as_of or ""
    asks = Request((ALONE,), as_of, {as_of: UTC, ALONE: "Int64"})
    return FeatureSet(asks, {}, {feature.history: of}, (msgspec.structs.replace(feature, **what),))


def _copies(features: FeatureSet, request: pl.DataFrame, many: int) -> pl.DataFrame:
    """The request once for each row, with the row's number."""
    at = request.select(features.request.as_of or "")
    return pl.DataFrame({ALONE: pl.int_range(1, many + 1, eager=True)}).join(at, how="cross")
