"""The feed against the offline executor over the same rows, and what it does with rows that it cannot take."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.features import offline
from interlock.features.bits import differing
from interlock.features.eventlog import EventLog
from interlock.features.feed import Feed
from interlock.features.fold import Fold
from interlock.features.histories import SEEN, history
from interlock.features.keys import micros
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from interlock.features.stores.store import Store
from interlock.frames import ROW
from tests.features.worlds import ANCHORS, STEP, World, worlds

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
    random, anchor = Random(seed), world.asked["as_of"].min() or ANCHORS[0]
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


@settings(max_examples=max(settings.default.max_examples // 8, 1))
@given(world=worlds(), seed=st.integers(0, 2**32))
def test_every_store_gives_the_same(store: Store, world: World, seed: int) -> None:
    """What holds in memory holds in LMDB and on a server of the Redis protocol."""
    check_any_delivery(world, store, seed)
