"""The offline executor against brute force over raw rows, and what its values must not depend on."""

import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from zlib import crc32

import msgspec
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import frames
from interlock.dtypes import dtype_of
from interlock.errors import ContractError
from interlock.features import collect, offline, windows
from interlock.features.declare import Declared, View, on_demand, view
from interlock.features.featureset import FeatureSet, export
from interlock.files import sha256
from interlock.usecase import Schema, Utc, col, history, reference, request, source, table_of
from tests.examples import fewer
from tests.features import brute
from tests.features.worlds import ANCHORS, STEP, Events, Places, Row, World, always, chance, event, feature_set, frame, moment, worlds

ROOT = Path(__file__).parents[2]
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
half_as_often = settings(max_examples=fewer(2))


def compute(world: World) -> list[Row]:
    return offline.compute(world.declared, world.asked, world.lazy).rows(named=True)


def by_request(rows: list[Row], names: list[str]) -> dict[str, list[bytes | Any]]:
    return {row["rid"]: [repr(row[name]) for name in names] for row in rows}


@given(worlds())
def test_every_feature_is_what_brute_force_finds_in_the_raw_rows(world: World) -> None:
    """Each value to the last bit and each type as declared, the requests being in their order, over ties, late and early rows,
    nulls everywhere, unseen and composite entities, nights when clocks change, leap days, and no rows at all.
    """
    found = offline.compute(world.declared, world.asked, world.lazy)
    declared = {feature.name: dtype_of(feature.dtype) for feature in world.declared.features}
    assert found.schema == pl.Schema({**world.asked.schema, **declared})
    assert found.select(world.asked.columns).equals(world.asked)
    for row, expected in zip(found.rows(named=True), brute.features(world.declared, world.requests, world.tables), strict=True):
        for name in declared:
            assert brute.same(row[name], expected[name]), (world.declared.by_name[name], row, expected[name])


@half_as_often
@given(worlds(), st.randoms(use_true_random=True))
def test_values_depend_on_the_order_of_no_rows(world: World, random: Random) -> None:
    """Requests and the rows of every table, shuffled: each request keeps its values."""
    names = [feature.name for feature in world.declared.features]
    mixed = World(world.declared, *(shuffled(random, part) for part in (world.requests, world.tables)))
    assert by_request(compute(mixed), names) == by_request(compute(world), names)


def shuffled(random: Random, rows: Any) -> Any:
    return {name: shuffled(random, table) for name, table in rows.items()} if isinstance(rows, dict) else random.sample(rows, len(rows))


@half_as_often
@given(worlds(), st.integers(1, 8))
def test_values_are_local_to_a_hash_partition_of_the_requests(world: World, parts: int) -> None:
    """Requests in 1 to 8 parts by the hash of their entity, each part computed alone: together they are the whole."""
    names = [feature.name for feature in world.declared.features]
    split = [World(world.declared, [row for row in world.requests if place(row, parts) == part], world.tables) for part in range(parts)]
    assert by_request([row for part in split for row in compute(part)], names) == by_request(compute(world), names)


@half_as_often
@given(worlds(), st.integers(2, 8))
def test_features_of_one_entity_need_its_rows_alone(world: World, parts: int) -> None:
    """Histories cut by the same hash as the requests: every feature by that entity keeps its values."""
    own = tuple(feature for feature in world.declared.features if getattr(feature, "keys", None) == (("a", "a"),))
    whole = World(msgspec.structs.replace(world.declared, features=own), world.requests, world.tables)
    found = []
    for part in range(parts):
        cut = {name: [row for row in whole.tables[name] if place(row, parts) == part] for name in ("events", "log")}
        asked = [row for row in whole.requests if place(row, parts) == part]
        found += compute(World(whole.declared, asked, {**whole.tables, **cut}))
    names = [feature.name for feature in own]
    assert by_request(found, names) == by_request(compute(whole), names)


def place(row: Row, parts: int) -> int:
    return crc32(repr(row["a"]).encode()) % parts


@half_as_often
@given(worlds())
def test_ranges_are_read_in_blocks_of_any_size(world: World) -> None:
    """Least and greatest values do not depend on how many rows are read at a time."""
    names = [feature.name for feature in world.declared.features]
    with patch.object(windows, "RANGE_ROWS", 3):
        few = compute(world)
    assert by_request(few, names) == by_request(compute(world), names)


def test_values_are_the_same_bytes_at_any_number_of_threads(tmp_path: Path) -> None:
    """One thread or two, each in a process of its own, over twenty thousand rows full of ties, from exported declarations."""
    export(everything(), tmp_path / "featureset.json")
    for name, rows in many(20_000).items():
        frames.write(frame(name, rows), tmp_path / f"{name}.parquet")
    code = (
        "import sys; from pathlib import Path; from interlock import frames; from interlock.features import featureset, offline\n"
        "tables = {path.stem: frames.scan(path) for path in Path().glob('*.parquet')}\n"
        "asked = tables.pop('requests').collect()\n"
        "frames.write(offline.compute(featureset.read(Path('featureset.json')), asked, tables), Path(sys.argv[1]))"
    )
    made = [tmp_path / f"threads {threads}" for threads in (1, 2)]
    for threads, path in enumerate(made, start=1):
        environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code, path], cwd=tmp_path, env=environment, check=True)
    assert sha256(made[0]) == sha256(made[1])


def everything() -> FeatureSet:
    """Every kind of feature and every statistic over one history."""
    late = history(
        of=Events, by="a", id="id", time="at", available="seen", lateness="30m", columns=["b", "c", "n", "x", "flag", "kind"]
    )  # fmt: skip
    own, all_of_them = view(late), view(late, by=(), where=col("flag"))
    numbers = {
        f"{name}_{width}": getattr(own, name)("x", width, "Of x", places=2) for name in ("sum", "mean", "std") for width in ("1h", "1d")
    }
    extremes = {name: getattr(all_of_them, name)("n", "2h", "Of n") for name in ("min", "max")}
    shares = {f"share_{ago}": view(late, by=("a", "b")).share(col("n") > 0, "90m", "Of n > 0", ago=ago) for ago in ("0s", "2h")}
    last = {"last": own.latest("x", "Of x", max_age="1h"), "kind": view(late, by="c").latest("kind", "Of kind")}
    return feature_set({**numbers, **extremes, **shares, **last, **always()}, Late=late)


def many(number: int) -> dict[str, list[Row]]:
    """Rows of every table, and as many requests as a tenth of them."""
    random, anchor = chance(7), ANCHORS[0]
    rows = [{**event(random, anchor, 30), "id": str(n), "number": n} for n in range(number)]
    requests = [{**event(random, anchor, 0), "rid": str(n), "as_of": moment(random, anchor + 5 * STEP, 7)} for n in range(number // 10)]
    log = [row for row in rows[:2000] if row["at"] is not None]
    return {"events": rows, "log": log, "requests": requests, **{name: [] for name in ("places", "pairs")}}


# One history of amounts, and its edges.
Looking = Mapping[str, Callable[[View], Declared]]


@source(key="id")
class Amounts(pa.DataFrameModel):
    id: str
    at: Utc
    seen: Utc = pa.Field(nullable=True)
    amount: int = pa.Field(ge=-4_000_000_000, le=4_000_000_000)
    price: float = pa.Field(nullable=True)


@request(by="rid")
class Ask(pa.DataFrameModel):
    rid: str
    as_of: Utc


def asked(rows: list[tuple[Any, ...]], at: list[datetime], looking: Looking, lateness: str = "1h") -> list[Row]:
    """Features over rows of (time, available, amount, price) at some moments; each feature is a function of the view of all rows."""
    table = [dict(zip(("id", "at", "seen", "amount", "price"), (str(number), *row), strict=True)) for number, row in enumerate(rows)]
    of = history(of=Amounts, by=(), id="id", time="at", available="seen", lateness=lateness, columns=["amount", "price"])
    schema = Schema({"amounts": table_of(Amounts)}, {"Of": of}, table_of(Ask))
    declared = collect.collect(schema, {name: make(view(of)) for name, make in looking.items()}, "features.py")
    asking = pl.DataFrame({"rid": [str(n) for n in range(len(at))], "as_of": pl.Series(at, dtype=pl.Datetime("us", "UTC"))})
    found = offline.compute(declared, asking, {"amounts": pl.LazyFrame(table, schema=table_of(Amounts).types)})
    return found.drop("rid", "as_of").rows(named=True)


def test_a_row_counts_from_the_moment_after_it_was_available_until_the_window_has_passed_it() -> None:
    """At t a row of t does not count, one of t − 1 µs does; one of t − W does, of t − W − 1 µs no more; by its availability likewise."""
    hour = timedelta(hours=1)
    at = [NOON, NOON + TICK, NOON + hour, NOON + hour + TICK, NOON + 2 * hour, NOON + 2 * hour + TICK]
    looking = {
        "n": lambda v: v.count("2h", "x"), "total": lambda v: v.sum("amount", "2h", "x"), "top": lambda v: v.max("amount", "2h", "x"),
        "last": lambda v: v.latest("amount", "x", max_age="2h"),
    }  # fmt: skip
    for available, counted in ((NOON, [0, 1, 1, 1, 1, 0]), (NOON + hour, [0, 0, 0, 1, 1, 0])):
        found = asked([(NOON, available, 7, None)], at, looking)
        assert [row["n"] for row in found] == counted
        for name in ("total", "top", "last"):
            assert [row[name] for row in found] == [7 if row else None for row in counted]


def test_a_window_as_long_as_the_lateness_counts_a_row_that_is_as_late_as_may_be_never() -> None:
    """Available at t and W old at t: it is seen strictly after t, when the window has passed it."""
    at = [NOON + timedelta(hours=1) + offset for offset in (-TICK, timedelta(0), TICK)]
    looking: Looking = {"n": lambda v: v.count("1h", "x"), "top": lambda v: v.max("amount", "1h", "x")}
    found = asked([(NOON, NOON + timedelta(hours=1), 5, None)], at, looking)
    assert found == [{"n": 0, "top": None}] * 3


def test_the_last_of_two_rows_of_one_moment_is_the_one_with_the_greater_id() -> None:
    """Whichever was available first, and however the rows lie."""
    rows = [(NOON, NOON + TICK * (number % 3), number, None) for number in range(10)]
    assert asked(rows, [NOON + TICK, NOON + 3 * TICK], {"last": lambda v: v.latest("amount", "x")}) == [{"last": 9}, {"last": 9}]
    assert asked(rows[:9], [NOON + TICK, NOON + 3 * TICK], {"last": lambda v: v.latest("amount", "x")}) == [{"last": 6}, {"last": 8}]


def test_the_spread_of_great_measures_is_exact() -> None:
    """Squares of 4·10⁹ over three thousand rows: far beyond 64 bits, where an integer that wrapped would show."""
    random = chance(1)
    rows = [(NOON, NOON, random.choice([-4_000_000_000, 4_000_000_000, random.randint(-(2**31), 2**31)]), None) for _ in range(3000)]
    (found,) = asked(rows, [NOON + TICK], {name: measuring(name, "amount") for name in ("sum", "mean", "std")})
    amounts = [row[2] for row in rows]
    n, total, squares = len(amounts), sum(amounts), sum(amount * amount for amount in amounts)
    assert squares > 2**70
    assert brute.same(found["sum"], total)
    assert brute.same(found["mean"], total / n)
    assert brute.same(found["std"], math.sqrt(float(n * squares - total * total) / float(n * (n - 1))))


@pytest.mark.parametrize(
    ("price", "said"),
    [(0.125, "beyond 2 places"), (1e4, "±1000"), (float("inf"), "±1000"), (float("nan"), "±1000"), (0.1 + 0.2, "beyond 2 places")],
)
def test_a_measure_that_breaks_its_declaration_is_refused(price: float, said: str) -> None:
    """More decimals than its places, or beyond its bound: no value is made up, and the row is named."""
    for statistic in ("sum", "mean", "std"):
        with pytest.raises(ContractError, match=f"made: 1 rows of Of have a measure .*{said}.*first 1"):
            asked([(NOON, NOON, 1, 0.12), (NOON, NOON, 1, price)], [NOON], {"made": measuring(statistic, "price", places=2, max_abs=1000)})


def measuring(statistic: str, measure: str, **stated: Any) -> Callable[[View], Declared]:
    def make(seen: View) -> Declared:
        made: Declared = getattr(seen, statistic)(measure, "1h", "x", **stated)
        return made

    return make


def test_a_row_that_came_later_than_its_history_allows_is_refused() -> None:
    """By a microsecond; the row is named. As late as allowed is not late."""
    count = {"n": lambda v: v.count("1h", "x")}
    at = NOON + timedelta(hours=1)
    assert asked([(NOON, at, 1, None)], [at], count) == [{"n": 0}]
    with pytest.raises(ContractError, match=r"Of: 1 rows became available later .* first .*1"):
        asked([(NOON, NOON, 1, None), (NOON, at + TICK, 1, None)], [at], count)


def test_a_row_that_tells_the_label_is_never_seen_before_it_is_available() -> None:
    """Each request's label lies in the history, with an event time before the request. Available a moment before, a feature
    knows the label; available at the request or at any time after, no feature differs by a bit from one without such rows,
    and so the later it is available, the less a feature has to do with the label.
    """
    random = chance(3)
    at = [NOON + number * timedelta(hours=3) for number in range(200)]
    labels = [random.randint(0, 1) for _ in at]
    other = [(moment - timedelta(minutes=random.randint(1, 300)), None, random.randint(0, 1), None) for moment in at for _ in range(3)]
    noise = [(time, time, amount, price) for time, _, amount, price in other]
    looking = {
        "last": lambda v: v.latest("amount", "x", max_age="2h"), "mean": lambda v: v.mean("amount", "2h", "x"), "top": lambda v: v.max("amount", "2h", "x"),
        "least": lambda v: v.min("amount", "2h", "x"), "n": lambda v: v.share(col("amount") > 0, "2h", "x"),
    }  # fmt: skip
    without, links = asked(noise, at, looking, lateness="2h"), []
    for delay in (-TICK, timedelta(0), TICK, timedelta(hours=1)):
        told = [(moment - 2 * TICK, moment + delay, label, None) for moment, label in zip(at, labels, strict=True)]
        found = asked(noise + told, at, looking, lateness="2h")
        assert (delay < timedelta(0)) or found == without
        links.append(sum(row["last"] == label for row, label in zip(found, labels, strict=True)))
    assert links[0] == len(labels)
    assert links[1] < 0.7 * len(labels)
    assert links == sorted(links, reverse=True)


KEYS: Mapping[Any, list[Any]] = {
    pl.Boolean: [True, False], pl.Int8: [-1, 7], pl.Int16: [300, -300], pl.Int64: [2**40, -1], pl.UInt8: [0, 255], pl.UInt32: [2**31, 0],
    pl.UInt64: [2**63, 1], pl.String: ["", "a"], pl.Date: [date(2024, 2, 29), date(1969, 1, 1)], pl.Datetime("us", "UTC"): [NOON, NOON + TICK],
}  # fmt: skip


@pytest.mark.parametrize("dtype", KEYS, ids=str)
def test_an_entity_is_known_by_a_key_of_any_type(dtype: Any) -> None:
    """Alone and beside a second key; in windows, in what came last and in references. A null key belongs to none."""
    key, other = KEYS[dtype]
    rows = [(key, 1), (other, 2), (None, 4), (key, 8)]
    things = type("Things", (pa.DataFrameModel,), {"__annotations__": {"id": str, "k": dtype, "also": str, "at": Utc, "n": int}})
    known = type("Known", (pa.DataFrameModel,), {"__annotations__": {"k": dtype, "what": str}})
    asks = type("Asks", (pa.DataFrameModel,), {"__annotations__": {"rid": str, "as_of": Utc, "k": dtype, "also": str}})
    of = history(of=source(key="id")(things), by="k", id="id", time="at", columns=["n", "also"])
    tables = {"things": table_of(things), "known": table_of(reference(by="k", fixed=["what"])(known))}
    declared = collect.collect(
        Schema(tables, {"Of": of}, table_of(request(by="rid")(asks))),
        {
            "total": view(of).sum("n", "1h", "x", max_abs=10), "both": view(of, by=("k", "also")).sum("n", "1h", "x", max_abs=10),
            "last": view(of).latest("n", "x"), "top": view(of, by=("also", "k")).max("n", "1h", "x"), "what": view(known).lookup("what", "x"),
        },
        "features.py",
    )  # fmt: skip
    ids, at = [str(number) for number in range(4)], pl.Series([NOON] * 4, dtype=pl.Datetime("us", "UTC"))
    keys = pl.Series([row[0] for row in rows], dtype=dtype)
    asking = pl.DataFrame({"rid": ids, "as_of": at + timedelta(minutes=1), "k": keys, "also": ["z"] * 4})
    found = offline.compute(declared, asking, {
        "things": pl.LazyFrame({"id": ids, "k": keys, "also": ["z"] * 4, "at": at, "n": [row[1] for row in rows]}),
        "known": pl.LazyFrame({"k": keys, "what": ["first", "second", "null", "again"]})[:3],
    })  # fmt: skip
    assert found.select("total", "both", "last", "top", "what").rows() == [
        (9, 9, 8, 8, "first"), (2, 2, 2, 2, "second"), (None, None, None, None, None), (9, 9, 8, 8, "first"),
    ]  # fmt: skip


def test_features_without_time_and_without_histories_are_computed() -> None:
    """A request that has no moment: lookups and expressions alone."""

    class Person(pa.DataFrameModel):
        rid: str
        a: str = pa.Field(nullable=True)
        age: pl.Int32

    schema = Schema({"places": table_of(Places)}, {}, table_of(request(by="rid", as_of=None)(Person)))
    declared = collect.collect(
        schema,
        {
            "size": view(Places).lookup("size", "x"),
            "_double": on_demand(col("size") * 2),
            "sum": on_demand(col("_double") + col("age"), "x"),
        },
        "features.py",
    )
    asking = pl.DataFrame({"rid": ["1", "2", "3"], "a": ["b", None, "unseen"], "age": pl.Series([40, 50, 60], dtype=pl.Int32)})
    places = frame("places", [{"a": "b", "size": 3, "town": None}])
    found = offline.compute(declared, asking, {"places": places.lazy()})
    assert found.rows() == [("1", "b", 40, 3, 6, 46), ("2", None, 50, None, None, None), ("3", "unseen", 60, None, None, None)]


def test_generated_worlds_hold_what_they_promise() -> None:
    """Ties, late, early and invisible rows, nulls and colliding keys are frequent in the rows that the properties are tried on."""
    random, seen = chance(5), Counter[str]()
    rows = [event(random, ANCHORS[1], 60) for _ in range(2000)]
    for row in rows:
        seen["late"] += row["seen"] is not None and row["seen"] > row["at"]
        seen["early"] += row["seen"] is not None and row["seen"] < row["at"]
        seen["never"] += row["at"] is not None and row["seen"] is None
        seen["collides"] += (row["a"], row["b"]) in {("a", "bc"), ("ab", "c")}
        seen["null"] += row["a"] is None or row["n"] is None
    seen["ties"] = len(rows) - len({row["at"] for row in rows})
    assert min(seen.values()) > 100
    assert len(seen) == 6
