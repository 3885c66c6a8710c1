"""What a table states beside its model: read, or refused with file, model, rule and remedy."""

import math
from collections.abc import Callable
from typing import Any, cast

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts.reader import read
from interlock.contracts.rules import Contract
from interlock.errors import DeclarationError
from interlock.terms import Refers, Term, Unique, constant, every, nulls, outside, refers, row, rows, severity, stable, unique
from interlock.usecase import Utc, col, history, outcome, reference, request, source, table_of

Play = Callable[..., Any]


@reference(by="shop", fixed=[])
class Shops(pa.DataFrameModel):
    shop: str
    size: int
    note: str | None


@request(by="order")
class Asked(pa.DataFrameModel):
    order: int
    as_of: Utc


def _orders(*rules: Any, play: Play = source, **more: Any) -> Contract:
    class Orders(pa.DataFrameModel):
        order: int
        shop: str = pa.Field(nullable=True, str_length={"max_value": 9})
        amount: float = pa.Field(ge=0, nullable=True)
        placed: Utc
        paid: Utc = pa.Field(nullable=True)
        pieces: pl.Int32 = pa.Field(nullable=True)

    played: Any = play(rules=rules, **({"key": "order"} if play is source else {}), **more)(Orders)
    return read(table_of(played))


def test_terms_become_rules_in_their_order() -> None:
    """Rules of the model come first; each term has its name, the columns it reads, its severity and its share."""
    contract = _orders(
        row("paid_after_it_was_placed", col("paid") >= col("placed"), severity="warn", tolerate=0.1),
        nulls("amount", at_most=0.2),
        outside("shop", isin=["a", "b"], at_most=0.01, severity="warn"),
        unique(["shop", "placed"], keep="last"),
        constant("amount", by="shop", severity="fail"),
        refers("shop", to=Shops),
        rows(10, 1000),
        every("placed", "1h", by="shop"),
        stable("amount", at_most=0.1),
    )
    stated = [*contract.rules[-3:], *contract.groups, *contract.whole]
    assert [(rule.name, rule.column, rule.severity, rule.tolerate) for rule in stated] == [
        ("paid_after_it_was_placed", "paid, placed", "warn", 0.1),
        ("nulls", "amount", "fail", 0.2),
        ("outside", "shop", "warn", 0.01),
        ("field_uniqueness", "order", "quarantine", 0.05),
        ("unique", "shop, placed", "quarantine", 0.05),
        ("constant", "shop, amount", "fail", 0.0),
        ("refers(shops)", "shop", "quarantine", 0.05),
        ("rows", "", "fail", 0.0),
        ("every", "shop, placed", "fail", 0.0),
        ("stable", "amount", "fail", 0.1),
    ]


def test_a_rule_of_the_model_gets_another_severity() -> None:
    """`severity` names the column and the rule without its bracket; other rules of the column keep theirs."""
    contract = _orders(severity("amount", "greater_than_or_equal_to", "warn", tolerate=0.001), severity("shop", "str_length", "fail"))
    said = {(rule.column, rule.name): (rule.severity, rule.tolerate) for rule in contract.rules}
    assert said["amount", "greater_than_or_equal_to(0)"] == ("warn", 0.001)
    assert said["shop", "str_length(None, 9)"] == ("fail", 0.0)
    assert said["order", "not_nullable"] == ("quarantine", 0.05)


def test_which_copy_stays_is_said_once_for_the_keys_of_a_table() -> None:
    """`keep` of a decorator is that of its key; `unique` has its own."""
    groups = _orders(unique("shop"), keep="last").groups
    assert [group.keep for group in groups if isinstance(group, Unique)] == ["last", "first"]


def test_a_reference_is_to_the_key_of_the_other_table_unless_said() -> None:
    """By default the columns stand for the key there, in its order; a mapping says otherwise."""
    by_key, by_name = (
        _orders(refers("shop", to=Shops)).groups[-1],
        _orders(refers({"size": "order"}, to=Shops)).groups[-1],
    )
    assert isinstance(by_key, Refers)
    assert isinstance(by_name, Refers)
    assert (by_key.to, by_key.columns, by_key.keys) == ("shops", ("shop",), ("shop",))
    assert (by_name.to, by_name.columns, by_name.keys) == ("shops", ("order",), ("size",))


FEW = pl.Series([1, 2])
MISTAKES: list[tuple[Callable[[], Any], str]] = [
    (lambda: row("r", col("paid") >= col("plcaed")), r"r \(paid, plcaed\): 'plcaed' is not among the columns\n.*they are: order, shop"),
    (lambda: row("r", col("amount") > col("amount").mean()), "not one of a single row"),
    (lambda: row("r", col("amount").shift(1) > 0), "not one of a single row"),
    (lambda: row("r", col("amount").sum().over("shop") > 0), "not one of a single row"),
    (lambda: row("r", col("amount").cum_sum() > 0), "not one of a single row"),
    (lambda: row("r", col("amount").is_duplicated()), "not one of a single row"),
    (lambda: row("r", col("order").is_in(FEW)), "not one of a single row"),
    (lambda: row("r", col("order") > FEW), "not one of a single row"),
    (lambda: row("r", pl.all().is_not_null()), "not one of a single row"),
    (lambda: row("r", ~col("order").is_in(col("order"))), "not one of a single row"),
    (lambda: row("r", col("order").is_in(col("order").implode())), "not one of a single row"),
    (lambda: row("r", pl.len() > 1), "not one of a single row"),
    (lambda: row("r", col("amount").shuffle(1) > 0), "not one of a single row"),
    (lambda: row("r", col("amount").map_elements(math.isfinite, return_dtype=pl.Boolean)), "a Python function"),
    (lambda: row("r", col("amount").map_batches(lambda values: values > 0, is_elementwise=True)), "a Python function"),
    (lambda: row("r", cast("pl.Expr", lambda rows: rows)), "is no expression"),
    (lambda: row("r", col("amount") + 1), r"it gives Float64 instead of true or false"),
    (lambda: row("r", (col("amount") > 0).filter(col("amount") > 1)), "instead of true or false, one for each row"),
    (lambda: row("r", col("amount") > "a"), "it cannot be asked"),
    (lambda: row("r", col("shop").str.contains("(?=a)")), "it cannot be asked"),
    (lambda: row("r", pl.lit(True)), "it names no column"),
    (lambda: row("r", col("amount") > 0, severity=cast("Any", "error")), "severity is 'error'"),
    (lambda: row("r", col("amount") > 0, tolerate=2), "the share 2 is not from 0 to 1"),
    (lambda: row("r", col("amount") > 0, tolerate=cast("Any", "1%")), "the share '1%' is not from 0 to 1"),
    (lambda: severity("amount", "isin", "warn"), "the model has no such rule\n.*of these columns it has: greater_than_or_equal_to"),
    (lambda: severity("order", "not_nullable", "warn"), "a row without a key of its own cannot stay"),
    (lambda: severity("order", "field_uniqueness", "fail", tolerate=0.1), "a row without a key of its own cannot stay"),
    (lambda: nulls("amount", at_most=-1), "the share -1 is not from 0 to 1"),
    (lambda: nulls("amount", at_most=0.1, severity="quarantine"), "a rule about the whole table sets no row aside"),
    (lambda: outside("order", isin=["a"], at_most=0.1), "isin holds what is not Int64"),
    (lambda: unique("shp"), "'shp' is not among the columns"),
    (lambda: unique([]), "it names no column"),
    (lambda: unique("shop", keep=cast("Any", "best")), "keep is 'best'"),
    (lambda: constant("amount", by=[]), "by= names no column"),
    (lambda: constant("amount", by="amount"), "it names a column twice"),
    (lambda: refers(["shop", "order"], to=Shops), r"the key of shops is \(shop\)"),
    (lambda: refers("order", to=Shops), "order is Int64, shops.shop is String"),
    (lambda: refers({"name": "shop"}, to=Shops), r"the key of shops is \(shop\)"),
    (lambda: refers("order", to=Asked), "requests are made from the tables"),
    (lambda: refers("shop", to=pa.DataFrameModel), "DataFrameModel.* plays no part"),
    (rows, "it states no bound"),
    (lambda: rows(10, 5), "is no band of counts"),
    (lambda: rows(cast("Any", 0.5)), "is no band of counts"),
    (lambda: rows(shrink=1), "shrink is 1"),
    (lambda: every("order", "1h"), "order is Int64 and no moment"),
    (lambda: every("placed", "1 hour"), "'1 hour' is not a length of time"),
    (lambda: every("placed", "0h"), "'0h' is not a length of time"),
    (lambda: stable("placed", at_most=0.1), "has no distribution here"),
    (lambda: stable("amount", at_most=0.1, minimum=0), "minimum is 0"),
    (lambda: severity("shop", "str_length", cast("Any", None)), "severity is None"),
    (lambda: rows(shrink=cast("Any", "a")), "shrink is 'a'"),
    (lambda: rows(shrink=True), "shrink is True"),
    (lambda: nulls(cast("Any", ["shop"]), at_most=0.1), r"\['shop'\] is no name of a column"),
    (lambda: outside("shop", isin="abc", at_most=0.1), "isin is 'abc'"),
    (lambda: outside("shop", isin=[], at_most=0.1), r"isin is \(\)"),
    (lambda: row("", col("amount") > 0), "its name is ''"),
    (lambda: row(cast("Any", 1), col("amount") > 0), "its name is 1"),
    (lambda: unique(["shop", "shop"]), "it names a column twice"),
    (lambda: refers({"note": "shop"}, to=Shops), "shops.note is optional: it may not be there to refer to"),
    (lambda: row("r", col("shop").cast(pl.Int64) > 0), "stops the run at a value that is no Int64\n.*write strict=False"),
    (lambda: row("r", col("amount").cast(pl.Int64) > 0), "stops the run at a value that is no Int64"),
    (lambda: row("r", col("order").cast(pl.Int16) > 0), "stops the run at a value that is no Int16"),
    (lambda: row("r", pl.when(col("amount") > 0).then(col("order").cast(pl.UInt64)).otherwise(1) > 0), "is no UInt64"),
    (lambda: row("r", col("order").cast(pl.Int8, wrap_numerical=True) > 0), "is no Int8"),
    (lambda: row("r", col("shop").str.to_integer() > 0), "stops the run at a value that it cannot convert"),
    (lambda: row("r", col("shop").str.to_datetime("%Y", time_zone="UTC") < col("paid")), "stops the run at a value that it cannot"),
    (lambda: row("r", col("pieces") * col("pieces") <= 1000), "is Int32, and numbers that do not fit wrap around silently"),
    (lambda: row("r", col("pieces") - 1 <= 1000), "wrap around silently\n.*cast a column to pl.Int64 first"),
    (lambda: row("r", col("pieces") ** 2 <= 1000), "wrap around silently"),
    (lambda: row("r", pl.sum_horizontal("pieces", "pieces") <= 1000), "wrap around silently"),
    (lambda: row("r", (col("pieces").abs() + 1).is_in([1, 2])), "wrap around silently"),
]
SOUND = [
    col("pieces").cast(pl.Int64) * col("pieces") <= 1000,
    col("pieces") * 0.5 <= col("amount"),
    col("pieces").cast(pl.Float64) > 1,
    col("pieces") % 7 == 0,
    col("order") + 1 > 0,
    col("order").cast(pl.String) != col("shop"),
    col("shop").cast(pl.Int64, strict=False) > 0,
    col("shop").str.to_integer(strict=False) > 0,
    col("paid").cast(pl.Date) >= col("placed").dt.date(),
    (col("amount") > 1).cast(pl.Int8) == 1,
]


@pytest.mark.parametrize("holds", SOUND)
def test_what_fits_is_not_refused(holds: pl.Expr) -> None:
    """A cast that every value survives, or that is lenient, and sums of wide numbers are rules as any other."""
    assert _orders(row("r", holds)).rules[-1].name == "r"


def test_a_severity_is_stated_once() -> None:
    """Of two for one rule one would be lost."""
    with pytest.raises(DeclarationError, match="its severity is stated twice"):
        _orders(severity("shop", "str_length", "warn"), severity("shop", "str_length", "fail"))


@pytest.mark.parametrize("play", [lambda **said: source(key="order", **said), lambda **said: reference(by="order", fixed=[], **said)])
def test_which_copy_stays_is_the_first_or_the_last(play: Play) -> None:
    """A third answer is a mistake, and not silently one of the two."""
    with pytest.raises(DeclarationError, match="frist"):
        _orders(play=lambda rules: play(rules=rules, keep="frist"))


@pytest.mark.parametrize(("term", "said"), MISTAKES)
def test_a_mistake_is_told_where_it_stands(term: Callable[[], Term], said: str) -> None:
    """Every mistake in a term is a DeclarationError that names the model and what to write instead."""
    with pytest.raises(DeclarationError, match=said) as raised:
        _orders(term())
    assert raised.value.remedy
    assert "Orders: " in raised.value.found
    if isinstance(term(), Term):
        assert "tests/contracts/test_stated.py:" in raised.value.found


NUMBER = st.recursive(
    st.sampled_from(["order", "amount"]).map(lambda name: (col(name).cast(pl.Float64), True)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: (pair[0][0] + pair[1][0], pair[0][1] and pair[1][1])),
        inner.map(lambda one: (one[0].fill_null(1).abs(), one[1])),
        inner.map(lambda one: (pl.when(one[0] > 1).then(one[0]).otherwise(pl.lit(2.0)), one[1])),
        inner.map(lambda one: (one[0].shift(1), False)),
        inner.map(lambda one: (one[0] - one[0].max(), False)),
        inner.map(lambda one: (one[0].cum_max().over("shop"), False)),
    ),
    max_leaves=6,
)


@given(NUMBER)
def test_an_expression_is_of_one_row_when_all_of_its_parts_are(made: tuple[pl.Expr, bool]) -> None:
    """Wherever in it another row is looked at, it is refused; and what is accepted gives a row the same answer among others and alone."""
    expression, alone = made
    term = row("r", expression > 0, tolerate=1)
    if not alone:
        with pytest.raises(DeclarationError, match="not one of a single row"):
            _orders(term)
        return
    breaks = _orders(term).rules[-1].breaks
    rows = pl.DataFrame({"order": [3, 1, 2], "shop": ["a", "a", "b"], "amount": [1.0, None, -9.0]})
    by_itself = [rows[number].select(breaks).item() for number in range(rows.height)]
    assert rows.select(breaks).to_series().to_list() == by_itself


@pytest.mark.parametrize("play", [lambda **more: request(by="order", as_of=None, **more), outcome])
def test_one_row_to_score_cannot_be_held_to_others(play: Play) -> None:
    """A request and an outcome are judged by themselves: rules over other rows belong to the tables."""
    assert _orders(row("r", col("paid") >= col("placed")), play=play).rules[-1].name == "r"
    for term in (refers("shop", to=Shops), unique("shop"), rows(1)):
        with pytest.raises(DeclarationError, match="cannot look at other rows"):
            _orders(term, play=play)


def test_two_rules_of_one_name_are_refused() -> None:
    """The ledger names rules: two of the same name over the same columns could not be told apart."""
    with pytest.raises(DeclarationError, match="two checks are called positive"):
        _orders(row("positive", col("amount") > 0), row("positive", col("amount") > 1))


def test_a_derived_history_has_no_rules() -> None:
    """Its rows come one by one from a table that has some."""
    with pytest.raises(DeclarationError, match="a derived history has no rules of its own"):
        history(of=Shops, by="shop", id="shop", time="shop", rules=[rows(1)])
