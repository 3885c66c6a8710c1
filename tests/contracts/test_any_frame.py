"""Frames that Hypothesis makes, under a contract with every kind of term: counted to the last row, whatever they hold."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts import findings
from interlock.contracts.profile import profile
from interlock.contracts.reader import read
from interlock.errors import ContractError
from interlock.terms import constant, every, nulls, outside, refers, row, rows, severity, stable, unique
from interlock.usecase import Utc, col, reference, source, table_of
from stages.validate import validate


@reference(by="shop", fixed=[], rules=[unique("town", severity="warn"), rows(1, 40, shrink=0.5, severity="warn")], keep="last")
class Shops(pa.DataFrameModel):
    shop: str
    town: Annotated[pl.Enum, ["Basel", "Bern"]] = pa.Field(nullable=True)


@source(
    key=["number", "at"],
    rules=[
        row("paid_in_time", col("amount") <= col("number") * 2, severity="warn"),
        row("dated", col("at").is_not_null() | col("amount").is_null(), tolerate=1),
        severity("amount", "greater_than_or_equal_to", "fail", tolerate=0.5),
        nulls("amount", at_most=0.5),
        outside("shop", isin=["a", "b"], at_most=0.9, severity="warn"),
        constant("amount", by="shop", tolerate=0.5),
        refers("shop", to=Shops, tolerate=1),
        every("at", "1h", by="shop", severity="warn"),
        stable("amount", at_most=0.1, minimum=1),
        stable("shop", at_most=0.1, minimum=1, severity="warn"),
        stable("open", at_most=0.1, minimum=5),
    ],
)
class Orders(pa.DataFrameModel):
    number: int
    shop: str = pa.Field(nullable=True)
    amount: float = pa.Field(ge=0, nullable=True)
    at: Utc
    open: bool = pa.Field(nullable=True)


CONTRACTS = {name: read(table_of(model)) for name, model in (("orders", Orders), ("shops", Shops))}
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 2)) | st.datetimes()
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64: st.integers(0, 5) | st.integers(-(2**63), 2**63 - 1),
    pl.Float64: st.floats(),
    pl.String: st.sampled_from(["a", "b", "", "\x00", "x" * 300]),
    pl.Enum: st.sampled_from(["Basel", "Bern"]),
    pl.Boolean: st.booleans(),
    pl.Datetime: MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
}
OTHERS = [pl.Int8(), pl.String(), pl.Null(), pl.List(pl.Int8()), pl.Datetime("us", "UTC"), pl.Decimal(9, 2), pl.Struct({"a": pl.Int8})]


@st.composite
def _rows(draw: st.DrawFn, types: Mapping[str, Any]) -> pl.DataFrame:
    """Rows that have the types, some of them many times over; now and then a column is gone, more, or of another type."""
    types = dict(types)
    match draw(st.sampled_from(["fits", "fits", "fits", "less", "more", "other"])):
        case "less":
            del types[draw(st.sampled_from(sorted(types)))]
        case "more":
            types[draw(st.sampled_from(["Number", "rule", "\0count", "usual"]))] = draw(st.sampled_from(OTHERS))
        case "other":
            types[draw(st.sampled_from(sorted(types)))] = draw(st.sampled_from(OTHERS))
    many = draw(st.integers(0, 5))
    kinds = {name: VALUES.get(type(dtype) if isinstance(dtype, pl.DataType) else dtype, st.none()) for name, dtype in types.items()}
    columns = [pl.Series(name, [draw(kinds[name] | st.none()) for _ in range(many)], dtype=types[name]) for name in types]
    frame = pl.DataFrame(columns)
    frame = pl.concat([frame] * draw(st.integers(1, 20))) if frame.width and draw(st.booleans()) else frame
    return frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64) if frame.width else pl.Series([], dtype=pl.Int64))


ACCEPTED = {
    "orders": pl.DataFrame({"amount": [1.0, 2.0, None] * 20, "shop": ["a", "b", "a"] * 20, "open": [True, None, False] * 20}),
    "shops": pl.DataFrame(
        {"shop": [str(n) for n in range(30)], "town": ["Bern"] * 30}, schema_overrides={"town": pl.Enum(["Basel", "Bern"])}
    ),
}
KNOWN = {name: profile(frame.lazy(), frame.columns) for name, frame in ACCEPTED.items()}


def test_no_frame_ends_in_a_traceback() -> None:
    """Every row is used or in the ledger, every finding is a sentence with a remedy, and the verdict is that of the worst."""
    asked: list[bool] = []

    @given(_rows(CONTRACTS["orders"].types), _rows(CONTRACTS["shops"].types), st.booleans())
    def holds(orders: pl.DataFrame, shops: pl.DataFrame, known: bool) -> None:
        ledgers, told = validate(CONTRACTS, {"orders": orders.lazy(), "shops": shops.lazy()}, KNOWN if known else {}, "full", "shop")
        for name, frame in (("orders", orders), ("shops", shops)):
            table = told["tables"][name]
            assert table["rows"] == frame.height
            assert table["used"] + table["quarantined"] == (frame.height if table["rules"] else 0)
            assert table["quarantined"] == ledgers[name]["source_row"].n_unique()
        assert all(each["found"] and each["todo"] for each in told["findings"])
        severities = {each["severity"] for each in told["findings"]} | {"pass"}
        assert told["verdict"] == min(severities, key=["fail", "warn", "pass"].index)
        asked.append(all(table["rules"] for table in told["tables"].values()))
        with suppress(ContractError):
            findings.refuse(told["findings"])

    holds()
    assert asked.count(True) > len(asked) / 10
