"""Which rows are of an entity, whatever its columns are called, and which features these feed."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts.kinds import kind
from interlock.errors import ArtifactError, ConfigError
from interlock.features import eventlog, payloads
from interlock.features.declare import on_demand, view
from interlock.features.eventlog import EventLog
from interlock.features.records import Event
from interlock.serving import erasing, pages
from interlock.serving.entity import Entity, read
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
    sought = entity.sought({})
    assert [sought.has(row) for row in rows] == expected
    frame = pl.DataFrame({name: pl.Series([text(row[name]) for row in rows], dtype=pl.String) for name in "ab"})
    own = entity.rows(frame.schema)
    assert own is not None
    assert frame.select(own.fill_null(False).alias("own"))["own"].to_list() == expected
    assert entity.rows({"c": pl.String()}) is None


def test_only_the_events_of_the_entity_go(tmp_path: Path) -> None:
    """By any of the names that its column has in their table; the others stay, and the chain."""
    rows = pl.DataFrame({"id": ["1", "2", "3", "4"], "a": ["x", "y", None, "z"], "b": ["z", "x", "x", "y"]})
    now = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1e6)
    with closing(EventLog(tmp_path)) as log:
        log.append([Event(table, now, None, payload) for table in ("events", "log") for payload in payloads.encoded(rows)])
    entity = Entity.of(["a=x"])
    found = erasing.in_events(tmp_path, entity, erasing.names(DECLARED, entity), DECLARED)
    assert found == [1, 2, 3, 5]
    with erasing.writers([tmp_path]) as (opened,):
        with pytest.raises(ArtifactError, match=rf"is being written by another process \({os.getpid()}\)"), erasing.writers([tmp_path]):
            pass
        assert erasing.erase(opened, found) == eventlog.Verdict(8, 4)
    left = [json.loads(bytes(record.payload))["id"] for record in eventlog.read(tmp_path) if not record.erased]
    assert left == ["4", "2", "3", "4"]
    with erasing.writers([tmp_path]) as (opened,):
        assert erasing.erase(opened, []) == eventlog.Verdict(8, 4)


TYPED = {
    "Datetime[us,UTC]": ("2025-03-02", "2025-03-02T00:00:00Z", "2025-03-02 01:00:00+01:00"), "Datetime[ms]": ("2025-03-02",), "Date": ("2025-03-02",),
    "Int64": ("7", "7.0"), "Float64": ("0.5", "5e-1"), "Float32": ("0.1",), "Boolean": ("true",), "Int128": ("99999999999999999999",), "String": ("7",),
    "Time": ("01:02:03",),
}  # fmt: skip


@pytest.mark.parametrize("text", TYPED)
def test_a_value_is_found_in_the_form_of_its_column(text: str) -> None:
    """As the log has it and as a table has it, whichever way of JSON a person writes it; its neighbour is not."""
    of = kind(text)
    for said in TYPED[text]:
        entity = Entity.of([f"v={said}"])
        own = read([said], of)
        frame = pl.DataFrame({"v": own.extend(own.clear(1))})
        row, null = (json.loads(line) for line in payloads.encoded(frame))
        sought = entity.sought({"v": of})
        assert (sought.has(row), sought.has(null)) == (True, False)
        other = Entity.of(
            ["v=2025-03-03" if "Date" in text else "v=02:02:02" if text == "Time" else "v=false" if text == "Boolean" else "v=8"]
        )
        assert not other.sought({"v": of}).has(row)
        for each, expected in ((entity, [True, False]), (other, [False, False])):
            found = each.rows(frame.schema)
            assert found is not None
            assert frame.select(found.fill_null(False).alias("own"))["own"].to_list() == expected
        assert entity.unread({"v": of}) == {}
    if text != "String":
        assert Entity.of(["v=xyz"]).unread({"v": of}) == {("v", "xyz"): of.words}


def test_a_value_that_is_none_of_the_types_of_its_column_is_refused() -> None:
    """It would be found nowhere; one that any of the places can hold is not."""
    for said in ("as_of=yesterday", "as_of=2025-03-02T00:00:00", "c=x"):
        entity = Entity.of([said])
        with pytest.raises(ConfigError, match=f"{said}: expected is"):
            erasing.checked(DECLARED, entity, erasing.names(DECLARED, entity))
    for said in ("as_of=2025-03-02", "c=1", "a=x"):
        entity = Entity.of([said])
        erasing.checked(DECLARED, entity, erasing.names(DECLARED, entity))


def test_pages_that_show_an_entity_are_named(tmp_path: Path) -> None:
    """In any folder below, escaped as a page writes it; a longer word is another entity, and a page needs a value of each column."""
    shown = {
        "a.html": "<td>c1</td><td>Tom &amp; Co</td>",
        "sub/b.html": '"c1"',
        "c.html": "c17 xc1",
        "d.html": "2025-03-02T00:00:00Z",
        "e.txt": "c1",
    }
    for name, text in shown.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for said, names in {
        ("id=c1",): ["a.html", "sub/b.html"],
        ("id=c1", "name=Tom & Co"): ["a.html"],
        ("at=2025-03-02",): ["d.html"],
        ("id=",): [],
    }.items():
        assert pages.showing(Entity.of(said), tmp_path) == [tmp_path / name for name in names]
    assert pages.showing(Entity.of(["id=c1"]), tmp_path / "none") == []


@pytest.mark.parametrize("text", ["c17", "=c17", ""])
def test_what_names_no_entity_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no entity"):
        Entity.of([text])
