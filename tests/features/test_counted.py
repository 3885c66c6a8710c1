"""What is said of the rows that a side counted is what brute force finds in the raw rows."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import assume, given, settings

from interlock.features import counted
from interlock.features.featureset import Latest, Window
from interlock.features.histories import SEEN, history
from interlock.features.plan import RANGED
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from tests.examples import fewer
from tests.features import brute, interpreter
from tests.features.planted import EVENTS, NOON, Day, event, tables
from tests.features.worlds import World, worlds


def contributing(world: brute.World, feature: Latest | Window, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The raw rows that make up the value of a feature."""
    moment, rows = world.visible(feature, request)
    if isinstance(feature, Latest):
        last = max(rows, key=lambda row: (row[brute.TIME], row[brute.ID]), default=None)
        fresh = last is not None and (feature.max_age is None or moment - last[brute.TIME] <= timedelta(microseconds=feature.max_age))
        return [last] if last is not None and fresh else []
    inside = [row for row in rows if row[brute.TIME] >= moment - timedelta(microseconds=feature.width)]
    nothing = (None, "nan") if feature.statistic in RANGED else (None,)
    return [row for row in inside if feature.measure is None or _named(interpreter.value(feature.measure, row)) not in nothing]


def _named(value: Any) -> Any:
    """A value, and NaN by its name."""
    return "nan" if isinstance(value, float) and value != value else value  # noqa: PLR0124 - what NaN is


@settings(max_examples=fewer(3))
@given(worlds())
def test_both_sides_say_how_many_rows_brute_force_counts(world: World) -> None:
    """With nothing wrong: no row on one side alone, and as many on both as the definition counts, for every kind of feature."""
    assume(world.requests)
    asked, oracle = world.asked.sort("as_of", "rid"), brute.World(world.declared, world.tables)
    store, histories = Memory(), {name: history(world.declared, name, world.lazy) for name in world.declared.histories}
    state = State.of(world.declared, store)
    state.materialize(world.lazy, asked["as_of"][0], histories)
    for name, rows in histories.items():
        state.add(name, rows.filter(pl.col(SEEN) >= asked["as_of"][0]), 1)
    for feature in world.declared.features:
        if isinstance(feature, Latest | Window):
            for row in (0, -1):
                expected = len(contributing(oracle, feature, asked.row(row, named=True)))
                found = counted.difference(world.declared, store, feature, histories[feature.history], asked[row])
                assert found == {"both": expected, "only_offline": [], "only_online": []}, feature


def filled(day: Day, rows: dict[str, pl.DataFrame]) -> Memory:
    """A store to which `rows` came after it was filled with nothing."""
    store = Memory()
    state = State.of(day.features, store)
    state.materialize(day.tables, None)
    for name, come in rows.items():
        state.add(name, come, 1)
    return store


def differences(day: Day, store: Memory, rows: dict[str, pl.DataFrame], request: str) -> Iterator[tuple[str, dict[str, Any]]]:
    asked = day.asked.filter(pl.col("rid") == request)
    for feature in day.features.features:
        if isinstance(feature, Latest | Window):
            yield feature.name, counted.difference(day.features, store, feature, rows[feature.history], asked)


def test_filters_nulls_and_other_entities_are_left_out_on_both_sides() -> None:
    """A row that fails the filter, lacks the measure or belongs to another is counted by neither, though lists are shared."""
    day = Day()
    rows = {name: history(day.features, name, day.tables) for name in day.features.histories}
    found = dict(differences(day, filled(day, rows), rows, "a 3"))
    assert {name: each["both"] for name, each in found.items()} == {
        "many": 3, "total": 6, "earlier": 2, "last": 1, "most": 4, "_all": 3, "quiet": 0,
    }  # fmt: skip
    assert all(not each["only_offline"] and not each["only_online"] for each in found.values())


def test_what_only_the_store_has_is_named_by_the_id_in_its_key() -> None:
    """Rows that the history does not have: text as it is, whatever it holds."""
    day = Day()
    rows = {name: history(day.features, name, day.tables) for name in day.features.histories}
    odd = event("ü \0 \1 x", 61)
    come = {name: history(day.features, name, tables([*EVENTS, odd])) for name in day.features.histories}
    found = dict(differences(day, filled(day, come), rows, "a 3"))
    assert found["many"] == {"both": 3, "only_offline": [], "only_online": [odd["id"]]}
    assert found["most"] == {"both": 4, "only_offline": [], "only_online": [odd["id"]]}
    assert found["last"] == {"both": 0, "only_offline": ["e6"], "only_online": [odd["id"]]}


def test_a_row_at_another_time_is_counted_where_it_lies() -> None:
    """The same row, an hour earlier online: each window counts it on the side where it falls into it."""
    day = Day()
    rows = {name: history(day.features, name, day.tables) for name in day.features.histories}
    moved = [row | ({"at": NOON - timedelta(hours=4), "seen": NOON - timedelta(hours=4)} if row["id"] == "e6" else {}) for row in EVENTS]
    come = {name: history(day.features, name, tables(moved)) for name in day.features.histories}
    found = dict(differences(day, filled(day, come), rows, "a 2"))
    assert (found["many"]["only_offline"], found["total"]["only_offline"]) == (["e6"], ["e6"])
    assert all(each["only_online"] == [] for name, each in found.items() if name != "last")


def test_an_entity_with_no_rows_is_counted_as_nothing() -> None:
    """Neither side, and no error, where the store or the history has nothing."""
    day = Day()
    rows = {name: history(day.features, name, day.tables).clear() for name in day.features.histories}
    for _, found in differences(day, filled(day, {}), rows, "a 1"):
        assert found == {"both": 0, "only_offline": [], "only_online": []}
