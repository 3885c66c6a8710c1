"""A replay lets requests and everything that happened go by in the order of time."""

from datetime import datetime
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.features import collect, offline
from interlock.features.declare import on_demand, view
from interlock.features.histories import ID, SEEN, history
from interlock.features.parity import Parity, Result
from interlock.features.replay import Replay
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from interlock.usecase import Schema, col, request, table_of
from tests.examples import fewer
from tests.features.planted import Day
from tests.features.worlds import Places, World, frame, worlds

Come = list[tuple[str, Any, datetime]]


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch) -> Come:
    """What comes to the store, in order: the name of a history, an id and when it was seen, or a fill and its moment."""
    found: Come = []
    commit, materialize = State.commit, State.materialize

    def committed(self: State, puts: Any, new: Any, position: int) -> None:
        found.extend((name, *row) for name, rows in new.items() for row in rows.select(ID, SEEN).rows())
        commit(self, puts, new, position)

    def filled(self: State, tables: Any, moment: Any, histories: Any) -> dict[str, int]:
        counted = materialize(self, tables, moment, histories)
        found.append(("filled", counted, moment))
        return counted

    monkeypatch.setattr(State, "commit", committed)
    monkeypatch.setattr(State, "materialize", filled)
    return found


def replay(day: Day, requests: pl.DataFrame, batch: int) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    histories = {name: history(day.features, name, day.tables) for name in day.features.histories}
    return list(Replay(day.features, Memory(), day.tables, histories).run(requests, batch))


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_rows_come_once_in_the_order_in_which_they_were_seen(come: Come, batch: int) -> None:
    """Filled with what was seen before the first request; then row by row, none before it was seen, none after the last request."""
    day = Day()
    answers = replay(day, day.asked, batch)
    assert pl.concat(asked for asked, _ in answers).equals(day.asked)
    assert come[0] == ("filled", {"Late": 2, "Other": 0}, day.asked["as_of"][0])
    later = [(identity, seen) for name, identity, seen in come[1:] if name == "Late"]
    assert later == sorted(later, key=lambda row: row[1])
    assert {identity for identity, _ in later} == {"e3", "e4", "e5", "e6", "e7", "e8", "q1", "o1", "0"}
    assert len(later) == 9


def test_a_row_is_there_for_the_first_request_after_it(come: Come) -> None:
    """One request at a time: when it is answered, every row seen before it has come, and none that was not."""
    day, histories = Day(), history(Day().features, "Late", Day().tables)
    run = Replay(day.features, Memory(), day.tables, {name: history(day.features, name, day.tables) for name in ("Late", "Other")})
    for asked, _ in run.run(day.asked, 1):
        there = {identity for name, identity, _ in come if name == "Late"}
        before = histories.filter(pl.col(SEEN) < asked["as_of"][0], pl.col(SEEN) >= day.asked["as_of"][0])
        assert there == set(before[ID])


def test_stretches_one_after_the_other_fill_the_store_anew() -> None:
    """What an earlier stretch left, later rows too, changes no value of the next."""
    day, result = Day(), Result()
    parity = Parity(day.features, Memory(), day.tables)
    for stretch in (day.asked[8:], day.asked[:8], day.asked[4:6]):
        parity.check(stretch, day.offline, result)
    assert (result.rows, result.equal) == (16, True)


def test_no_request_is_no_replay(come: Come) -> None:
    """Nothing is filled for nothing."""
    assert replay(Day(), Day().asked.clear(), 1) == []
    assert come == []


@settings(max_examples=fewer(6))
@given(worlds(), st.integers(1, 5), st.integers(1, 5))
def test_values_do_not_depend_on_where_a_replay_begins(world: World, batch: int, skipped: int) -> None:
    """A replay of the last requests alone, filled as of the first of them, gives what the whole one gave."""
    assume(len(world.requests) > skipped)
    asked, result = world.asked.sort("as_of", "rid"), Result()
    made = offline.compute(world.declared, asked, world.lazy)
    Parity(world.declared, Memory(), world.lazy).check(asked[skipped:], made, result, batch)
    assert (result.rows, result.equal) == (asked.height - skipped, True)


def test_requests_without_time_are_replayed() -> None:
    """No moment and no history: lookups and expressions alone, equal to the bit."""

    class Person(pa.DataFrameModel):
        rid: str
        a: str = pa.Field(nullable=True)

    features = collect.collect(
        Schema({"places": table_of(Places)}, {}, table_of(request(by="rid", as_of=None)(Person))),
        {"size": view(Places).lookup("size", "x"), "half": on_demand(col("size") / 2, "x")},
        "features.py",
    )
    asked = pl.DataFrame({"rid": ["1", "2", "3"], "a": ["b", None, "unseen"]})
    tables = {"places": frame("places", [{"a": "b", "size": 3, "town": None}]).lazy()}
    result = Result()
    Parity(features, Memory(), tables).check(asked, offline.compute(features, asked, tables), result, 2)
    assert (result.rows, result.equal) == (3, True)
