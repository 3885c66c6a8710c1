"""Which rows of a history each side counted for a feature of one request: the offline side by looking at the rows
themselves, the online side by the entries of its lists."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl

from interlock.features import entries, expressions, keys
from interlock.features.featureset import Latest, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.plan import Plan, prefix
from interlock.features.stores.store import Entry, Reads, Store

EVER = 1 << 61
TIME_BYTES = 8


def difference(plan: Plan, store: Store, feature: Latest | Window, rows: pl.DataFrame, request: dict[str, Any]) -> dict[str, list[str]]:
    """The ids of the rows of the history that one side counted and the other did not; `rows` are all of them."""
    moment: datetime = request[plan.features.request.as_of or ""] - timedelta(microseconds=feature.ago)
    here = {keys.identity(value) for value in offline(feature, rows, request, moment)[ID].to_list()}
    there = set(online(plan, store, feature, request, moment))
    names = {keys.identity(value): str(value) for value in rows[ID].to_list()}
    return {
        "only_offline": sorted(names[key] for key in here - there),
        "only_online": sorted(names.get(key, key.hex()) for key in there - here),
    }


def offline(feature: Latest | Window, rows: pl.DataFrame, request: dict[str, Any], moment: datetime) -> pl.DataFrame:
    """The rows that count: of the request's entity, in the window, seen strictly before the moment."""
    own = rows.filter(*((pl.col(theirs) == request[ours]).fill_null(False) for theirs, ours in feature.keys))
    own = own.filter(pl.col(TIME) < moment, pl.col(SEEN) < moment)
    if feature.where is not None:
        own = own.filter(expressions.build(feature.where).fill_null(False))
    if isinstance(feature, Latest):
        return own.sort(TIME, ID).tail(1)
    return own.filter(pl.col(TIME) >= moment - timedelta(microseconds=feature.width))


def online(plan: Plan, store: Store, feature: Latest | Window, request: dict[str, Any], moment: datetime) -> Iterator[bytes]:
    """The ids, as keys hold them, of the rows whose entries make up the value."""
    values = [request[ours] for _, ours in feature.keys]
    if None in values:
        return
    entity, at = keys.entity(values), int(entries.micros(pl.Series([moment]).cast(pl.Datetime("us", "UTC")))[0])
    listed = next((rows for rows in plan.rows if feature in rows.features), None)
    if listed is not None:
        start = prefix(listed.number, entity)
        found = _between(store, start, at, EVER if isinstance(feature, Latest) else feature.width)
        visible = [key[len(start) + TIME_BYTES :] for key, value in found if msgspec.msgpack.decode(value)[1] < at]
        yield from visible[:1] if isinstance(feature, Latest) else visible
    elif isinstance(feature, Window):
        lateness = plan.features.histories[feature.history].lateness
        totals = next(totals for totals in plan.totals if feature in totals.windows)
        seen, past = prefix(totals.number + 1, entity), prefix(totals.number, entity)
        gone = {key[len(past) + TIME_BYTES :] for key, _ in _between(store, past, at - feature.width, lateness)}
        yield from (name for key, _ in _between(store, seen, at, feature.width) if (name := key[len(seen) + TIME_BYTES :]) not in gone)


def _between(store: Store, start: bytes, moment: int, length: int) -> list[Entry]:
    """The entries of an entity in the `length` before `moment`, the newest first."""
    newest, oldest = (keys.before(np.array([time], dtype=np.int64))[0] for time in (moment, moment - length))
    (found,) = store.read(Reads(scans=[(start + newest, start + oldest)])).scans
    return found
