"""Use cases to try features on: tables, histories, declarations and rows, small and full of ties, nulls and odd nights."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandera.polars as pa
import polars as pl
from hypothesis import strategies as st

from interlock.features import collect, logic
from interlock.features.declare import Declared, on_demand, view
from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.usecase import History, Schema, Utc, col, fixed, history, reference, request, source, table_of

Row = dict[str, Any]
ZONE = "America/New_York"
STEP = timedelta(minutes=30)
SKIPPED = datetime(2013, 3, 10, 2, 30)  # a clock on a wall, in an hour that New York never had
ANCHORS = [
    datetime(2013, 3, 10, 7, tzinfo=UTC),  # clocks go forward at 02:00
    datetime(2013, 11, 3, 6, tzinfo=UTC),  # 01:30 comes twice
    datetime(2012, 2, 29, tzinfo=UTC),
    datetime(1969, 12, 31, 23, tzinfo=UTC),
]


@source(key="id")
class Events(pa.DataFrameModel):
    """Rows that histories are derived from; `clock` is `at` on the walls of New York, or an hour that was skipped there."""

    id: str
    number: int
    a: str = pa.Field(nullable=True)
    b: str = pa.Field(nullable=True)
    c: pl.Int32 = pa.Field(nullable=True)
    at: Utc = pa.Field(nullable=True)
    seen: Utc = pa.Field(nullable=True)
    clock: pl.Datetime("us") = pa.Field(nullable=True)  # type: ignore[valid-type] # Pandera reads a type with its unit
    delay: pl.Int32 = pa.Field(nullable=True)
    n: pl.Int32 = pa.Field(ge=-1000, le=900, nullable=True)
    x: float = pa.Field(ge=-1000, le=1000, nullable=True)
    flag: bool = pa.Field(nullable=True)
    kind: str = pa.Field(nullable=True)


@history(by="a", id="id", time="at", available="seen", lateness="1h")
class Log(pa.DataFrameModel):
    """A table that is a history as it stands."""

    id: str = pa.Field(unique=True)
    a: str = pa.Field(nullable=True)
    at: Utc
    seen: Utc = pa.Field(nullable=True)
    n: pl.Int32 = pa.Field(ge=-1000, le=900, nullable=True)


@reference(by="a", fixed=["size", "town"])
class Places(pa.DataFrameModel):
    a: str = pa.Field(unique=True)
    size: pl.Int32 = pa.Field(nullable=True)
    town: str = pa.Field(nullable=True)


@reference(by=("a", "b"), fixed=["rank"])
class Pairs(pa.DataFrameModel):
    a: str
    b: str
    rank: float


@request(by="rid")
class Request(pa.DataFrameModel):
    rid: str
    as_of: Utc
    a: str = pa.Field(nullable=True)
    b: str = pa.Field(nullable=True)
    c: pl.Int32 = pa.Field(nullable=True)


MODELS = (Events, Log, Places, Pairs)
TABLES = {table_of(model).name: table_of(model) for model in MODELS}
TYPES = {name: table.types for name, table in {**TABLES, "requests": table_of(Request)}.items()}


class World(NamedTuple):
    """What is declared, and the raw rows of every table."""

    declared: FeatureSet
    requests: list[Row]
    tables: dict[str, list[Row]]

    def __repr__(self) -> str:
        said = "".join(f"\n  {feature.name} = {logic.words(feature)}" for feature in self.declared.features)
        return f"{len(self.requests)} requests, {', '.join(f'{len(rows)} {name}' for name, rows in self.tables.items())}{said}"

    @property
    def asked(self) -> pl.DataFrame:
        return frame("requests", self.requests)

    @property
    def lazy(self) -> dict[str, pl.LazyFrame]:
        return {name: numbered(frame(name, rows)) for name, rows in self.tables.items()}


def numbered(table: pl.DataFrame) -> pl.LazyFrame:
    """A table with its source row numbers, as `ingest` writes it."""
    return table.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64)).lazy()


def frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the types that the table declares."""
    return pl.DataFrame({name: pl.Series(name, [row[name] for row in rows], dtype) for name, dtype in TYPES[table].items()})


def feature_set(declared: Mapping[str, Declared], **histories: History) -> FeatureSet:
    """The feature set of `declared` over the tables above and further histories."""
    direct = table_of(Log).history
    assert direct is not None
    return collect.collect(Schema(TABLES, {"Log": direct, **histories}, table_of(Request)), declared, "features.py")


# Rows: chosen by a seed, row by row, so that there are many, and fewer of them are the first of them. "a" with "bc" and
# "ab" with "c" are two entities.
TEXTS = [*["a"] * 5, *["ab"] * 3, "", "ü", None]
OTHERS = [*["bc"] * 4, *["c"] * 4, "a", None]
SMALL = [1, 1, 2, -1, None]


def chance(seed: object) -> Random:
    return Random(str(seed))  # noqa: S311 - rows, not secrets


def moment(random: Random, anchor: datetime, reach: int) -> datetime:
    """A half hour not far from `anchor`, or a microsecond off it."""
    return anchor + random.randint(-reach, reach) * STEP + timedelta(microseconds=random.choice([0, 0, 0, 1, -1]))


def event(random: Random, anchor: datetime, latest: int) -> Row:
    """One row of `Events`, late by at most `latest` minutes."""
    at = random.choice([None, *[moment(random, anchor, 6)] * 12])
    delay = random.choice([-60, 0, 0, 0, min(30, latest), latest, latest, latest, None])
    clock = at and at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None, fold=0)
    return {
        "a": random.choice(TEXTS), "b": random.choice(OTHERS), "c": random.choice(SMALL), "at": at, "delay": delay,
        "clock": random.choice([clock, clock, clock, clock, SKIPPED]),
        "seen": None if at is None or delay is None else at + timedelta(minutes=delay),
        "n": random.choice([None, 0, 1, random.randint(-1000, 900), random.randint(-1000, 900)]),
        "x": random.choice([None, 0.0, -0.0, 0.29, -0.07, random.randint(-100_000, 100_000) / 100, random.randint(-100_000, 100_000) / 100]),
        "flag": random.choice([True, False, None]), "kind": random.choice(["p", "q", None]),
    }  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, latest: int) -> tuple[list[Row], dict[str, list[Row]]]:
    """Requests, and rows of every table."""
    anchor, seed = draw(st.sampled_from(ANCHORS)), draw(st.integers(0, 2**32))
    asked, happened = draw(st.sampled_from([8, 8, 8, 2, 0])), draw(st.sampled_from([80, 80, 80, 20, 3, 0]))
    chosen = [chance(f"{seed} {number}") for number in range(max(asked, happened))]
    requests = [
        {**event(random, anchor, 0), "rid": f"r{number}", "as_of": moment(random, anchor + 5 * STEP, 7)}
        for number, random in enumerate(chosen[:asked])
    ]
    table = [
        {**event(random, anchor, latest), "number": random.randint(0, 9) * 100 + number} for number, random in enumerate(chosen[:happened])
    ]
    log = [{**event(random, anchor, min(latest, 60)), "id": f"{number}"} for number, random in enumerate(chosen[: happened // 3])]
    return requests, {
        "events": [{**row, "id": f"é{row['number']}"} for row in table],
        "log": [row for row in log if row["at"] is not None and row["a"] is not None],  # as its contract has it
        "places": [{"a": a, "size": chosen.choice(SMALL), "town": a} for chosen in [chance(seed)] for a in ("a", "ab", "") if chosen.random() < 0.8],
        "pairs": [{"a": a, "b": b, "rank": rank} for a, b, rank in (("a", "bc", 0.1), ("ab", "c", float("nan")), ("ab", "bc", -0.0))],
    }  # fmt: skip


# Declarations.
@st.composite
def histories(draw: st.DrawFn, latest: int) -> History:
    """A history derived from `Events`, at most `latest` minutes late."""
    time = draw(st.sampled_from([col("at"), col("moment")]))
    said = pl.when(col("size").is_null()).then(col("moment")).otherwise(col("moment") + pl.duration(minutes=col("size")))
    local = col("clock").dt.replace_time_zone(ZONE, ambiguous=draw(st.sampled_from(["earliest", "latest"])), non_existent="null")
    made: History = history(
        of=Events, by="a", id=draw(st.sampled_from(["id", "number"])), time=time, lateness=f"{latest}m",
        available=draw(st.sampled_from([time + pl.duration(minutes=col("delay")), None])),
        where=draw(st.sampled_from([None, col("kind") != "p", col("size").is_not_null()])),
        lookups={"size": fixed(Places, "size", by="a"), "rank": fixed(Pairs, "rank", by={"b": "b", "a": "a"})},
        let={"moment": local.dt.convert_time_zone("UTC"), "later": said},
        columns=["b", "c", "n", "x", "flag", "kind", "delay", "size", "rank", col("later"), time.alias("happened")],
    )  # fmt: skip
    return made


KEYS: list[Any] = ["a", "a", "a", (), (), "c", ("a", "b"), ("a", "b"), ("b", "a"), {"a": "b"}, {"a": "b", "b": "a"}, ("c", "a", "b")]
WHERE = [
    *[None] * 6, col("n") > 0, col("kind") == "p", col("flag"), col("flag") | (col("n") < 0), ~(col("flag") & (col("n") < 0)),
    col("x").is_null(), col("kind").is_in(["p", "z"]),
]  # fmt: skip
NUMBERS: list[tuple[pl.Expr, dict[str, Any]]] = [
    (col("n"), {}), (col("x"), {"places": 2}), (col("flag"), {}), (col("n") - col("delay"), {"max_abs": 1100}), (col("n") / 2, {"places": 1, "max_abs": 500}),
]  # fmt: skip
CONDITIONS = [col("n") > 0, col("flag"), col("x") > col("n"), col("kind") == "q"]
EXTREMES = [col("n"), col("x"), col("happened"), col("rank"), col("n") * col("x")]
VALUES = [*EXTREMES, col("kind"), col("b"), col("later"), col("n") + 1, col("flag")]


@st.composite
def features(draw: st.DrawFn, of: History, latest: int) -> Declared:
    """One feature that looks back over `of`."""
    seen = view(of, by=draw(st.sampled_from(KEYS)), where=draw(st.sampled_from(WHERE)))
    window = draw(st.sampled_from([f"{width}m" for width in (30, 60, 90, 180, 1440, latest) if width >= latest and width]))
    about: dict[str, Any] = {"description": "A feature", "ago": draw(st.sampled_from(["0s", "0s", "30m", "1us", "2h"]))}
    match draw(st.sampled_from(["latest", "count", "share", "sum", "mean", "std", "min", "max"])):
        case "latest":
            return seen.latest(draw(st.sampled_from(VALUES)), max_age=draw(st.sampled_from([None, "0s", "30m", "2h"])), **about)
        case "count":
            return seen.count(window, **about)
        case "share":
            return seen.share(draw(st.sampled_from(CONDITIONS)), window, **about)
        case "min" | "max" as extreme:
            made: Declared = getattr(seen, extreme)(draw(st.sampled_from(EXTREMES)), window, **about)
        case statistic:
            measure, stated = draw(st.sampled_from(NUMBERS))
            made = getattr(seen, statistic)(measure, window, **about, **stated)
    return made


def always() -> dict[str, Declared]:
    """What every use case declares."""
    return {
        "size": view(Places).lookup("size", "By a plain key"),
        "rank": view(Pairs, by={"a": "b", "b": "a"}).lookup("rank", "By a key crosswise"),
        "logged": view(Log).count("1h", "A window as long as the lateness"),
        "lately": view(Log).latest("n", "Of a history that is a table", max_age="1h"),
        "told": on_demand(col("logged") + col("size"), "Of two features"),
    }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A use case and its rows."""
    latest = draw(st.sampled_from([0, 30, 60, 90]))
    of = draw(histories(latest))
    asked, tables = draw(rows(latest))
    looking = {f"f{number}": draw(features(of, latest)) for number in range(draw(st.integers(1, 8)))}
    return World(feature_set({**looking, **always()}, Events=of), asked, tables)
