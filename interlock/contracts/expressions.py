"""What an expression over one row may be made of: no other rows, no integers that wrap, no cast that stops the run."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

ARITHMETIC = ("Plus", "Minus", "Multiply")
WIDEN = "cast a column to pl.Int64 first"
LENIENT = "write strict=False: what cannot be converted is null, and null says nothing"


def row_wise(expression: pl.Expr) -> bool:
    """Whether the answer for a row is that of the row alone."""
    # NOTE: Polars' own answer looks only at the root, so each part is asked; and it overlooks a column looked for in another
    return all(part.meta.is_row_separable() and not _looked_through(part) for part in _parts(expression))


def unsafe(expression: pl.Expr, types: Mapping[str, Any]) -> tuple[str, str] | None:
    """What of an expression over columns of `types` goes wrong with some values, and the remedy; None where nothing does.

    Sums, differences and products of Int64 are taken as they are: integers that do not fit are beyond any table here.
    """
    nothing = pl.LazyFrame(schema=dict(types))
    for part in _parts(expression):
        told = _told(part)
        if _arithmetic(told) and _narrow(found := _type(part, nothing)):
            return f"{part} is {found}, and numbers that do not fit wrap around silently", WIDEN
        if "Cast" in told and told["Cast"]["options"] != "NonStrict":
            before, after = _type(part.meta.pop()[0], nothing), _type(part, nothing)
            if not _fits(before, after):
                return f"{part} stops the run at a value that is no {after}", LENIENT
        if "'strict': True" in str(told.get("Function", {}).get("function", "")):
            return f"{part} stops the run at a value that it cannot convert", LENIENT
    return None


def _parts(expression: pl.Expr) -> Iterator[pl.Expr]:
    yield expression
    for part in expression.meta.pop():
        yield from _parts(part)


def _told(expression: pl.Expr) -> dict[str, Any]:
    told = json.loads(expression.meta.serialize(format="json"))
    return told if isinstance(told, dict) else {}


def _looked_through(expression: pl.Expr) -> bool:
    called = _told(expression).get("Function", {}).get("function", "")
    return "IsIn" in str(called) and any(part.meta.root_names() for part in expression.meta.pop()[:1])


def _type(expression: pl.Expr, rows: pl.LazyFrame) -> pl.DataType:
    return rows.select(expression).collect_schema().dtypes()[0]


def _arithmetic(told: dict[str, Any]) -> bool:
    called = told.get("Function", {}).get("function", "")
    return told.get("BinaryExpr", {}).get("op") in ARITHMETIC or (
        isinstance(called, dict) and bool({"Pow", "SumHorizontal"} & called.keys())
    )


def _narrow(dtype: pl.DataType) -> bool:
    return dtype.is_integer() and dtype not in (pl.Int64, pl.Int128)


def _fits(before: pl.DataType, after: pl.DataType) -> bool:
    """Whether every value of a type is one of the other."""
    if before in (after, pl.Null) or after == pl.String:
        return True
    if before.is_integer() and after.is_integer():
        low, high = (_bounds(dtype) for dtype in (before, after))
        return high[0] <= low[0] and low[1] <= high[1]
    numeric = before.is_numeric() or before == pl.Boolean
    return (numeric and after.is_float()) or (before == pl.Boolean and after.is_integer()) or (before.is_temporal() and after == pl.Date)


def _bounds(dtype: pl.DataType) -> tuple[int, int]:
    none = pl.Series([], dtype=dtype)
    return int(none.lower_bound().item()), int(none.upper_bound().item())
