"""Which rows are of an entity, whatever its columns are called, and which features these feed."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.features import eventlog, payloads
from interlock.features.declare import on_demand, view
from interlock.features.eventlog import EventLog
from interlock.features.records import Event
from interlock.serving import erasing
from interlock.serving.erasing import Entity
from interlock.usecase import col
from interlock.usecase import history as derived
from tests.features.worlds import Events, Log, Pairs, Places, feature_set

MADE = derived(
    of=Events, by="a", id="id", time="at", available="seen", lateness="1h", columns=["b", (col("c") + 1).alias("c"), "n"]
)  # fmt: skip
DECLARED = feature_set(
    {
        "crosswise": view(MADE, by={"b": "a"}).count("2h", "Of the request's a, which is b there"),
        "shifted": view(MADE, by={"c": "c"}).count("2h", "By a column that is made from another"),
        "logged": view(Log).count("2h", "By a"),
        "_size": view(Places).lookup("size"),
        "told": on_demand(col("_size") + 1, "Reads a private one"),
        "rank": view(Pairs, by={"a": "b", "b": "a"}).lookup("rank", "Crosswise"),
        "plain": on_demand(col("c") * 2, "Of the request alone"),
    },
    Made=MADE,
)


def test_columns_are_found_by_their_name_and_by_the_keys_that_features_join_by() -> None:
    """The request's a is b in one table, both in another; a column that is made from several is no name of it."""
    assert erasing.names(DECLARED, Entity.of(["a=x"])) == {
        "events": {"a": {"a", "b"}}, "log": {"a": {"a"}}, "places": {"a": {"a"}}, "pairs": {"a": {"a", "b"}},
    }  # fmt: skip
    assert erasing.names(DECLARED, Entity.of(["c=1"])) == {"events": {"c": {"c"}}}
    assert erasing.names(DECLARED, Entity.of(["a=x", "town=y"])).keys() == {"places"}
    assert erasing.names(DECLARED, Entity.of(["nothing=x"])) == {}


def test_features_are_reached_through_those_that_they_read() -> None:
    """Public ones alone are told, in their order; what reads the request alone is not reached."""
    assert erasing.reached(DECLARED, ["events"]) == ["crosswise", "shifted"]
    assert erasing.reached(DECLARED, ["places"]) == ["told"]
    assert erasing.reached(DECLARED, ["log", "pairs"]) == ["logged", "rank"]
    assert erasing.reached(DECLARED, []) == []


VALUES = st.one_of(st.integers(-5, 5), st.booleans(), st.none(), st.sampled_from(["1", "a", "true", "", "None"]))


@given(
    st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=20),
    st.lists(st.sampled_from(["a=1", "a=a", "b=true", "b=", "a=None"]), min_size=1),
)
def test_rows_of_json_and_of_a_table_are_the_same(rows: list[dict[str, object]], said: list[str]) -> None:
    """What is of an entity among rows as JSON, by hand: one of the values in each column that is named. Null is no value."""
    entity = Entity.of(said)
    wanted: dict[str, set[str]] = {}
    for word in said:
        wanted.setdefault(word[0], set()).add(word[2:])
    texts = {True: "true", False: "false"}

    def text(value: object) -> str | None:
        return None if value is None else texts[value] if isinstance(value, bool) else str(value)

    expected = [all(text(row[name]) in values for name, values in wanted.items()) for row in rows]
    assert [entity.has(row) for row in rows] == expected
    frame = pl.DataFrame({name: pl.Series([text(row[name]) for row in rows], dtype=pl.String) for name in "ab"})
    own = entity.rows(frame.columns)
    assert own is not None
    assert frame.select(own.fill_null(False).alias("own"))["own"].to_list() == expected
    assert entity.rows(["c"]) is None


def test_only_the_events_of_the_entity_go(tmp_path: Path) -> None:
    """By any of the names that its column has in their table; the others stay, and the chain."""
    rows = pl.DataFrame({"id": ["1", "2", "3", "4"], "a": ["x", "y", None, "z"], "b": ["z", "x", "x", "y"]})
    now = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1e6)
    with closing(EventLog(tmp_path)) as log:
        log.append([Event(table, now, None, payload) for table in ("events", "log") for payload in payloads.encoded(rows)])
    entity = Entity.of(["a=x"])
    found = erasing.in_events(tmp_path, entity, erasing.names(DECLARED, entity))
    assert found == [1, 2, 3, 5]
    assert erasing.erase(tmp_path, found) == eventlog.Verdict(8, 4)
    left = [json.loads(bytes(record.payload))["id"] for record in eventlog.read(tmp_path) if not record.erased]
    assert left == ["4", "2", "3", "4"]
    assert erasing.erase(tmp_path, []) == eventlog.Verdict(8, 4)


@pytest.mark.parametrize("text", ["c17", "=c17", ""])
def test_what_names_no_entity_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no entity"):
        Entity.of([text])
