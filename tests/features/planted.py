"""A day of one use case, small enough to know by heart, and faults to plant in its online side alone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock.features import intake, keys, offline, readers
from interlock.features.declare import on_demand, view
from interlock.features.featureset import FeatureSet, History
from interlock.features.online import Online
from interlock.features.parity import Parity, Result
from interlock.features.plan import Plan
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from interlock.usecase import col, history
from tests.features.worlds import Events, Places, Row, feature_set, frame, numbered

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
HALF = timedelta(minutes=30)
Rows = Callable[[pl.DataFrame], pl.DataFrame]


def declared() -> FeatureSet:
    """Every kind of feature, most of them over one history that is up to an hour late."""
    late = history(of=Events, by="a", id="id", time="at", available="seen", lateness="1h", columns=["n", "x", "kind"])
    other = history(of=Events, by="a", id="id", time="at", where=col("kind") == "q", columns=["n"])
    own = view(late)
    return feature_set(
        {
            "many": own.count("1h", "Rows in an hour"),
            "total": own.sum("x", "3h", "Sum in three hours", places=2),
            "earlier": view(late, where=col("n") > 0).count("1h", "Rows in an hour, an hour ago", ago="1h"),
            "last": own.latest("n", "Last number", max_age="1h"),
            "most": own.max("n", "90m", "Greatest number in 90 minutes"),
            "_all": view(late, by=()).count("1h"),
            "part": on_demand(col("many") / col("_all"), "Part of all"),
            "quiet": view(other).count("1h", "Rows of another history"),
            "size": view(Places).lookup("size", "Size of the place"),
        },
        Late=late,
        Other=other,
    )  # fmt: skip


def event(identity: str, at: int, seen: int | None = None, *, n: int = 1, x: float = 0.1, a: str | None = "a", kind: str = "p") -> Row:
    """A row of `Events` so many minutes after noon."""
    when, then = (NOON + timedelta(minutes=minutes) for minutes in (at, at if seen is None else seen))
    return {"id": identity, "number": 0, "a": a, "b": None, "c": None, "at": when, "seen": then, "clock": None, "delay": None, "n": n, "x": x, "flag": None, "kind": kind}  # fmt: skip


EVENTS = [
    event("e1", -120), event("e2", -60, n=-1, x=0.2), event("e3", -20, n=7, x=0.3, seen=25), event("e4", 30, n=3), event("e5", 40, n=4, seen=80),
    event("e6", 55, n=5), event("e7", 100, seen=130), event("e8", 150), event("q1", 20, kind="q"), event("o1", 10, a="b"), event("0", 5, a=None),
]  # fmt: skip
ASKED = [{"rid": f"{a} {i}", "as_of": NOON + i * HALF, "a": a, "b": None, "c": None} for i in range(7) for a in ("a", None)]
PLACES = [{"a": "a", "size": 3, "town": None}]


def tables(events: list[Row]) -> dict[str, pl.LazyFrame]:
    """The tables of the day, as `ingest` would write them."""
    return {"events": numbered(frame("events", events)), "places": numbered(frame("places", PLACES))}


class Day:
    """The requests, the values that the offline executor gives them, and what parity says of the online ones."""

    def __init__(self) -> None:
        self.features, self.asked = declared(), frame("requests", ASKED).sort("as_of", "rid")
        self.tables = tables(EVENTS)
        self.offline = offline.compute(self.features, self.asked, self.tables)

    def compared(self, batch: int = 3, offline: pl.DataFrame | None = None) -> Result:
        result = Result()
        parity = Parity(self.features, Memory(), self.tables)
        parity.check(self.asked, self.offline if offline is None else offline, result, batch)
        return result


def feed(monkeypatch: pytest.MonkeyPatch, change: Rows, names: tuple[str, ...] = ("Late",), filled: bool = True) -> None:
    """Let rows of histories come to the online side as `change` makes them; also those it is `filled` with."""
    derived, materialize = intake._derived, State.materialize

    def coming(state: State, declared: History, rows: pl.DataFrame) -> pl.DataFrame:
        made = derived(state, declared, rows)
        return change(made) if declared in [state.plan.features.histories[name] for name in names] else made

    def filling(self: State, tables: Any, moment: datetime | None, histories: Mapping[str, pl.DataFrame] | None = None) -> dict[str, int]:
        come = {name: change(rows) if name in names else rows for name, rows in (histories or {}).items()}
        return materialize(self, tables, moment, come)

    monkeypatch.setattr(intake, "_derived", coming)
    if filled:
        monkeypatch.setattr(State, "materialize", filling)


def misread(monkeypatch: pytest.MonkeyPatch, seen: int = 0, start: int = 0) -> None:
    """Let the online side seek so many microseconds too late: for what was seen before a moment, or what lies before a window."""
    seek, scan, decode = readers.Batch.seek, readers.Batch.scan, readers.decode

    def later(self: readers.Batch, offset: int, by: int) -> int:
        self.before[offset - by] = [keys.before(moment - offset + by) for moment in self.moments]
        return offset - by

    def seeking(self: readers.Batch, starts: list[bytes], offset: int) -> int:
        number = next((int.from_bytes(each[:2]) for each in starts), 0)
        return seek(self, starts, later(self, offset, seen if number % 2 else start))

    def scanning(self: readers.Batch, starts: list[bytes], newest: int, oldest: int) -> int:
        return scan(self, starts, later(self, newest, seen), oldest)

    def decoding(value: bytes) -> Any:
        row = decode(value)
        return [row[0], row[1] - seen, *row[2:]] if isinstance(row[0], int) else row

    monkeypatch.setattr(readers.Batch, "seek", seeking)
    if seen:
        monkeypatch.setattr(readers.Batch, "scan", scanning)
        monkeypatch.setattr(readers, "decode", decoding)


def misdeclare(monkeypatch: pytest.MonkeyPatch, names: set[str], **changed: Any) -> None:
    """Let the online executor read other declarations of some features, and take the store for its own all the same."""

    def plan(self: Online) -> Plan:
        told = tuple(msgspec.structs.replace(each, **changed) if each.name in names else each for each in self.features.features)
        other = Plan(msgspec.structs.replace(self.features, features=told))
        vars(other)["layout"] = Plan(self.features).layout
        return other

    monkeypatch.setattr(Online, "plan", property(plan))
