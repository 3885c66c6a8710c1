"""Rules about rows in common: copies, values that differ within a group, and references, until nothing more leaves."""

from collections import Counter
from typing import Any, ClassVar

import pandera.polars as pa
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts.check import Checked, check, check_all
from interlock.contracts.ledger import less
from interlock.contracts.reader import read
from interlock.terms import constant, refers, row, severity, unique
from interlock.usecase import col, reference, source, table_of

Row = dict[str, Any]


@reference(by="town", fixed=[])
class Towns(pa.DataFrameModel):
    town: int
    size: int = pa.Field(ge=0)


@reference(by="shop", fixed=[], rules=[refers("town", to=Towns, tolerate=1.0)], keep="last")
class Shops(pa.DataFrameModel):
    shop: int
    town: int = pa.Field(nullable=True)
    open: bool = pa.Field(eq=True)


@source(key="order", rules=[refers("shop", to=Shops), unique(["shop", "day"], tolerate=1.0), refers("shop", to=Towns, severity="warn")])
class Orders(pa.DataFrameModel):
    order: int
    shop: int = pa.Field(nullable=True)
    day: int = pa.Field(nullable=True)


CONTRACTS = {name: read(table_of(model)) for name, model in (("orders", Orders), ("shops", Shops), ("towns", Towns))}
FEW = st.integers(0, 4)
TABLES = st.fixed_dictionaries({
    "towns": st.lists(st.fixed_dictionaries({"town": FEW, "size": st.integers(-1, 3)}), max_size=5),
    "shops": st.lists(st.fixed_dictionaries({"shop": FEW, "town": FEW | st.none(), "open": st.sampled_from([True, True, False])}), max_size=6),
    "orders": st.lists(st.fixed_dictionaries({"order": st.integers(0, 9), "shop": FEW | st.none(), "day": st.integers(0, 1) | st.none()}), max_size=12),
})  # fmt: skip


def _frame(table: str, rows: list[Row]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict(CONTRACTS[table].types), orient="row")
    return frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64))


def _expected(tables: dict[str, list[Row]]) -> dict[str, set[int]]:
    """In plain Python, table after table, each row against those that stay: the rows of each that do."""
    left: dict[str, set[int]] = {}

    def stay(name: str, rules: list[tuple[tuple[str, ...], bool]], refers: tuple[str, str] | None, *, last: bool = False) -> None:
        left[name], rows = set(), tables[name]
        known = {tables[refers[1]][n][refers[0]] for n in left[refers[1]]} | {None} if refers else set()
        for n in sorted(range(len(rows)), reverse=last):
            sound = rows[n].get("size", 0) >= 0 and rows[n].get("open", True) and (refers is None or rows[n][refers[0]] in known)
            values = [(columns, tuple(rows[n][column] for column in columns)) for columns, nulls in rules]
            asked = [each for each, (_, nulls) in zip(values, rules, strict=True) if nulls or None not in each[1]]
            copy = any(tuple(rows[other][column] for column in columns) == mine for columns, mine in asked for other in left[name])
            left[name] |= {n} if sound and not copy else set()

    stay("towns", [(("town",), True)], None)
    stay("shops", [(("shop",), True)], ("town", "towns"), last=True)
    stay("orders", [(("order",), True), (("shop", "day"), False)], ("shop", "shops"))
    return left


def _checked(tables: dict[str, list[Row]]) -> dict[str, Checked]:
    return check_all(CONTRACTS, {name: _frame(name, tables[name]).lazy() for name in CONTRACTS})


@given(TABLES)
def test_rows_leave_in_the_stated_order_until_nothing_more_leaves(tables: dict[str, list[Row]]) -> None:
    """What stays is what a plain program keeps; every entry counts once, and a second check of what stays finds nothing."""
    found = _checked(tables)
    expected = _expected(tables)
    for name, checked in found.items():
        aside = set(checked.ledger["source_row"])
        assert set(range(len(tables[name]))) - aside == expected[name]
        assert checked.quarantined == len(aside)
        assert sum(seen.rows for seen in checked.seen if seen.rule.severity == "quarantine") == checked.ledger.height
    left = {name: less(_frame(name, tables[name]).lazy(), found[name].ledger) for name in CONTRACTS}
    assert all(again.ledger.is_empty() for again in check_all(CONTRACTS, left).values())


def test_a_valid_row_is_not_the_copy_of_one_that_leaves() -> None:
    """The last shop 1 lies in a town that is not there, the first does not; order 2 shares its day with a copy of order 1."""
    tables: dict[str, list[Row]] = {
        "towns": [{"town": 1, "size": 1}, {"town": 2, "size": 1}, {"town": 2, "size": -1}],
        "shops": [{"shop": 1, "town": 1, "open": True}, {"shop": 1, "town": 3, "open": True}],
        "orders": [{"order": 1, "shop": None, "day": 0}, {"order": 1, "shop": 1, "day": 0}, {"order": 2, "shop": 1, "day": 0}],
    }
    assert {name: checked.ledger.rows() for name, checked in _checked(tables).items()} == {
        "towns": [(2, "greater_than_or_equal_to(0)", "size", "-1")],
        "shops": [(1, "refers(towns)", "town", "3")],
        "orders": [(1, "field_uniqueness", "order", "1")],
    }


def test_a_value_that_differs_leaves_before_copies_are_looked_for() -> None:
    """Of two rows with one key the first has the odd rate: it leaves for that, and the second stays."""

    @source(key="id", rules=[constant("rate", by="kind", tolerate=1.0)])
    class Rates(pa.DataFrameModel):
        id: int
        kind: str
        rate: int

    frame = pl.LazyFrame({"id": [1, 1, 2], "kind": ["a"] * 3, "rate": [9, 5, 5], "source_row": [0, 1, 2]})
    assert check(read(table_of(Rates)), frame).ledger.rows() == [(0, "constant", "kind, rate", "a, 9")]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12), st.tuples(*[st.sampled_from(["first", "last"])] * 2))
def test_copies_by_rules_that_disagree_leave_one_of_each(rows: list[tuple[int, int]], keeps: tuple[Any, Any]) -> None:
    """Whichever of two copies each rule lets stay: what stays has no copies, and with one direction none could be added."""

    @source(rules=[unique("a", keep=keeps[0], tolerate=1.0), unique("b", keep=keeps[1], tolerate=1.0)])
    class Pairs(pa.DataFrameModel):
        a: int
        b: int

    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
    found = check(read(table_of(Pairs)), frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64)).lazy())
    gone = set(found.ledger["source_row"])
    left = [pair for n, pair in enumerate(rows) if n not in gone]
    assert all(len({pair[part] for pair in left}) == len(left) for part in (0, 1))
    if keeps[0] == keeps[1]:
        assert all(any(rows[n][part] == pair[part] for pair in left for part in (0, 1)) for n in gone)


def test_a_row_that_leaves_takes_those_with_it_that_refer_to_it() -> None:
    """A town of negative size takes its shop along, and that shop its orders: each under the rule that took it."""
    tables: dict[str, list[Row]] = {
        "towns": [{"town": 1, "size": -1}, {"town": 2, "size": 1}],
        "shops": [{"shop": 1, "town": 1, "open": True}, {"shop": 2, "town": 2, "open": True}],
        "orders": [{"order": 1, "shop": 1, "day": 0}, {"order": 2, "shop": 2, "day": 0}, {"order": 3, "shop": None, "day": 0}],
    }
    found = _checked(tables)
    assert {name: checked.ledger.rows() for name, checked in found.items()} == {
        "towns": [(0, "greater_than_or_equal_to(0)", "size", "-1")],
        "shops": [(0, "refers(towns)", "town", "1")],
        "orders": [(0, "refers(shops)", "shop", "1")],
    }


def test_the_last_copy_of_a_key_may_stay() -> None:
    """`keep="last"`: of three rows with one key the one that comes last is used."""
    tables: dict[str, list[Row]] = {"towns": [], "shops": [{"shop": 1, "town": None, "open": True}] * 3, "orders": []}
    assert _checked(tables)["shops"].ledger["source_row"].to_list() == [0, 1]


def test_a_rule_that_keeps_its_rows_is_asked_of_those_that_stay() -> None:
    """A warning about references looks at valid rows on both sides, names examples, and sets nothing aside."""
    tables: dict[str, list[Row]] = {
        "towns": [{"town": 1, "size": -1}, {"town": 2, "size": 1}],
        "shops": [{"shop": n, "town": None, "open": True} for n in range(4)],
        "orders": [{"order": n, "shop": n, "day": n} for n in range(4)] + [{"order": 0, "shop": 3, "day": 9}],
    }
    found = _checked(tables)["orders"]
    seen = next(seen for seen in found.seen if seen.rule.name == "refers(towns)")
    assert (seen.rows, seen.share, seen.first) == (3, 0.75, ((0, "0"), (1, "1"), (3, "3")))
    assert found.ledger["source_row"].to_list() == [4]


RATES = st.tuples(st.sampled_from("ab") | st.none(), st.sampled_from([1.0, 2.0, 3.0]) | st.none())


@given(st.lists(RATES, max_size=14), st.sampled_from(["quarantine", "warn"]))
def test_the_most_frequent_value_of_a_group_is_the_one_that_counts(rows: list[tuple[str | None, float | None]], grade: Any) -> None:
    """Of values as frequent the smallest; a group by null is one, and a row without a value breaks nothing."""

    @source(rules=[constant("rate", by="kind", severity=grade, tolerate=1.0)])
    class Rates(pa.DataFrameModel):
        kind: str = pa.Field(nullable=True)
        rate: float = pa.Field(nullable=True)

    counted = Counter(pair for pair in rows if pair[1] is not None)
    usual: dict[str | None, float] = {}
    for (kind, rate), _ in sorted(counted.items(), key=lambda item: (-item[1], item[0][1])):
        usual.setdefault(kind, rate or 0.0)
    expected = [n for n, (kind, rate) in enumerate(rows) if rate is not None and rate != usual[kind]]
    frame = pl.DataFrame(rows, schema={"kind": pl.String, "rate": pl.Float64}, orient="row")
    found = check(read(table_of(Rates)), frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64)).lazy())
    assert found.seen[-1].rows == len(expected)
    assert [number for number, _ in found.seen[-1].first] == expected[:5]
    assert found.ledger["source_row"].to_list() == (expected if grade == "quarantine" else [])


def test_a_rule_over_columns_says_the_values_of_all_of_them() -> None:
    """The ledger has the columns that the expression reads, in its order, and what they hold."""

    @source(rules=[row("not_before", col("end") >= col("start"))])
    class Spans(pa.DataFrameModel):
        start: int
        end: int = pa.Field(nullable=True)

    frame = pl.LazyFrame({"start": [1, 2, 3], "end": [1, 1, None], "source_row": [0, 1, 2]})
    assert check(read(table_of(Spans)), frame).ledger.rows() == [(1, "not_before", "end, start", "1, 2")]


def test_a_rule_that_warns_or_fails_keeps_its_rows() -> None:
    """Severities of Pandera's own rules: the same two rows are set aside, or counted and kept."""

    def seen(*terms: Any) -> Checked:
        @source(rules=terms)
        class Sizes(pa.DataFrameModel):
            size: int = pa.Field(ge=0)

            class Config:
                unique: ClassVar = ["size"]

        return check(read(table_of(Sizes)), pl.LazyFrame({"size": [1, -1, -2, 1], "source_row": [0, 1, 2, 3]}))

    name = "greater_than_or_equal_to"
    assert [each.ledger["source_row"].to_list() for each in (seen(), seen(severity("size", name, "warn")))] == [[1, 2, 3], [3]]
    kept = seen(severity("size", name, "fail"), severity("size", "field_uniqueness", "warn"))
    assert kept.ledger.is_empty()
    assert [(each.rule.name, each.rows, each.share, each.first) for each in kept.seen[1:]] == [
        ("greater_than_or_equal_to(0)", 2, 0.5, ((1, "-1"), (2, "-2"))),
        ("field_uniqueness", 1, 0.25, ((3, "1"),)),
    ]
