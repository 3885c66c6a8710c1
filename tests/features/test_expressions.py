"""The walker over expressions: what it takes in, what it refuses, and that one row gives what many rows give."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import DeclarationError
from interlock.features import expressions
from interlock.features.operations import BINARY, FUNCTIONS
from interlock.usecase import col
from tests.features import interpreter

ROOT = Path(__file__).parents[2]
t, s, x, y, n, m, flag, d = (col(name) for name in ("t", "s", "x", "y", "n", "m", "flag", "d"))
naive = col("naive")
LEAP, NIGHT = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2013, 11, 3, 5, 30, tzinfo=UTC)
TEXTS = ["", "a", "ab", "Ünï", " ab ", "12", "0x", "2024-02-29 10:30", "ß", "aab"]
FLOATS = [0.0, -0.0, 0.1, -0.1, 1.5, 2.5, -2.5, 1e300, -5e-324, float("inf"), float("-inf"), float("nan"), 1 / 3, 0.285, 7.0, 3.0, 49.0]
TIMES = [
    LEAP,
    NIGHT,
    NIGHT + timedelta(hours=1),
    datetime(1969, 12, 31, tzinfo=UTC),
    datetime(2013, 3, 10, 7, tzinfo=UTC),
    datetime(2020, 12, 31, tzinfo=UTC),
]


def rows(number: int = 120) -> pl.DataFrame:
    """A frame in which every column is null now and then, and every value meets many others."""

    def spread(values: list[Any], step: int) -> list[Any]:
        return [None if row % 11 == step else values[(row * step + row // 7) % len(values)] for row in range(number)]

    return pl.DataFrame(
        {
            "x": spread(FLOATS, 1), "y": spread(FLOATS, 5), "s": spread(TEXTS, 3), "u": spread(["a", "b", ""], 2), "flag": spread([True, False], 1),
            "also": spread([True, False, True], 4),
            "n": pl.Series(spread([0, 1, -1, 7, 2**31 - 1, -(2**31)], 5), dtype=pl.Int32), "m": pl.Series(spread([1, 3, 0, -2, 100], 2), dtype=pl.Int64),
            "t": pl.Series(spread(TIMES, 1), dtype=pl.Datetime("us", "UTC")),
            "naive": pl.Series([item and item.replace(tzinfo=None) for item in spread(TIMES, 7)], dtype=pl.Datetime("us")),
            "d": pl.Series(spread([timedelta(days=-1, seconds=3), timedelta(0), timedelta(microseconds=1), timedelta(days=400)], 3), dtype=pl.Duration("us")),
            "day": pl.Series(spread([date(2024, 2, 29), date(1969, 12, 31)], 2), dtype=pl.Date),
        }
    )  # fmt: skip


ROWS = rows()
EXAMPLES: dict[str, list[pl.Expr]] = {
    "plus": [x + y, x + 0.1, n + m, t + d, s + "z"], "minus": [x - y, 1 - x, n - m, t - naive.dt.replace_time_zone("UTC"), t - d],
    "times": [x * y, x * -1, x * 0.1, n * m, d * m], "divide": [x / y, x / 3, 1 / x, n / m, n / 7, x / n, d / 3],
    "floor_divide": [n // m, n // 7, m // -3, 7 // m], "modulo": [n % m, n % 7, m % -3],
    "eq": [x == y, s == "a", t == LEAP], "ne": [x != y, s != "a"], "lt": [x < y, n < 1], "le": [x <= y, t <= LEAP], "gt": [x > y, d > timedelta(0)],
    "ge": [x >= y, col("day") >= date(2000, 1, 1)], "eq_missing": [x.eq_missing(y), s.eq_missing(None)], "ne_missing": [n.ne_missing(m)],
    "and": [flag & col("also"), flag & (n > 0)], "or": [flag | col("also")], "xor": [flag ^ col("also")],
    "is_null": [x.is_null()], "is_not_null": [s.is_not_null()], "is_nan": [x.is_nan()], "is_not_nan": [x.is_not_nan()], "is_finite": [x.is_finite()],
    "not_": [~flag], "neg": [-x, -m, -d], "abs": [x.abs(), m.abs(), d.abs()], "sign": [x.sign(), m.sign()], "floor": [x.floor()], "ceil": [x.ceil()],
    "is_in": [s.is_in(["a", "ab"]), n.is_in([1, None], nulls_equal=True), x.is_in([0.1, 1.5]), t.is_in([LEAP, NIGHT]), col("day").is_in([date(2024, 2, 29)])],
    "is_between": [x.is_between(0, 2), x.is_between(-1, y, closed="left"), t.is_between(NIGHT, LEAP, closed="none"), n.is_between(0, m, closed="right")],
    "any_horizontal": [pl.any_horizontal("flag", col("also"))], "all_horizontal": [pl.all_horizontal("flag", col("also"), n > 0)],
    "sqrt": [x.sqrt(), m.cast(pl.Float64).sqrt()], "round": [x.round(), x.round(2), x.round(1, mode="half_away_from_zero")],
    "clip": [x.clip(0, 1), x.clip(None, 0.0), x.clip(y, 7), n.clip(-1)], "fill_null": [x.fill_null(0), s.fill_null("none"), n.fill_null(m)],
    "coalesce": [pl.coalesce("x", "y"), pl.coalesce(s, col("u"), pl.lit("z"))],
    "max_horizontal": [pl.max_horizontal("x", "y"), pl.max_horizontal(x, 0.0), pl.max_horizontal(t, t + d)],
    "min_horizontal": [pl.min_horizontal("x", "y", 0.0), pl.min_horizontal(n, m)],
    "concat_str": [pl.concat_str([s, n, flag], separator="-"), pl.concat_str(["s", "u"], ignore_nulls=True)],
    "str.to_lowercase": [s.str.to_lowercase()], "str.to_uppercase": [s.str.to_uppercase()], "str.len_chars": [s.str.len_chars()],
    "str.len_bytes": [s.str.len_bytes()], "str.contains": [s.str.contains("^a+b"), s.str.contains("a", literal=True), s.str.contains(col("u"), literal=True)],
    "str.starts_with": [s.str.starts_with("a"), s.str.starts_with(col("u"))], "str.ends_with": [s.str.ends_with("b")],
    "str.slice": [s.str.slice(1), s.str.slice(-2, 1)], "str.head": [s.str.head(2)], "str.tail": [s.str.tail(1)],
    "str.strip_chars": [s.str.strip_chars(), s.str.strip_chars("a")],
    "str.replace": [s.str.replace("a", "z"), s.str.replace_all("a", "é"), s.str.replace_all("a", "$", literal=True), s.str.replace("a", "b", n=1, literal=True)],
    "str.to_integer": [s.str.to_integer(strict=False), s.str.to_integer(base=16, strict=False, dtype=pl.Int16)],
    "str.strptime": [
        s.str.to_datetime("%Y-%m-%d %H:%M", strict=False), s.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_zone="UTC"),
        s.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_zone="America/New_York", ambiguous="latest"), s.str.to_date("%Y-%m-%d %H:%M", strict=False),
    ],
    "dt.convert_time_zone": [t.dt.convert_time_zone("America/New_York"), naive.dt.convert_time_zone("Asia/Kathmandu")],
    "dt.replace_time_zone": [
        naive.dt.replace_time_zone("America/New_York", ambiguous="earliest", non_existent="null"), t.dt.replace_time_zone(None),
        naive.dt.replace_time_zone("UTC"), naive.dt.replace_time_zone("Europe/Paris", ambiguous="null", non_existent="null"),
    ],
    "dt.truncate": [t.dt.truncate("1d"), t.dt.convert_time_zone("America/New_York").dt.truncate("1w"), naive.dt.truncate("15m")],
    "dt.offset_by": [t.dt.offset_by("1mo"), naive.dt.offset_by("-1y"), t.dt.convert_time_zone("Europe/Paris").dt.offset_by("1d")],
    "dt.epoch": [t.dt.timestamp("ms"), t.dt.timestamp("us"), naive.dt.timestamp("ns")],
    "duration": [pl.duration(days=n, hours=m), pl.duration(minutes=m, time_unit="ms"), t + pl.duration(seconds=m)],
    **{f"dt.{part}": [getattr(t.dt, part)(), getattr(naive.dt.replace_time_zone("UTC").dt.convert_time_zone("Pacific/Apia").dt, part)()] for part in (
        "year", "quarter", "month", "week", "weekday", "day", "ordinal_day", "hour", "minute", "second", "date", "time", "is_leap_year")},
    **{f"dt.total_{unit}": [getattr(d.dt, f"total_{unit}")(), getattr((t - LEAP).dt, f"total_{unit}")(fractional=True)] for unit in (
        "days", "hours", "minutes", "seconds", "milliseconds", "microseconds")},
}  # fmt: skip
OTHERS = [
    pl.when(flag).then(x).otherwise(y), pl.when(x > 0).then(n), x.cast(pl.Int8, strict=False), n.cast(pl.String), x.cast(pl.String), x.cast(pl.Float32), flag.cast(pl.Int8),
    t.cast(pl.Int64), s.cast(pl.Float64, strict=False), pl.lit(None), pl.lit(None, pl.Int8), pl.lit(3, pl.UInt8), pl.lit(0.1, pl.Float32), pl.lit(LEAP), pl.lit(date(2024, 2, 29)),
    pl.lit(timedelta(days=1, microseconds=1)), pl.lit(LEAP.replace(tzinfo=None)), pl.lit("é"), pl.lit(True), pl.lit(2**62), x.alias("renamed"),
]  # fmt: skip
ALL = [(name, example) for name, examples in EXAMPLES.items() for example in examples] + [("", example) for example in OTHERS]
NAMES = [f"{name} {number}" for number, (name, _) in enumerate(ALL)]
each = pytest.mark.parametrize(("name", "example"), ALL, ids=NAMES)


def bits(values: pl.Series) -> list[Any]:
    """Values that are equal only where every bit is; NaN has one form."""
    if values.dtype.is_float():
        return [item if item is None else item.hex() for item in values.cast(pl.Float64).to_list()]
    return values.to_list()


def one_by_one(frame: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    return pl.concat([frame[row].select(expression.alias("made")).to_series() for row in range(frame.height)])


def all_at_once(frame: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    return frame.with_columns(expression.alias("made"))["made"]


def test_every_operation_has_an_example() -> None:
    """In EXAMPLES, where each example holds the operation it stands for: a new operation is tried, or this fails."""
    assert set(EXAMPLES) == {*BINARY, *FUNCTIONS}
    for name, examples in EXAMPLES.items():
        for example in examples:
            assert name in {part[1] for part in expressions.within(expressions.parse(example)) if part[0] in {"op", "fn"}}, (name, example)


@each
def test_an_expression_survives_being_data(name: str, example: pl.Expr) -> None:
    """Parsed, written as JSON, read and built again it has the same values and type, and the same normal form, which shows as text.

    A division is built as the correctly rounded quotient, in other steps than Polars' own.
    """
    node = json.loads(json.dumps(expressions.parse(example), allow_nan=False))
    assert node == expressions.parse(example)
    built = expressions.build(node)
    assert expressions.show(node)
    assert len(expressions.digest(node)) == 64
    assert expressions.columns(node) == set(example.meta.root_names())
    if name != "divide":
        assert expressions.parse(built) == node
        expected = all_at_once(ROWS, example)
        assert bits(all_at_once(ROWS, built)) == bits(expected)
        assert all_at_once(ROWS, built).dtype == expected.dtype


@pytest.mark.parametrize("example", [example for _, example in ALL], ids=NAMES)
def test_one_row_gives_what_many_rows_give(example: pl.Expr) -> None:
    """To the last bit, and in slices of any length: a feature must not depend on how many requests are answered at once."""
    built = expressions.build(expressions.parse(example))
    expected = bits(all_at_once(ROWS, built))
    assert bits(one_by_one(ROWS, built)) == expected
    for length in (2, 3, 8, 33):
        assert [item for part in ROWS.iter_slices(length) for item in bits(all_at_once(part, built))] == expected


@given(st.lists(st.tuples(st.floats(width=64), st.floats(width=64), st.integers(-(2**31), 2**31 - 1)), min_size=1, max_size=20))
def test_arithmetic_is_that_of_ieee_754_in_one_row_and_in_many(values: list[tuple[float, float, int]]) -> None:
    """Every quotient, product, sum and root of floats and whole numbers is the correctly rounded one, as Python's own is."""
    frame = pl.DataFrame(values, schema={"x": pl.Float64, "y": pl.Float64, "n": pl.Int32}, orient="row")
    for example in (x / y, x / 3, x / 0.1, 1 / x, n / 7, 7 / n, x / n, x * y, x + y, x - y, x * 0.1, x + 0.1, 0.1 - x, x.abs(), -x):
        node = expressions.parse(example)
        expected = [interpreter.value(node, row) for row in frame.rows(named=True)]
        for found in (all_at_once(frame, expressions.build(node)), one_by_one(frame, expressions.build(node))):
            assert bits(found) == bits(pl.Series(expected, dtype=found.dtype)), example


# What is refused, wherever it stands.
REFUSED: dict[str, tuple[pl.Expr, str]] = {
    **{name: (getattr(x, name)(), "not row-wise") for name in ("sum", "mean", "min", "max", "std", "median", "first", "last", "count", "n_unique", "cum_sum", "diff", "rank", "reverse", "unique")},
    **{name: (made, "not row-wise") for name, made in {
        "shift": x.shift(1), "over": x.sum().over("s"), "filter": x.filter(flag), "sort": x.sort(), "gather": x.gather([0]), "len": pl.len(), "head": x.head(1),
        "rolling": x.rolling_mean(3), "forward": x.forward_fill(), "backward": x.fill_null(strategy="backward"), "ewm": x.ewm_mean(span=2), "quantile": x.quantile(0.5),
        "sort_by": x.sort_by("y"), "explode": x.implode().explode(),
    }.items()},
    **{name: (getattr(x, name)(), "other last bits") for name in ("exp", "log", "log10", "log1p", "sin", "cos", "tan", "tanh", "arctan", "cbrt")},
    "pow": (x**2, "other last bits"), "root": (x.pow(0.3), "other last bits"),
    "elements": (x.map_elements(lambda value: value, return_dtype=pl.Float64), "Python function"), "batches": (x.map_batches(lambda values: values), "Python function"),
    "everything": (pl.all(), "Selector"), "star": (col("*"), "Selector"), "pattern": (col("^x$"), "Selector"), "several": (col("x", "y"), "Selector"), "first column": (pl.first(), "Selector"),
    "NaN": (pl.lit(float("nan")), "not a finite number"), "infinity": (pl.lit(float("-inf")), "not a finite number"), "NaN in a list": (x.is_in([1.0, float("nan")]), "not a finite number"),
    "series": (pl.lit(pl.Series([1.0, 2.0])), "literal Series"), "among a column": (x.is_in(y), "whole column"), "wrapping": (n.cast(pl.Int8, wrap_numerical=True), "wraps"),
    "guessed format": (s.str.to_datetime(), "without a format"), "inside a text": (s.str.to_date("%Y", exact=False), "inside of a text"),
    "range": (pl.int_range(0, 3), "not among"), "random": (x.shuffle(seed=1), "not"), "struct": (pl.struct("x", "y"), "not among"), "hash": (s.hash(), "not among"),
    "decimal": (x.cast(pl.Decimal(9, 2)), "not a column type"), "category": (s.cast(pl.Categorical), "not a column type"),
}  # fmt: skip
PLACES: list[Callable[[pl.Expr], pl.Expr]] = [
    lambda e: e, lambda e: e.alias("z"), lambda e: e + x, lambda e: x > e, lambda e: pl.when(e > 0).then(x), lambda e: pl.when(flag).then(e),
    lambda e: pl.when(flag).then(x).otherwise(e), lambda e: e.cast(pl.Float64), lambda e: e.is_null(), x.fill_null, lambda e: pl.coalesce(x, y, e),
    lambda e: x.is_between(0, e), lambda e: ((x + (-(e * 2)).abs()) / y).round(2).is_null() | flag,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_row_wise_or_not_exact_is_refused_anywhere_in_the_tree(name: str) -> None:
    """Aggregations, other rows, Python functions, transcendental functions, selectors, and numbers that are none: each by its name."""
    forbidden, said = REFUSED[name]
    for place in PLACES:
        with pytest.raises(DeclarationError, match=said):
            expressions.parse(place(forbidden))


# Data from elsewhere.
names = st.sampled_from(
    [
        *BINARY,
        *FUNCTIONS,
        "col",
        "lit",
        "when",
        "cast",
        "op",
        "fn",
        "x",
        "*",
        "^.*$",
        "int",
        "Int64",
        "Datetime[us,UTC]",
        "list[Int8]",
        "read_csv",
    ]
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), names)
options = st.dictionaries(
    st.sampled_from(
        [
            "base",
            "strict",
            "dtype",
            "decimals",
            "mode",
            "unit",
            "zone",
            "closed",
            "n",
            "literal",
            "delimiter",
            "has_min",
            "has_max",
            "nulls_equal",
            "format",
        ]
    ),
    scalars,
    max_size=4,
)
anything = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=3)), max_leaves=12
)


def shaped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Lists in the shape of a node, with anything in the places of its parts."""
    return st.one_of(
        st.tuples(st.just("op"), st.sampled_from(sorted(BINARY)), inner, inner), st.tuples(st.just("when"), inner, inner, inner),
        st.tuples(st.just("fn"), st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=9), options),
        st.tuples(st.just("cast"), inner, names, st.booleans()), st.tuples(st.just("lit"), names, st.one_of(scalars, st.lists(scalars, max_size=3))),
        st.tuples(st.just("col"), names),
    ).map(list)  # fmt: skip


@settings(max_examples=settings().max_examples * 4)
@given(st.one_of(anything, st.recursive(st.one_of(scalars, st.just(["col", "x"]), shaped(anything)), shaped, max_leaves=6)))
def test_data_that_is_no_node_is_refused_and_never_anything_else(data: Any) -> None:
    """JSON of any shape builds an expression or is refused as a declaration: no other error leaves the walker."""
    with suppress(DeclarationError):
        assert isinstance(expressions.build(data), pl.Expr)
    with suppress(DeclarationError):
        expressions.verify(data)


def nested(depth: int) -> list[Any]:
    node: list[Any] = ["col", "x"]
    for _ in range(depth):
        node = ["fn", "abs", [node], {}]
    return node


@pytest.mark.parametrize("depth", [500, 100_000])
def test_data_nested_too_deeply_is_refused(depth: int) -> None:
    """So are expressions: without a limit, the first to walk over one would end in a stack overflow."""
    with pytest.raises(DeclarationError, match="nested too deeply"):
        expressions.verify(nested(depth))
    for endless in ([], ["when"], ["op", "plus"]):
        node: list[Any] = ["col", "x"]
        for _ in range(depth):
            node = [*endless, node]
        with pytest.raises(DeclarationError):
            expressions.verify(node)
        with pytest.raises(DeclarationError):
            expressions.build(node)
    deep = x
    for _ in range(500):
        deep = deep.abs()
    with pytest.raises(DeclarationError, match="nested too deeply"):
        expressions.parse(deep)


def test_what_is_nested_as_deeply_as_allowed_can_be_used() -> None:
    """Every walk over it ends well."""
    node = nested(190)
    expressions.verify(node)
    assert expressions.parse(expressions.build(node)) == node
    assert expressions.show(node).count("abs") == 190
    assert expressions.columns(expressions.substitute(node, {"x": "y"})) == {"y"}
    assert len(expressions.digest(node)) == 64
    assert all_at_once(pl.DataFrame({"x": [-1.0]}), expressions.build(node)).to_list() == [1.0]


def test_building_from_data_runs_nothing_of_it() -> None:
    """While hostile nodes are built, no code is compiled, no module imported, nothing unpickled, opened or started."""
    code = """
import sys, json, polars as pl
from interlock.errors import DeclarationError
from interlock.features import expressions
expressions.verify(["op", "plus", ["col", "x"], ["lit", "Datetime[us,UTC]", 1]])
nodes = json.load(sys.stdin)
watched, seen = ("compile", "exec", "import", "open", "os.", "pickle.", "subprocess.", "socket."), []
sys.addaudithook(lambda event, arguments: seen.append((event, arguments)) if event.startswith(watched) and watching else None)
watching = True
for node in nodes:
    try:
        expressions.build(node)
    except DeclarationError:
        pass
watching = False
sys.exit(str(seen) if seen else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(list(hostile())), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def hostile() -> Iterator[Any]:
    """What one would try: code as text, as pickles, as Polars' own serialised forms, as attributes of Polars."""
    pickled = list(x.map_elements(lambda value: value, return_dtype=pl.Float64).meta.serialize())
    said = json.loads(x.map_batches(lambda values: values).meta.serialize(format="json"))
    for payload in (pickled, said, "__import__('os').system('true')", "read_csv", "/etc/passwd", {"__reduce__": ["os.system", ["true"]]}):
        yield from (
            payload,
            ["col", payload],
            ["lit", payload, payload],
            ["lit", "String", payload],
            ["fn", payload, [], {}],
            ["AnonymousFunction", payload],
        )
        yield from (
            ["cast", ["col", "x"], payload, True],
            ["fn", "str.to_integer", [["col", "x"], ["lit", "int", 10]], {"strict": True, "dtype": payload}],
        )
        yield from (["fn", name, [["col", "x"]], {"options": payload, "dtype": payload}] for name in FUNCTIONS)


def test_a_whole_number_is_no_float_and_true_is_no_number() -> None:
    """Literals that Python takes for equal have other fingerprints."""
    digests = {expressions.digest(expressions.parse(x == pl.lit(value))) for value in (1, 1.0, True, "1")}
    assert len(digests) == 4
