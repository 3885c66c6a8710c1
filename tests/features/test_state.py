"""The state of a store: what it is of, what it answers, and what folding and copies leave of it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from threading import Event, Thread

import msgspec
import polars as pl
import pytest

from interlock.errors import ArtifactError, ContractError
from interlock.features import backup, eventlog, offline
from interlock.features.bits import differing
from interlock.features.declare import view
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.feed import Feed
from interlock.features.fold import Fold
from interlock.features.histories import history
from interlock.features.keys import micros
from interlock.features.online import Online
from interlock.features.state import State, end
from interlock.features.stores.lmdb import Lmdb
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Reads, Store, walk
from interlock.usecase import history as derived
from tests.features.worlds import Events, Places, Row, feature_set, frame

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
EARLY = datetime(1, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
PLACES = [{"a": a, "size": size, "town": None} for a, size in (("a", 3), ("b", None))]


def declared(extra: str = "2h") -> FeatureSet:
    """Totals, rows and a lookup over one history that is up to an hour late."""
    late = derived(of=Events, by="a", id="id", time="at", available="seen", lateness="1h", columns=["n", "x"])
    own = view(late)
    return feature_set(
        {
            "many": own.count("2h", "Rows in two hours"),
            "_spread": own.std("x", extra, places=2),
            "_all": view(late, by=()).sum("x", "3h", places=2),
            "last": own.latest("n", "Last number, however old"),
            "most": own.max("n", "90m", "Greatest number"),
            "size": view(Places).lookup("size", "Size of the place"),
        },
        Late=late,
    )


def event(number: int, minutes: float, late: float = 0, a: str | None = "a", n: int | None = None) -> Row:
    """A row of `Events` so many minutes after noon, seen so many minutes later."""
    at = NOON + timedelta(minutes=minutes)
    row = dict.fromkeys(("b", "c", "clock", "delay", "flag", "kind"))
    return {**row, "id": f"e{number}", "number": number, "a": a, "at": at, "seen": at + timedelta(minutes=late), "n": number if n is None else n, "x": number / 100}  # fmt: skip


def tables(rows: list[Row]) -> dict[str, pl.LazyFrame]:
    return {"events": frame("events", rows).lazy(), "places": frame("places", PLACES).lazy()}


def asked(*minutes: float, entities: tuple[str | None, ...] = ("a", "b", "never", None)) -> pl.DataFrame:
    moments = [(minute, a) for minute in minutes for a in entities]
    return frame(
        "requests",
        [{"rid": f"{i}", "as_of": NOON + timedelta(minutes=m), "a": a, "b": None, "c": None} for i, (m, a) in enumerate(moments)],
    )


def assert_equal(features: FeatureSet, store: Store, rows: list[Row], requests: pl.DataFrame) -> None:
    wanted, found = offline.compute(features, requests, tables(rows)), Online(features, store).matrix(requests)
    assert [name for name in found.columns if differing(found[name], wanted[name]).any()] == []


ROWS = [event(i, 5 * i - 600, late=i % 61, a=("a", "b", None)[i % 3]) for i in range(120)]
PAST = [row for row in ROWS if row["seen"] < NOON]


@pytest.fixture
def feed(store: Store, tmp_path: Path) -> Iterator[Feed]:
    """A feed into a store that was filled as of noon."""
    State.of(declared(), store).materialize(tables(ROWS), NOON)
    with closing(EventLog(tmp_path / "log")) as log:
        yield Feed(declared(), store, log)


def test_a_filled_store_answers_from_its_moment_on(store: Store) -> None:
    """As of noon and after it equals the offline executor; a request from before is refused, not answered wrongly."""
    State.of(declared(), store).materialize(tables(ROWS), NOON)
    assert_equal(declared(), store, PAST, asked(0, 0.5, 59, 600))
    with pytest.raises(ContractError, match=r"as of 2024-02-29 11:59:00\+00:00, the online store answers from 2024-02-29 12:00:00"):
        Online(declared(), store).matrix(asked(0, -1))


def test_a_request_without_a_moment_is_refused(store: Store) -> None:
    """The first is named; a null is no time that a window could end at."""
    State.of(declared(), store).materialize(tables(ROWS), NOON)
    requests = asked(0, 30).with_columns(as_of=pl.when(pl.col("rid") != "6").then("as_of"))
    with pytest.raises(ContractError, match="the request in row 6 has no as_of"):
        Online(declared(), store).matrix(requests)


def test_a_store_without_a_state_is_not_mistaken_for_silence(store: Store) -> None:
    """Empty, half filled, or of other features, the store gives an error where it would else give nulls and zeros."""
    store.clear()
    with pytest.raises(ArtifactError, match="holds no state"):
        Online(declared(), store).matrix(asked(0))
    State.of(declared(), store).materialize(tables([]), NOON)
    with pytest.raises(ArtifactError, match="with other private features"):
        Online(declared(extra="4h"), store).matrix(asked(0))
    renamed = msgspec.structs.replace(declared(), features=tuple(feature for feature in declared().features if feature.name != "most"))
    with pytest.raises(ArtifactError, match="the online store is of feature set"):
        State.of(renamed, store).meta()


def test_a_late_row_rewrites_later_totals(feed: Feed) -> None:
    """A row an hour late counts for requests after it was seen alone, and in every total after it."""
    rows = [event(200 + i, 10 * i) for i in range(6)] + [event(300, 1, late=59)]
    for row in rows:
        feed.add("events", frame("events", [row]), EARLY)
    assert_equal(feed.features, feed.store, [*PAST, *rows], asked(0, 30, 60, 60.0001, 121, 300))


def test_a_known_row_changes_nothing(feed: Feed) -> None:
    """A row of the snapshot, a row that came before and the second of two in a batch are duplicates, to the byte."""
    new, old = (
        frame("events", [event(200, 5)] * 2),
        frame("events", [row for row in PAST if row["at"] >= NOON - timedelta(minutes=50)]),
    )
    assert feed.add("events", new, EARLY).counts == {"added": 1, "duplicate": 1, "refused": 0}
    before = everything(feed.store)
    assert feed.add("events", new, EARLY).counts["duplicate"] == 2
    assert feed.add("events", old, EARLY).counts == {"added": 0, "duplicate": old.height, "refused": 0}
    assert (everything(feed.store), feed.log.end) == (before, 1)


def everything(store: Store) -> list[tuple[bytes, bytes]]:
    return [entry for page in walk(store, b"", b"\xff\xff") for entry in page]


def test_watermarks_follow_what_was_seen(feed: Feed) -> None:
    """A watermark is when the last row was seen; late rows do not turn it back; it is null where nothing ever came."""
    before = feed.state.meta().watermarks["Late"]
    feed.add("events", frame("events", [event(200, 20, late=30)]), EARLY)
    feed.add("events", frame("events", [event(201, 10)]), EARLY)
    assert before == micros(max(row["seen"] for row in PAST))
    assert feed.state.meta().watermarks == {"Late": micros(NOON + timedelta(minutes=50))}
    empty = Memory()
    State.of(declared(), empty).materialize(tables(ROWS), None)
    assert (State.of(declared(), empty).meta().watermarks, State.of(declared(), empty).meta().since) == ({"Late": None}, None)


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_folding_changes_no_value(feed: Feed, page: int) -> None:
    """What requests from two o'clock on read is the same before and after, entries go, and a second fold finds nothing."""
    rows = [event(200 + i, i, late=i % 60, a="ab"[i % 2]) for i in range(0, 115, 5)]
    feed.add("events", frame("events", rows), EARLY)
    Fold(feed.state, micros(NOON + timedelta(hours=2)), page).run()
    entries = feed.store.size().entries
    assert_equal(feed.features, feed.store, [*PAST, *rows], asked(120, 121, 200, 2000))
    assert Fold(feed.state, micros(NOON + timedelta(hours=2)), page).run() == 0
    more = [event(400, 65, late=60, a="a"), event(401, 119, late=1, a="b"), event(402, 130, a="c")]
    assert feed.add("events", frame("events", more), EARLY).counts["added"] == 3
    assert_equal(feed.features, feed.store, [*PAST, *rows, *more], asked(120, 125.1, 150, 400, entities=("a", "b", "c")))
    assert Fold(feed.state, micros(NOON + timedelta(days=1)), page).run() > 0
    assert feed.store.size().entries < entries
    assert_equal(feed.features, feed.store, [*PAST, *rows, *more], asked(1440, 2000, entities=("a", "b", "c")))


def test_an_entity_that_fell_silent_leaves_its_last_row_alone(feed: Feed) -> None:
    """A day later its totals and ids are gone; the row that is read however old is left."""
    Fold(feed.state, micros(NOON + timedelta(days=1))).run()
    plan = feed.state.plan
    numbers = {int.from_bytes(key[:2], "big") for key, _ in everything(feed.store)}
    kept = {listed.number for listed in plan.rows if listed.reach is None}
    assert numbers == {0, *plan.references.values(), *kept}
    assert_equal(feed.features, feed.store, PAST, asked(1440))


def test_a_writer_that_lost_the_store_writes_nothing(feed: Feed) -> None:
    """Where another process filled the store between reading and writing, the rows stay in the log alone, and are applied next."""
    other = State.of(feed.features, feed.store)
    fresh = other.known("Late", history(feed.features, "Late", tables([event(200, 5)]))).fresh
    puts, commit = other.prepared("Late", fresh), feed.store.write
    stale = feed.store.read(Reads(gets=[b"\0\0state"])).gets[0] or b""
    feed.add("events", frame("events", [event(201, 6)]), EARLY)
    with pytest.raises(ArtifactError, match="another process has changed"):
        commit(puts, expected=(b"\0\0state", stale))
    assert_equal(feed.features, feed.store, [*PAST, event(201, 6)], asked(0, 30))


def test_a_backup_is_what_it_was_copied_from(feed: Feed, tmp_path: Path) -> None:
    """Restored into another store with another log, every value is the same, and the feed goes on."""
    feed.add("events", frame("events", [event(200 + i, i) for i in range(30)]), EARLY)
    log = feed.log.folder
    if not isinstance(feed.store, Lmdb):
        feed.log.close()
    made = backup.backup(feed.features, feed.store, log, tmp_path / "copy")
    assert (made.position, made.records) == (30, 30)
    target = Memory()
    assert backup.restore(feed.features, tmp_path / "copy", target, tmp_path / "other") == made
    assert everything(target) == everything(feed.store)
    with closing(EventLog(tmp_path / "other")) as other:
        again = Feed(feed.features, target, other)
        again.add("events", frame("events", [event(300, 40)]), EARLY)
        assert other.end == 31
    if not isinstance(feed.store, Lmdb):
        feed.log.lock = eventlog.locked(log)


def test_what_cannot_be_restored_is_refused(tmp_path: Path) -> None:
    """A damaged log, another feature set, a folder that is no backup, a store that holds a state: each before anything is given up."""
    features, store = declared(), Memory()
    State.of(features, store).materialize(tables(ROWS), NOON)
    with closing(EventLog(tmp_path / "log")) as log:
        Feed(features, store, log).add("events", frame("events", [event(200, 5), event(201, 6)]), EARLY)
    folder = tmp_path / "copy"
    backup.backup(features, store, tmp_path / "log", folder)
    before = everything(store)
    with pytest.raises(ArtifactError, match="holds a state"):
        backup.restore(features, folder, store, tmp_path / "log")
    with pytest.raises(ArtifactError, match="is of feature set"):
        backup.restore(declared(extra="4h"), folder, store, tmp_path / "log", replace=True)
    with pytest.raises(ArtifactError, match="is no backup"):
        backup.restore(features, tmp_path, store, tmp_path / "log", replace=True)
    with pytest.raises(ArtifactError, match="is there already"):
        backup.backup(features, store, tmp_path / "log", folder)
    (segment,) = (folder / "log").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"e201", b"e202"))
    with pytest.raises(ArtifactError, match="position 2 is damaged"):
        backup.restore(features, folder, store, tmp_path / "log", replace=True)
    assert everything(store) == before


def test_a_backup_while_rows_come_in_is_whole(tmp_path: Path) -> None:
    """Copies taken while another thread feeds an LMDB store: each holds as many rows as its position says, and can be caught up."""
    features, store = declared(), Lmdb(tmp_path / "state")
    State.of(features, store).materialize(tables([]), NOON)
    stop = Event()
    fed: list[list[Row]] = []

    def write() -> None:
        while not stop.is_set():
            rows = [event(len(fed) * 5 + i, (len(fed) * 5 + i) / 100, a="a") for i in range(5)]
            opened.add("events", frame("events", rows), EARLY)
            fed.append(rows)

    with closing(EventLog(tmp_path / "log")) as log:
        opened = Feed(features, store, log)
        thread = Thread(target=write)
        thread.start()
        while not fed:
            time.sleep(0.01)
        made = [backup.backup(features, store, tmp_path / "log", tmp_path / f"copy{i}") for i in range(3)]
        stop.set()
        thread.join()
    for number, each in enumerate(made):
        assert each.position <= each.records
        target = Memory()
        backup.restore(features, tmp_path / f"copy{number}", target, tmp_path / f"log{number}")
        with closing(EventLog(tmp_path / f"log{number}")) as log:
            Feed(features, target, log)
        rows = [row for batch in fed for row in batch][: each.records]
        assert_equal(features, target, rows, asked(100, 200, 300))


KILLED = """
import sys
from pathlib import Path
from tests.features.test_state import EARLY, Feed, Lmdb, EventLog, declared, event, frame
feed = Feed(declared(), Lmdb(Path(sys.argv[1]) / "state", 1 << 17), EventLog(Path(sys.argv[1]) / "log"))
for n in range(10**6):
    rows = [event(n * 7 + i, (n * 7 + i) / 10 + i, late=(n * i) % 50, a="ab"[i % 2]) for i in range(7)]
    print(feed.add("events", frame("events", rows), EARLY).position, flush=True)
"""


def test_a_killed_feed_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """After kill -9 at any moment, and another start, all that was acknowledged is there, and values are those of the offline executor."""
    features = declared()
    for number, pause in enumerate((0.02, 0.11, 0.23, 0.37)):
        place = tmp_path / str(number)
        with closing(Lmdb(place / "state", 1 << 17)) as store:
            State.of(features, store).materialize(tables([]), NOON)
        with subprocess.Popen([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(pause)
            process.send_signal(SIGKILL)
            # NOTE: the last line may be torn, but its position is no greater than what was acknowledged
            told = int([first, *process.stdout.read().split()][-1])
        with closing(EventLog(place / "log")) as log, closing(Lmdb(place / "state")) as store:
            feed = Feed(features, store, log)
            assert feed.state.meta().position == log.end >= told
            numbers = range(log.end)
            rows = [event(k, k / 10 + k % 7, late=(k // 7 * (k % 7)) % 50, a="ab"[k % 7 % 2]) for k in numbers]
            assert_equal(features, store, rows, asked(5, 60, 200, 1000))


def test_the_end_of_histories_is_after_the_last_row() -> None:
    """One microsecond after it was seen; there is no end of nothing."""
    rows = history(declared(), "Late", tables([event(1, 0, late=5)]))
    assert end([rows, rows.clear()]) == NOON + timedelta(minutes=5, microseconds=1)
    assert end([rows.clear()]) is None


def test_rows_are_of_their_histories(feed: Feed) -> None:
    """A filter and null keys keep rows out of lists, not out of the history."""
    assert feed.add("events", frame("events", [event(200, 5, a=None)]), EARLY).counts["added"] == 1
    assert_equal(feed.features, feed.store, [*PAST, event(200, 5, a=None)], asked(10))


def test_a_value_that_must_not_be_is_no_answer(store: Store) -> None:
    """Online a request with a value that breaks a strict expectation is refused by row, the others stand, and warnings are counted."""
    late = derived(of=Events, by="a", id="id", time="at", available="seen", lateness="1h", columns=["n"])
    features = feature_set(
        {
            "many": view(late).count("2h", "Rows in two hours", expect=(0, 4), severity="fail"),
            "last": view(late).latest("n", "Last number", expect=(0, 10)),
        },
        Late=late,
    )
    State.of(features, store).materialize(tables(ROWS), NOON)
    answers = Online(features, store).answers(asked(0))
    wanted = offline.compute(features, asked(0), tables(PAST))
    assert answers.values.select("many", "last").equals(wanted.select("many", "last"))
    assert wanted["many"].to_list() == [5, 5, 0, 0]
    assert {row: error.found for row, error in answers.refused.items()} == {
        0: "many is 5, outside of [0.0, 4.0]",
        1: "many is 5, outside of [0.0, 4.0]",
    }
    assert answers.unexpected == {"last": 2}
