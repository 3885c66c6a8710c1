"""Contracts as they are read out of Pandera models."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import pandera.polars as pa
import polars as pl
import pytest

from interlock.contracts.reader import read
from interlock.contracts.rules import Contract
from interlock.errors import DeclarationError
from interlock.usecase import Utc, col, history, reference, source, table_of


@source()
class Orders(pa.DataFrameModel):
    number: int = pa.Field(ge=1, unique=True)
    shop: str = pa.Field(str_length={"min_value": 2, "max_value": 2})
    amount: float = pa.Field(in_range={"min_value": 0, "max_value": 9}, nullable=True)
    note: str | None = pa.Field(notin=["?"], nullable=True)

    class Config:
        strict = True
        unique: ClassVar = ["shop", "amount"]


def _read(declared: dict[str, Any], play: Callable[..., Any] | None = None, **config: Any) -> Contract:
    """The contract of a model `Things` with these columns (name: (type, field)) and this Config."""
    body = {"__annotations__": {name: dtype for name, (dtype, _) in declared.items()}, "Config": type("Config", (), config)}
    fields = {name: field for name, (_, field) in declared.items() if field is not None}
    model = type("Things", (pa.DataFrameModel,), {**body, **fields, "__module__": "usecases.shop.schema"})
    return read(table_of((play or source())(model)))


def test_rules_have_the_names_that_pandera_gives_them() -> None:
    """A rule is named as in Pandera's failure cases, in the order of the model: nulls, then checks, column by column."""
    contract = read(table_of(Orders))
    assert [(rule.column, rule.name) for rule in contract.rules] == [
        ("number", "not_nullable"),
        ("number", "greater_than_or_equal_to(1)"),
        ("shop", "not_nullable"),
        ("shop", "str_length(2, 2)"),
        ("amount", "in_range(0, 9)"),
        ("note", "notin(['?'])"),
    ]
    assert [(group.name, group.columns) for group in contract.groups] == [
        ("field_uniqueness", ("number",)),
        ("multiple_fields_uniqueness", ("shop", "amount")),
    ]


def test_columns_are_required_unless_optional_and_others_are_refused_only_where_strict() -> None:
    """`Optional` makes a column's presence optional, `strict` closes the contract; the types are Polars' own."""
    contract = read(table_of(Orders))
    assert contract.required == {"number", "shop", "amount"}
    assert contract.closed
    assert dict(contract.types) == {"number": pl.Int64, "shop": pl.String, "amount": pl.Float64, "note": pl.String}
    assert not _read({"x": (int, None)}).closed


def test_a_key_is_unique_and_never_null() -> None:
    """The key columns of a source are unique together, and a nullable one is held to `not_nullable` all the same."""
    contract = _read({"a": (int, None), "b": (str, pa.Field(nullable=True))}, source(key=["a", "b"]))
    assert [(rule.column, rule.name) for rule in contract.rules] == [("a", "not_nullable"), ("b", "not_nullable")]
    assert [(group.name, group.column) for group in contract.groups] == [("multiple_fields_uniqueness", "a, b")]


def test_a_key_of_one_column_is_one_rule_however_often_it_is_said() -> None:
    """`reference(by=…)` and `unique=True` on the same column are one rule, and a key that holds a unique column adds none."""
    unique = {"a": (int, pa.Field(unique=True)), "b": (int, None)}
    assert [group.columns for group in _read(unique, reference(by="a", fixed=[])).groups] == [("a",)]
    assert [group.columns for group in _read(unique, source(key=["a", "b"])).groups] == [("a",)]
    assert [group.name for group in _read({"a": (int, None)}, source(key="a")).groups] == ["field_uniqueness"]


def test_the_id_of_a_history_counts_within_its_entity() -> None:
    """Two entities may have a row of the same id: weather is hourly at each origin."""
    hourly = {"origin": (str, None), "hour": (Utc, None)}
    assert _read(hourly, history(by="origin", id="hour", time="hour")).groups[0].columns == ("origin", "hour")
    assert _read(hourly, history(by="origin", id=col("hour").dt.hour(), time="hour")).groups[0].columns == ("origin", "hour")


def _even(cls: type[Any], data: Any) -> pl.LazyFrame:  # noqa: ARG001 - the signature that Pandera calls
    frame: pl.LazyFrame = data.lazyframe.select(pl.col(data.key) % 2 == 0)
    return frame


class _OwnCheck(pa.DataFrameModel):
    x: int
    even = pa.check("x")(_even)


class _Disguised(pa.DataFrameModel):
    x: int
    isin = pa.check("x", name="isin")(_even)


class _Measured(pa.DataFrameModel):
    x: str
    length = pa.check("x", name="str_length")(_even)


class _Tabular(pa.DataFrameModel):
    x: int
    rows_even = pa.dataframe_check(_even)


@pytest.mark.parametrize(("model", "named"), [(_OwnCheck, "_even"), (_Disguised, "isin"), (_Measured, "str_length"), (_Tabular, "_even")])
def test_a_check_that_is_a_function_is_refused_by_its_name(model: type[pa.DataFrameModel], named: str) -> None:
    """A check outside the list could not be evaluated in one plan; it is refused, also where it borrows a known name."""
    with pytest.raises(DeclarationError, match=named):
        read(table_of(source()(model)))


@pytest.mark.parametrize(
    ("declared", "config", "said"),
    [
        ({"x": (int, pa.Field(unique_values_eq=[1]))}, {}, "Things.x: the check unique_values_eq"),
        ({"x": (int, pa.Field(ge=1, raise_warning=True))}, {}, "Things.x: raise_warning"),
        ({"x": (int, pa.Field(coerce=True))}, {}, "Things.x: coerce"),
        ({"x": (int, pa.Field(regex=True))}, {}, "Things.x: regex"),
        ({"x": (int, pa.Field(default=1))}, {}, "Things.x: default"),
        ({"x": (int, None)}, {"coerce": True}, "Things: coerce"),
        ({"x": (int, None)}, {"ordered": True}, "Things: ordered"),
        ({"x": (int, None)}, {"add_missing_columns": True}, "Things: add_missing_columns"),
        ({"x": (int, None)}, {"drop_invalid_rows": True}, "Things: drop_invalid_rows"),
        ({"x": (int, None)}, {"strict": "filter"}, "Things: strict='filter'"),
        ({"x": (int, None)}, {"unique": ["y"]}, "Things: the key column 'y'"),
        ({"source_row": (int, None)}, {}, "Things: source_row"),
        ({"x": (pl.List(pl.Int8), None)}, {}, r"Things.x: a column of type List\(Int8\)"),
        ({"x": (pl.Binary, None)}, {}, "Things.x: a column of type Binary"),
        ({"x": (pl.Categorical, None)}, {}, r"Things.x: a column of type Categorical.*\n.*pl.Enum"),
        ({"x": (Annotated[pl.Decimal, 10, 2], None)}, {}, r"Things.x: a column of type Decimal.*\n.*pl.Int64 of the smallest unit"),
        ({"x": (int, pa.Field(ge="a"))}, {}, r"Things.x: greater_than_or_equal_to\(a\) cannot be asked of Int64"),
        ({"x": (int, pa.Field(isin=["a"]))}, {}, "Things.x: isin.* cannot be asked of Int64"),
        ({"x": (int, pa.Field(str_length=2))}, {}, "Things.x: str_length.* cannot be asked of Int64"),
        ({"x": (str, pa.Field(str_matches="(?=a)"))}, {}, "Things.x: str_matches.* cannot be asked of String"),
        ({"x": (str, pa.Field(isin=["a", 1]))}, {}, "Things.x: the check isin"),
        ({"x": (int, pa.Field(in_range=(0, 1), between=(0, 1, False)))}, {}, "Things.x: two checks are called"),
    ],
)
def test_what_cannot_be_kept_is_refused_when_the_contract_is_read(declared: dict[str, Any], config: dict[str, Any], said: str) -> None:
    """Nothing that a model says is skipped: what has no meaning here is named, with its file, model and column."""
    with pytest.raises(DeclarationError, match=rf"usecases/shop/schema.py: {said}"):
        _read(declared, **config)


def test_a_key_that_is_no_column_is_refused() -> None:
    """A misspelt key names the columns there are."""
    with pytest.raises(DeclarationError, match=r"'b' is not among its columns\n.*its columns are: a"):
        _read({"a": (int, None)}, source(key="b"))


def test_a_model_that_pandera_refuses_is_a_mistake_in_the_declaration() -> None:
    """An annotation that is no type ends in the message of Pandera, not in its traceback."""
    with pytest.raises(DeclarationError, match=r"usecases/shop/schema.py: Things"):
        _read({"a": (object(), None)})
