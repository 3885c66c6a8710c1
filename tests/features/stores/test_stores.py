"""What every store promises, of each kind that there is."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ConfigError
from interlock.features.stores.store import Entry, Reads, Store, connect, walk

ROOT = Path(__file__).parents[3]
LEAST, MOST = b"\0", b"\xff" * 20
keys = st.binary(min_size=1, max_size=3) | st.sampled_from([b"a" * 491, b"a" * 490 + b"b", b"\xff" * 8, b"\0" * 8])
entries = st.tuples(keys, st.binary(max_size=4) | st.just(b"v" * 5000))
writes = st.lists(st.tuples(st.lists(entries, max_size=30), st.lists(keys, max_size=10)), max_size=6)
reads = st.builds(Reads, st.lists(keys, max_size=8), st.lists(st.tuples(keys, keys), max_size=8), st.lists(keys, max_size=8))


class Oracle(dict[bytes, bytes]):
    """An ordered map, looked through from end to end."""

    def between(self, start: bytes, stop: bytes) -> list[Entry]:
        return [(key, self[key]) for key in sorted(self) if start <= key < stop]

    def first(self, start: bytes) -> Entry | None:
        return next(iter(self.between(start, b"\xff" * 500)), None)


def fill(store: Store, batches: Sequence[tuple[list[Entry], list[bytes]]]) -> Oracle:
    """Write batches to a cleared store; puts win over deletes, as batches never do both to one key."""
    store.clear()
    oracle = Oracle()
    for puts, deletes in batches:
        gone = set(deletes) - {key for key, _ in puts}
        store.write(dict(puts).items(), gone)
        for key in gone & oracle.keys():
            del oracle[key]
        oracle |= puts
    return oracle


@given(batches=writes, asked=reads)
def test_a_store_is_an_ordered_map(store: Store, batches: list[tuple[list[Entry], list[bytes]]], asked: Reads) -> None:
    """The first entry at or after a key, ranges, values, pages and walks are those of a sorted dict, whatever was written and deleted."""
    oracle = fill(store, batches)
    found = store.read(asked)
    assert list(found.seeks) == [oracle.first(key) for key in asked.seeks]
    assert list(found.scans) == [oracle.between(*scan) for scan in asked.scans]
    assert list(found.gets) == [oracle.get(key) for key in asked.gets]
    assert store.page(LEAST, MOST, 3) == oracle.between(LEAST, MOST)[:3]
    assert [entry for page in walk(store, LEAST, MOST, 3) for entry in page] == oracle.between(LEAST, MOST)
    assert store.size().entries == len(oracle)


def test_a_write_that_expects_what_is_gone_writes_nothing(store: Store) -> None:
    """Where the expected entry has another value, or is not there, nothing is put or deleted, and the error says why."""
    fill(store, [([(b"a", b"1"), (b"b", b"2")], [])])
    for expected in ((b"a", b"0"), (b"c", b"1")):
        with pytest.raises(ArtifactError, match="another process has changed the online store"):
            store.write([(b"a", b"3")], [b"b"], expected)
    assert list(store.read(Reads(gets=[b"a", b"b"])).gets) == [b"1", b"2"]
    store.write([(b"a", b"3")], [b"b"], (b"a", b"1"))
    assert list(store.read(Reads(gets=[b"a", b"b"])).gets) == [b"3", None]


def test_clearing_leaves_nothing(store: Store) -> None:
    """A cleared store holds no entry, and can be written again."""
    fill(store, [([(bytes([i, j]), b"v") for i in range(200) for j in range(100)], [])])
    assert store.size().entries == 20_000
    assert store.size().bytes > 40_000
    store.clear()
    assert (store.size().entries, store.page(LEAST, MOST, 1)) == (0, [])
    store.write([(b"a", b"1")])
    assert list(store.read(Reads(gets=[b"a"])).gets) == [b"1"]


def test_a_walk_goes_on_while_what_it_passed_is_deleted(store: Store) -> None:
    """Deleting each page after it was read misses no entry."""
    fill(store, [([(b"%04d" % i, b"") for i in range(1000)], [])])
    passed = 0
    for page in walk(store, LEAST, MOST, 7):
        passed += len(page)
        store.write([], [key for key, _ in page])
    assert (passed, store.size().entries) == (1000, 0)


HAMMER = """
import sys
from interlock.features.stores.store import connect
opened = connect(sys.argv[1])
for i in range(100):
    opened.write([(b"x%d" % j, b"%d" % i) for j in range(50)])
"""


@pytest.mark.parametrize("kind", ["lmdb", "redis"])
def test_a_read_sees_one_state(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """While another process writes batches, each read sees a batch whole or not at all."""
    place = f"lmdb:{tmp_path}" if kind == "lmdb" else f"{request.getfixturevalue('valkey')}#hammer"
    opened = connect(place)
    opened.write([(b"x%d" % j, b"start") for j in range(50)])
    seen = set()
    with subprocess.Popen([sys.executable, "-c", HAMMER, place], cwd=ROOT) as other:
        while other.poll() is None:
            values = set(opened.read(Reads(gets=[b"x%d" % j for j in range(50)])).gets)
            assert len(values) == 1
            seen |= values
    assert len(seen) > 1
    assert opened.read(Reads(gets=[b"x0"])).gets == [b"99"]
    opened.close()


@pytest.mark.parametrize("place", ["http://user:secret@host", "secret", "", "postgres:secret"])
def test_other_kinds_of_store_are_refused_without_repeating_the_address(place: str) -> None:
    """An address may hold a password: of one that names no store, the message tells the kind alone."""
    with pytest.raises(ConfigError, match="is no kind of online store") as caught:
        connect(place)
    assert place == "secret" or "secret" not in str(caught.value)
