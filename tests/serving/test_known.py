"""What is known of a snapshot and a log, held against the online path over the same."""

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ArtifactError
from interlock.features.bits import differing
from interlock.features.eventlog import EventLog
from interlock.features.feed import Feed
from interlock.features.histories import SEEN, history
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.memory import Memory
from interlock.frames import ROW
from interlock.serving.known import Known
from tests.examples import fewer
from tests.features.worlds import ANCHORS, STEP, World, worlds

HISTORIES = {"events": "Events", "log": "Log"}


def early(world: World, source: str, since: datetime) -> pl.Series:
    """True for the rows of a source whose history row had been seen before a moment, and for those that make none."""
    table = world.lazy[source].collect()
    made = history(world.declared, HISTORIES[source], world.lazy) if HISTORIES[source] in world.declared.histories else table.clear()
    later = made.filter(pl.col(SEEN) >= since)[ROW] if SEEN in made.columns else made[ROW]
    return ~table[ROW].is_in(later.implode())


def snapshot(world: World, since: datetime, random: Random) -> tuple[dict[str, pl.DataFrame], list[tuple[str, pl.DataFrame]]]:
    """The tables of a snapshot, and the batches that come in since: what it lacks, some of what it has, and references."""
    tables = {name: table.collect() for name, table in world.lazy.items()}
    coming = []
    for name, table in tables.items():
        held = (
            early(world, name, since)
            if name in HISTORIES
            else pl.Series([random.random() < 0.6 for _ in range(table.height)], dtype=pl.Boolean)
        )
        again = pl.Series([random.random() < 0.2 for _ in range(table.height)], dtype=pl.Boolean)
        tables[name], rows = table.filter(held), table.filter(~held | again).sample(fraction=1.0, shuffle=True, seed=random.randint(0, 99))
        coming += [(name, part) for part in rows.iter_slices(random.choice([1, 4, 50]))]
    random.shuffle(coming)
    return tables, coming


@settings(max_examples=fewer(3))
@given(worlds(), st.integers(0, 2**32))
def test_batch_gives_the_bits_of_the_online_path(world: World, seed: int) -> None:
    """A state filled from a snapshot and fed from the log, some of it erased, answers as what is known of both, at any position."""
    random = Random(seed)  # noqa: S311 - an order, not a secret
    anchor = min((request["as_of"] for request in world.requests), default=ANCHORS[0])
    since = anchor + random.choice([-2, 0, 0, 1]) * STEP
    tables, coming = snapshot(world, since, random)
    lazy = {name: table.lazy() for name, table in tables.items()}
    asked = world.asked.filter(pl.col("as_of") >= since)
    with TemporaryDirectory() as place:
        folder, store = Path(place), Memory()
        State.of(world.declared, store).materialize(lazy, since)
        with closing(EventLog(folder, segment=random.choice([400, 1 << 20]))) as log:
            feed = Feed(world.declared, store, log)
            for table, rows in coming:
                feed.add(table, rows, since + timedelta(minutes=random.randint(-90, 90)))
            end, middle = log.end, random.randint(0, log.end)
            before = Online(world.declared, store).matrix(asked)
            assert_same(Known.of(world.declared, lazy, folder).compute(asked), before)
            if end and random.random() < 0.5:
                log.erase(random.sample(range(1, end + 1), end // 3))
        again = Memory()
        State.of(world.declared, again).materialize(lazy, since)
        with closing(EventLog(folder)) as log:
            Feed(world.declared, again, log)
        known = Known.of(world.declared, lazy, folder, mark=[middle])
        assert_same(known.compute(asked), Online(world.declared, again).matrix(asked))
        half = Known.of(world.declared, lazy, folder, upto=middle)
        assert (known.position, half.position, half.chain) == (end, middle, known.chains[middle])
        assert_same(known.compute(asked, middle), half.compute(asked))
        assert_changes(known, half, asked, middle)


def assert_same(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    assert set(found.columns) == set(wanted.columns)
    for name in wanted.columns:
        assert not differing(found[name], wanted[name]).any(), (name, found[name].to_list(), wanted[name].to_list())


def assert_changes(known: Known, half: Known, asked: pl.DataFrame, middle: int) -> None:
    """Requests before the first moment that what came later can change have the same values with and without it."""
    first = known.changes(middle)
    unmoved = asked if first is None else asked.filter(pl.col("as_of").to_physical() <= first)
    assert_same(known.compute(unmoved), half.compute(unmoved))


@settings(max_examples=fewer(12))
@given(worlds())
def test_a_log_that_is_too_short_is_told(world: World) -> None:
    """Where a position is asked for that the log does not reach, nothing is computed."""
    with TemporaryDirectory() as place, pytest.raises(ArtifactError, match="ends at position 0, asked for is 3"):
        Known.of(world.declared, world.lazy, Path(place), upto=3)
