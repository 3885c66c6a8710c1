"""The row-wise operations that an expression may use, one line each: our name, Polars' name, how to build it again.

Left out on purpose: whatever looks at other rows, whatever a Python function does, and transcendental functions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlock.dtypes import dtype_of, serialised_text
from interlock.errors import DeclarationError

FAMILIES = {"Boolean", "TemporalExpr", "StringExpr", "Pow", "Trigonometry", "ListExpr", "RollingExpr"}
TRANSCENDENTAL = {
    "Exp",
    "Log",
    "Log1p",
    "Generic",
    "Cbrt",
    "Sin",
    "Cos",
    "Tan",
    "Sinh",
    "Cosh",
    "Tanh",
    "ArcSin",
    "ArcCos",
    "ArcTan",
    "Cot",
    "Atan2",
}
DURATION = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds")
UNITS: dict[str, Any] = {"Nanoseconds": "ns", "Microseconds": "us", "Milliseconds": "ms"}


@dataclass(frozen=True)
class Binary:
    """An operation of two operands, with the sign that shows it."""

    polars: str
    sign: str
    build: Callable[[pl.Expr, pl.Expr], pl.Expr]


def _options(said: Any) -> dict[str, Any]:
    return said or {}


@dataclass(frozen=True)
class Function:
    """An operation of any number of inputs; `read` turns Polars' options into plain keywords of `build`."""

    polars: str
    build: Callable[..., pl.Expr]
    read: Callable[[Any], dict[str, Any]] = _options
    method: bool = True


def _zone(said: Any) -> dict[str, Any]:
    return {"zone": said["inner"]}


def _local(said: Any) -> dict[str, Any]:
    zone, missing = said
    return {"zone": zone["inner"] if zone else None, "non_existent": missing.lower()}


def _strptime(said: Any) -> dict[str, Any]:
    dtype, how = said
    if not how["format"]:
        raise DeclarationError("a date is parsed without a format", 'say it: .str.to_datetime("%Y-%m-%d %H:%M")')
    if not how["exact"]:
        raise DeclarationError(
            "a date is looked for inside of a text", "take the part that holds it, with .str.slice, and leave exact=False out"
        )
    return {"dtype": serialised_text(dtype), "format": how["format"], "strict": how["strict"]}


def _parse_time(text: pl.Expr, ambiguous: pl.Expr, *, dtype: str, format: str, strict: bool) -> pl.Expr:  # noqa: A002 - Polars' keyword
    return text.str.strptime(dtype_of(dtype), format, strict=strict, ambiguous=ambiguous)  # type: ignore[arg-type] # the type of a time


def _clip(value: pl.Expr, *bounds: pl.Expr, has_min: bool, has_max: bool) -> pl.Expr:
    low, high = (bounds[0] if has_min else None), (bounds[-1] if has_max else None)
    return value.clip(low, high)


def divided(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """The correctly rounded quotient, whatever the number of rows.

    Polars multiplies by the reciprocal where the divisor is one value for many rows, and divides where there is one row;
    times a column of ones the divisor is a column. (Adding zeros would not do: the sign of a zero would get lost.)
    """
    return a / (b * a.is_not_null().cast(pl.Float64))


BINARY: dict[str, Binary] = {
    "plus": Binary("Plus", "+", lambda a, b: a + b),
    "minus": Binary("Minus", "-", lambda a, b: a - b),
    "times": Binary("Multiply", "*", lambda a, b: a * b),
    "divide": Binary("TrueDivide", "/", divided),
    "floor_divide": Binary("FloorDivide", "//", lambda a, b: a // b),
    "modulo": Binary("Modulus", "%", lambda a, b: a % b),
    "eq": Binary("Eq", "==", lambda a, b: a == b),
    "ne": Binary("NotEq", "!=", lambda a, b: a != b),
    "lt": Binary("Lt", "<", lambda a, b: a < b),
    "le": Binary("LtEq", "<=", lambda a, b: a <= b),
    "gt": Binary("Gt", ">", lambda a, b: a > b),
    "ge": Binary("GtEq", ">=", lambda a, b: a >= b),
    "eq_missing": Binary("EqValidity", "eq_missing", lambda a, b: a.eq_missing(b)),
    "ne_missing": Binary("NotEqValidity", "ne_missing", lambda a, b: a.ne_missing(b)),
    "and": Binary("And", "&", lambda a, b: a & b),
    "or": Binary("Or", "|", lambda a, b: a | b),
    "xor": Binary("Xor", "^", lambda a, b: a ^ b),
}

FUNCTIONS: dict[str, Function] = {
    "is_null": Function("Boolean.IsNull", lambda x: x.is_null()),
    "is_not_null": Function("Boolean.IsNotNull", lambda x: x.is_not_null()),
    "is_nan": Function("Boolean.IsNan", lambda x: x.is_nan()),
    "is_not_nan": Function("Boolean.IsNotNan", lambda x: x.is_not_nan()),
    "is_finite": Function("Boolean.IsFinite", lambda x: x.is_finite()),
    "not_": Function("Boolean.Not", lambda x: x.not_()),
    "is_in": Function("Boolean.IsIn", lambda x, values, nulls_equal: x.is_in(values, nulls_equal=nulls_equal)),
    "is_between": Function("Boolean.IsBetween", lambda x, a, b, closed: x.is_between(a, b, closed=closed), lambda o: {"closed": o["closed"].lower()}),
    "any_horizontal": Function("Boolean.AnyHorizontal", pl.any_horizontal, method=False),
    "all_horizontal": Function("Boolean.AllHorizontal", pl.all_horizontal, method=False),
    "neg": Function("Negate", lambda x: -x),
    "abs": Function("Abs", lambda x: x.abs()),
    "sign": Function("Sign", lambda x: x.sign()),
    "floor": Function("Floor", lambda x: x.floor()),
    "ceil": Function("Ceil", lambda x: x.ceil()),
    "sqrt": Function("Pow.Sqrt", lambda x: x.sqrt()),
    "round": Function("Round", lambda x, decimals, mode: x.round(decimals, mode=mode), lambda o: {"decimals": o["decimals"], "mode": _snake(o["mode"])}),
    "clip": Function("Clip", _clip),
    "fill_null": Function("FillNull", lambda x, y: x.fill_null(y)),
    "coalesce": Function("Coalesce", pl.coalesce, method=False),
    "max_horizontal": Function("MaxHorizontal", pl.max_horizontal, method=False),
    "min_horizontal": Function("MinHorizontal", pl.min_horizontal, method=False),
    "concat_str": Function(
        "StringExpr.ConcatHorizontal", lambda *x, delimiter, ignore_nulls: pl.concat_str(*x, separator=delimiter, ignore_nulls=ignore_nulls), method=False
    ),
    "str.to_lowercase": Function("StringExpr.Lowercase", lambda x: x.str.to_lowercase()),
    "str.to_uppercase": Function("StringExpr.Uppercase", lambda x: x.str.to_uppercase()),
    "str.len_chars": Function("StringExpr.LenChars", lambda x: x.str.len_chars()),
    "str.len_bytes": Function("StringExpr.LenBytes", lambda x: x.str.len_bytes()),
    "str.contains": Function("StringExpr.Contains", lambda x, y, literal, strict: x.str.contains(y, literal=literal, strict=strict)),
    "str.starts_with": Function("StringExpr.StartsWith", lambda x, y: x.str.starts_with(y)),
    "str.ends_with": Function("StringExpr.EndsWith", lambda x, y: x.str.ends_with(y)),
    "str.slice": Function("StringExpr.Slice", lambda x, a, b: x.str.slice(a, b)),
    "str.head": Function("StringExpr.Head", lambda x, n: x.str.head(n)),
    "str.tail": Function("StringExpr.Tail", lambda x, n: x.str.tail(n)),
    "str.strip_chars": Function("StringExpr.StripChars", lambda x, y: x.str.strip_chars(y)),
    "str.replace": Function("StringExpr.Replace", lambda x, a, b, n, literal: x.str.replace(a, b, literal=literal, n=n) if n > 0 else x.str.replace_all(a, b, literal=literal)),
    "str.to_integer": Function("StringExpr.ToInteger", lambda x, base, strict, dtype: x.str.to_integer(base=base, strict=strict, dtype=dtype_of(dtype))),
    "str.strptime": Function("StringExpr.Strptime", _parse_time, _strptime),
    "dt.convert_time_zone": Function("TemporalExpr.ConvertTimeZone", lambda x, zone: x.dt.convert_time_zone(zone), _zone),
    "dt.replace_time_zone": Function(
        "TemporalExpr.ReplaceTimeZone", lambda x, ambiguous, zone, non_existent: x.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent=non_existent), _local
    ),
    "dt.truncate": Function("TemporalExpr.Truncate", lambda x, every: x.dt.truncate(every)),
    "dt.offset_by": Function("TemporalExpr.OffsetBy", lambda x, by: x.dt.offset_by(by)),
    "dt.epoch": Function("TemporalExpr.TimeStamp", lambda x, unit: x.dt.timestamp(unit), lambda o: {"unit": UNITS[o]}),
    "duration": Function(
        "TemporalExpr.Duration", lambda *x, unit: pl.duration(**dict(zip(DURATION, x, strict=True)), time_unit=unit), lambda o: {"unit": UNITS[o]}, method=False
    ),
}  # fmt: skip


def _calendar(name: str, polars: str) -> Function:
    return Function(f"TemporalExpr.{polars}", lambda x: getattr(x.dt, name)())


def _total(name: str, polars: str) -> Function:
    return Function(f"TemporalExpr.{polars}", lambda x, fractional: getattr(x.dt, name)(fractional=fractional))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


FUNCTIONS |= {
    f"dt.{name}": _calendar(name, polars)
    for name, polars in {
        "year": "Year", "quarter": "Quarter", "month": "Month", "week": "Week", "weekday": "WeekDay", "day": "Day", "ordinal_day": "OrdinalDay",
        "hour": "Hour", "minute": "Minute", "second": "Second", "date": "Date", "time": "Time", "is_leap_year": "IsLeapYear",
    }.items()
}  # fmt: skip
FUNCTIONS |= {
    f"dt.total_{name.lower()}": _total(f"total_{name.lower()}", f"Total{name}")
    for name in ("Days", "Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds")
}
BY_POLARS = {function.polars: name for name, function in FUNCTIONS.items()}
