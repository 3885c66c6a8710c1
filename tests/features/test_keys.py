"""The bytes of keys: what differs stays apart, and the order of bytes is the order of times and ids."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ContractError
from interlock.features import keys
from interlock.features.stores.lmdb import Lmdb

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
LONG = (1 << 63) - 1
words = st.text(st.sampled_from("\0\1\2aé\uffff𝄞"), max_size=6) | st.text(max_size=8)
times = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))
IDS: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "String": (pl.String(), words),
    "Int64": (pl.Int64(), st.integers(-LONG - 1, LONG)),
    "Int8": (pl.Int8(), st.integers(-128, 127)),
    "UInt64": (pl.UInt64(), st.integers(0, 2 * LONG + 1)),
    "Int128": (pl.Int128(), st.integers(-(1 << 127), (1 << 127) - 1)),
    "Float64": (pl.Float64(), st.floats()),
    "Float32": (pl.Float32(), st.floats(width=32)),
    "Boolean": (pl.Boolean(), st.booleans()),
    "Date": (pl.Date(), st.dates()),
    "Datetime[us]": (pl.Datetime("us", "UTC"), times),
    "Datetime[ms]": (pl.Datetime("ms"), st.datetimes()),
    "Datetime[ns]": (pl.Datetime("ns"), st.integers(-LONG - 1, LONG)),
    "Time": (pl.Time(), st.times()),
    "Duration": (pl.Duration("us"), st.timedeltas(timedelta(days=-(10**5)), timedelta(days=10**5))),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_lie_in_the_order_against_their_own(kind: str) -> None:
    """For ids of every type, sorting bytes gives what Polars' descending sort gives, and different ids have different bytes."""
    dtype, values = IDS[kind]

    @given(st.lists(values, min_size=1, max_size=20))
    def check(chosen: list[Any]) -> None:
        ids = pl.Series("id", chosen, dtype=pl.Int64).cast(dtype) if kind == "Datetime[ns]" else pl.Series("id", chosen, dtype=dtype)
        ids = ids.unique()
        by_bytes = sorted(zip(keys.identities(ids), range(ids.len()), strict=True))
        assert [at for _, at in by_bytes] == ids.arg_sort(descending=True).to_list()
        assert len({identity for identity, _ in by_bytes}) == ids.len()

    check()


@given(words, words)
def test_no_id_is_the_beginning_of_another(one: str, two: str) -> None:
    """So the bytes after an id can be anything, and its end is where it ends."""
    first, second = keys.identities(pl.Series([one, two]))
    assert one == two or not first.startswith(second)


@given(st.lists(st.tuples(words, words, st.integers(-(1 << 70), 1 << 70)), min_size=2, max_size=10))
def test_entities_whose_values_join_alike_are_apart(entities: list[tuple[str, str, int]]) -> None:
    """("a", "bc") and ("ab", "c") are two entities, as are any two that differ, and none is the beginning of another."""
    found = {keys.entity(values): values for values in entities}
    assert set(found.values()) == set(entities)
    assert not any(one != two and one.startswith(two) for one in found for two in found)


@given(st.lists(words.map(lambda word: word * 40), min_size=1, max_size=4), times, words)
def test_long_keys_fit_and_can_be_taken_apart(entity: list[str], moment: datetime, identity: str) -> None:
    """Whatever the length of its values, a key is shorter than what LMDB takes, and its time is found again."""
    start, time = b"\x27\x10" + keys.entity(entity), np.array([keys.micros(moment)])
    key = start + keys.from_time(time)[0] + keys.identities(pl.Series([identity]))[0]
    assert len(key) <= 511
    assert keys.entity_end(key, len(entity)) == len(start)
    assert keys.time_of(key, len(start)) == keys.micros(moment)


def test_the_longest_key_goes_into_lmdb(tmp_path: Any) -> None:
    """An entity at the limit with an id at the limit is stored and found."""
    entity, identity = keys.entity(["x" * (keys.LONGEST_ENTITY - 4)]), keys.identities(pl.Series(["\0" * 149 + "x"]))[0]
    key = b"\x27\x10" + entity + keys.from_time(np.array([0]))[0] + identity
    assert (len(entity), len(identity)) == (180, 300)
    store = Lmdb(tmp_path)
    store.write([(key, b"v")])
    assert store.page(b"\0", b"\xff", 2) == [(key, b"v")]


@given(st.lists(times, min_size=1, max_size=10), times)
def test_the_first_key_at_before_is_the_last_row_strictly_before(moments: list[datetime], asked: datetime) -> None:
    """Over the years 1 to 9999, to the microsecond."""
    rows = np.array([keys.micros(moment) for moment in moments])
    start = keys.before(keys.micros(asked))
    found = min((key for key in keys.from_time(rows) if key >= start), default=None)
    earlier = [moment for moment in moments if moment < asked]
    assert (found and keys.moment(keys.time_of(found, 0))) == max(earlier, default=None)


def test_the_bounds_of_time() -> None:
    """The first and the last microsecond that a datetime can say are in order, and come back."""
    ends = np.array([keys.micros(FIRST), -1, 0, keys.micros(LAST)])
    found = keys.from_time(ends)
    assert sorted(found, reverse=True) == found
    assert [keys.time_of(key, 0) for key in found] == ends.tolist()
    assert (keys.moment(int(ends[0])), keys.moment(int(ends[-1]))) == (FIRST, LAST)


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "long": (lambda: keys.identities(pl.Series(["x" * 300])), "has 300 bytes"),
    "special": (lambda: keys.identities(pl.Series(["\1" * 150])), "has 150 bytes"),
    "null": (lambda: keys.identities(pl.Series(["a", None])), "has no id"),
    "list": (lambda: keys.entity([["a"]]), "a key cannot be a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_key_can_hold_is_refused(name: str) -> None:
    """Ids that are too long or null, and values of other kinds: each with what to do."""
    make, said = BAD[name]
    with pytest.raises(ContractError, match=said):
        make()


def test_times_that_python_would_round_are_told_apart() -> None:
    """Two entities a nanosecond apart are two, where the column says nanoseconds."""
    column = pl.Series([1, 2], dtype=pl.Int64).cast(pl.Datetime("ns"))
    assert len({keys.entity([value]) for value in keys.plain(column)}) == 2


@pytest.mark.parametrize("value", [date(2024, 2, 29), timedelta(days=-1), True, -0.0, float("nan"), 1 << 80])
def test_a_value_makes_the_same_bytes_every_time(value: Any) -> None:
    """Whatever its type; a zero has no sign."""
    assert keys.entity([value]) == keys.entity([abs(value) if value == 0 and isinstance(value, float) else value])
