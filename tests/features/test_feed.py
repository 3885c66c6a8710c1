"""The feed against the offline executor over the same rows, and what it does with rows that it cannot take."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ContractError
from interlock.features import eventlog, offline
from interlock.features.bits import differing
from interlock.features.declare import view
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.feed import Feed
from interlock.features.fold import Fold
from interlock.features.histories import SEEN, history
from interlock.features.keys import micros
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Store
from interlock.frames import ROW
from interlock.usecase import col, fixed
from interlock.usecase import history as derived
from tests.examples import fewer
from tests.features.worlds import ANCHORS, STEP, Events, Places, Row, World, feature_set, frame, worlds

EARLY = datetime(1, 1, 1, tzinfo=UTC)


def assert_equal(world: World, store: Store, since: datetime | None = None) -> None:
    """Every feature of every request from `since` on is online what it is offline, to the last bit."""
    asked = world.asked if since is None else world.asked.filter(pl.col("as_of") >= since)
    wanted, found = offline.compute(world.declared, asked, world.lazy), Online(world.declared, store).matrix(asked)
    for name in found.columns:
        assert not differing(found[name], wanted[name]).any(), (
            name,
            found[name].to_list(),
            wanted[name].to_list(),
            asked["as_of"].to_list(),
        )


def deliveries(rows: pl.DataFrame, random: Random) -> list[pl.DataFrame]:
    """Rows in batches of any size and order, some of them more than once."""
    order = [i for i in range(rows.height) for _ in range(random.choice([1, 1, 1, 2]))]
    random.shuffle(order)
    size = len(order) // random.choice([1, 2, 5]) + 1
    return [rows[order[at : at + size]] for at in range(0, len(order), size)]


def check_any_delivery(world: World, store: Store, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - an order, not a secret
    anchor: datetime = min((request["as_of"] for request in world.requests), default=ANCHORS[0])
    since = random.choice([None, anchor, anchor + STEP, anchor - 3 * STEP])
    folded = random.choice([None, since, since and since + 2 * STEP, since and since + 4 * STEP])
    State.of(world.declared, store).materialize(world.lazy, since)
    with TemporaryDirectory() as folder:
        feed = Feed(world.declared, store, EventLog(Path(folder)))
        for source in ("events", "log"):
            table = world.lazy[source].collect()
            early = table if folded is None else table.filter(~late(world, source, folded))
            for batch in deliveries(early, random):
                feed.add(source, batch, EARLY)
        if folded is not None:
            Fold(feed.state, micros(folded), page=7).run()
            for source in ("events", "log"):
                for batch in deliveries(world.lazy[source].collect(), random):
                    feed.add(source, batch, EARLY)
        assert feed.log.end == feed.state.meta().position
        feed.log.close()
    assert_equal(world, store, folded or since)


def late(world: World, source: str, moment: datetime) -> pl.Series:
    """True for some of the rows of a source that are first seen at a moment or after it, or never."""
    made = [history(world.declared, name, world.lazy) for name, each in world.declared.histories.items() if each.source == source]
    seen = pl.concat([rows.filter(pl.col(SEEN) < moment).select(ROW) for rows in made])[ROW]
    numbers = world.lazy[source].collect()[ROW]
    return ~numbers.is_in(seen.implode()) & (numbers % 3 > 0)


@given(worlds(), st.integers(0, 2**32))
def test_values_do_not_depend_on_how_rows_are_delivered(world: World, seed: int) -> None:
    """In any order, in batches of any size, more than once, before and after folding, on top of what was filled as of any moment."""
    check_any_delivery(world, Memory(), seed)


@settings(max_examples=fewer(8))
@given(world=worlds(), seed=st.integers(0, 2**32))
def test_every_store_gives_the_same(store: Store, world: World, seed: int) -> None:
    """What holds in memory holds in LMDB and on a server of the Redis protocol."""
    check_any_delivery(world, store, seed)


NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def declared() -> FeatureSet:
    """Two histories of one source, one of which looks a reference up; the measure has two places and a bound."""
    looked = derived(
        of=Events, by="a", id="id", time="at", available="seen", lateness="1h", lookups={"size": fixed(Places, "size", by="a")},
        columns=["n", "x", "size"],
    )  # fmt: skip
    only = derived(of=Events, by="a", id="id", time="at", available="seen", lateness="1h", where=col("kind") == "q", columns=["n"])
    return feature_set(
        {
            "total": view(looked).sum("x", "2h", "Sum", places=2, max_abs=100),
            "weight": view(looked).sum("size", "2h", "Sizes", max_abs=100),
            "some": view(only).count("2h", "Rows of a kind"),
            "size": view(Places).lookup("size", "Size"),
        },
        Looked=looked,
        Only=only,
    )


def row(identity: str, minutes: float = 0, late: float = 0, **other: Any) -> Row:
    at = NOON + timedelta(minutes=minutes)
    empty = dict.fromkeys(("b", "c", "clock", "delay", "flag", "kind"))
    return {**empty, "id": identity, "number": 0, "a": "a", "at": at, "seen": at + timedelta(minutes=late), "n": 1, "x": 0.5, **other}


def events(*rows: Row) -> pl.DataFrame:
    return frame("events", rows)


def places(**sizes: int | None) -> pl.DataFrame:
    return frame("places", [{"a": a, "size": size, "town": None} for a, size in sizes.items()])


@pytest.fixture
def feed(store: Store, tmp_path: Path) -> Iterator[Feed]:
    """A feed into a store as of noon that knows one place and no event."""
    tables = {"events": events().lazy(), "places": places(a=3).lazy()}
    State.of(declared(), store).materialize(tables, NOON)
    with closing(EventLog(tmp_path / "log")) as log:
        yield Feed(declared(), store, log)


def value(feed: Feed, name: str, minutes: float = 60, a: str = "a") -> Any:
    asked = frame("requests", [{"rid": "r", "as_of": NOON + timedelta(minutes=minutes), "a": a, "b": None, "c": None}])
    return Online(feed.features, feed.store).matrix(asked)[name][0]


REFUSED: dict[str, tuple[Row, str]] = {
    "late": (row("r", 10, late=61), "later after it happened than the declared lateness of 1h"),
    "old": (row("r", -61), "before the state begins"),
    "no id": (row("", id=None), "id is null, expected is a value"),
    "long id": (row("x" * 300, 10), "its id has 300 bytes or more"),
    "fine": (row("r", 10, x=0.125), "total: the measure has more than 2 decimal places"),
    "wide": (row("r", 10, x=101.0), "or is beyond ±100"),
    "nan": (row("r", 10, x=float("nan")), "x is nan, expected is at least -1000; x is nan, expected is at most 1000"),
    "out of range": (row("r", 10, n=-1001), "n is -1001, expected is at least -1000"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_row_that_cannot_be_taken_is_refused_with_its_reason(feed: Feed, name: str) -> None:
    """The rows beside it are taken, the log does not hold it, and no value counts it."""
    bad, said = REFUSED[name]
    report = feed.add("events", events(row("e1", 5), bad, row("e2", 6)), EARLY, ["Looked"])
    assert report.counts == {"added": 2, "duplicate": 0, "refused": 1}
    (told,) = report.rows.filter(status="refused").to_dicts()
    assert (told["row"], told["part"]) == (1, "events" if "expected is" in said else "Looked")
    assert said in told["reason"]
    assert (feed.log.end, value(feed, "total")) == (2, 1.0)


def test_an_arrival_counts_where_it_is_after_the_availability(feed: Feed) -> None:
    """A row that was available at once and arrived half an hour later is seen when it arrived; an hour and more is too late."""
    feed.add("events", events(row("e1", 5)), NOON + timedelta(minutes=35))
    assert (value(feed, "total", 35), value(feed, "total", 35.1)) == (None, 0.5)
    assert feed.add("events", events(row("e2", 5)), NOON + timedelta(minutes=65.1)).counts["refused"] == 1
    each = pl.Series([NOON + timedelta(minutes=minutes) for minutes in (40, 50)], dtype=pl.Datetime("us", "UTC"))
    feed.add("events", events(row("e3", 5), row("e4", 5)), each)
    assert [value(feed, "total", minutes) for minutes in (40, 40.1, 50.1)] == [0.5, 1.0, 1.5]


def test_what_never_happened_or_was_never_available_makes_nothing(feed: Feed) -> None:
    """As offline: null times derive no row, so nothing is reported and nothing is logged."""
    report = feed.add("events", events(row("e1", at=None), row("e2", 5, seen=None)), EARLY)
    assert (report.rows.height, feed.log.end) == (0, 0)


def test_an_id_that_says_something_else_is_a_contradiction(feed: Feed) -> None:
    """The first row of an id counts; another under it is refused, in the same batch as in a later one."""
    report = feed.add("events", events(row("e1", 5), row("e1", 5, x=0.7), row("e1", 5)), EARLY, ["Looked"])
    assert report.rows.sort("row")["status"].to_list() == ["added", "refused", "duplicate"]
    assert feed.add("events", events(row("e1", 6)), EARLY, ["Looked"]).rows["reason"].to_list() == ["another row has this id"]
    assert (value(feed, "total"), feed.log.end) == (0.5, 1)


def test_a_row_goes_to_the_histories_that_take_it(feed: Feed) -> None:
    """To all of its source, to those named alone, and to the others where one refuses it: the same when the log is applied anew."""
    feed.add("events", events(row("e1", 5, kind="q")), EARLY)
    feed.add("events", events(row("e2", 6, kind="q")), EARLY, ["Only"])
    report = feed.add("events", events(row("e3", 7, kind="q", x=0.125)), EARLY)
    assert dict(report.rows.select("part", "status").iter_rows()) == {"Looked": "refused", "Only": "added"}
    assert [record.histories for record in eventlog.read(feed.log.folder)] == [None, ("Only",), ("Only",)]
    before = value(feed, "total"), value(feed, "some")
    assert before == (0.5, 3)
    feed.state.materialize({"events": events().lazy(), "places": places(a=3).lazy()}, NOON)
    assert (value(feed, "total"), value(feed, "some")) == (None, 0)
    assert (feed.catch_up(), value(feed, "total"), value(feed, "some")) == (3, *before)


def test_references_are_added_to_and_never_change(feed: Feed) -> None:
    """A new key is looked up from then on, by requests and by rows that come after it; a known one keeps its value."""
    feed.add("events", events(row("e1", 5, a="b"), row("e2", 5)), EARLY, ["Looked"])
    report = feed.add("places", places(a=3, b=4, c=None), EARLY)
    assert report.rows["status"].to_list() == ["duplicate", "added", "added"]
    (changed,) = feed.add("places", places(a=5), EARLY).rows.to_dicts()
    assert (changed["status"], changed["reason"]) == ("refused", "a fixed column of its key has another value")
    lost = feed.add("places", frame("places", [{"a": None, "size": 1, "town": None}]), EARLY)
    assert lost.rows["reason"].to_list() == ["a is null, expected is a value"]
    feed.add("events", events(row("e3", 6, a="b")), EARLY, ["Looked"])
    assert [value(feed, "size", a=a) for a in "abc"] == [3, 4, None]
    assert [value(feed, "weight", a=a) for a in "ab"] == [3, 4]
    feed.state.materialize({"events": events().lazy(), "places": places(a=3).lazy()}, NOON)
    feed.catch_up()
    assert [value(feed, "weight", a=a) for a in "ab"] == [3, 4]


def test_a_record_that_the_state_lacks_is_applied_when_the_feed_is_opened(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the log and the state the process failed: the next row finds the one before it counted, once."""
    with monkeypatch.context() as patched:
        patched.setattr(State, "commit", lambda *_: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(OSError, match="gone"):
            feed.add("events", events(row("e1", 5)), EARLY)
    assert (feed.log.end, feed.state.meta().position) == (1, 0)
    assert feed.add("events", events(row("e1", 5), row("e2", 6)), EARLY, ["Looked"]).counts == {"added": 1, "duplicate": 1, "refused": 0}
    assert (value(feed, "total"), feed.state.meta().position) == (1.0, 2)


def test_an_erased_record_makes_nothing_when_the_log_is_applied_anew(feed: Feed) -> None:
    """Filled again, the state no longer counts it, and is at the end of the log all the same."""
    feed.add("events", events(row("e1", 5), row("e2", 6)), EARLY)
    feed.log.erase([1])
    feed.state.materialize({"events": events().lazy(), "places": places(a=3).lazy()}, NOON)
    assert (feed.catch_up(), value(feed, "total"), feed.state.meta().position) == (2, 0.5, 2)


def test_a_state_ahead_of_its_log_is_refused(feed: Feed, tmp_path: Path) -> None:
    """It was fed from another log: opening a feed says so, and counts nothing."""
    feed.add("events", events(row("e1", 5)), EARLY)
    with closing(EventLog(tmp_path / "other")) as other, pytest.raises(ArtifactError, match=r"is at position 1, the log in .* ends at 0"):
        Feed(feed.features, feed.store, other)


WRONG: dict[str, tuple[Callable[[Feed], object], str]] = {
    "missing": (lambda feed: feed.add("events", events(row("e")).drop("x"), EARLY), "the rows have no column x"),
    "type": (lambda feed: feed.add("events", events(row("e")).cast({"n": pl.Int64}), EARLY), "n is Int64, declared is Int32"),
    "table": (lambda feed: feed.add("nothing", events(row("e")), EARLY), "no feature reads a table nothing"),
    "history": (lambda feed: feed.add("events", events(row("e")), EARLY, ["Other"]), "Other is no history of events"),
    "times": (lambda feed: feed.add("events", events(row("e")), pl.Series([None], dtype=pl.Datetime("us", "UTC"))), "1 times of arrival for 1 rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_rows_of_another_shape_are_refused_as_a_whole(feed: Feed, name: str) -> None:
    """A column that is read and not there, or of another type, and names that nothing has: nothing is logged."""
    work, said = WRONG[name]
    with pytest.raises(ContractError, match=said):
        work(feed)
    assert feed.log.end == 0
