"""How a column type is written in JSON: its JSON Schema keywords, and how values of it are read.

A whole number may be written 12.0, as JSON Schema has it; a length of time is a whole number in the unit of its column;
moments are in `moments`. What cannot be read is a Misfit.
"""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import polars as pl

from interlock.contracts import moments
from interlock.contracts.moments import Misfit, Values
from interlock.dtypes import dtype_of

LONGEST_TEXT = 65_536
FLOAT32_MAX = 3.4028234663852886e38
Keywords: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A column type in JSON, and in `words`. `read` makes a column of parsed values and nulls, or raises Misfit."""

    dtype: pl.DataType
    words: str
    keywords: Keywords
    read: Callable[[Values], pl.Series]

    @property
    def temporal(self) -> bool:
        """Whether JSON writes a value otherwise than Polars compares it."""
        return self.dtype.is_temporal()

    def literal(self, said: Any) -> pl.Expr:
        """The value that JSON writes as `said`, as an expression of this type."""
        return pl.lit(self.read([said]).item(), dtype=self.dtype)

    def text(self, value: Any) -> Any:
        """How JSON writes `value`, which is of this type or can be compared with it."""
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return moments.text(value, self.dtype) if self.temporal else value

    def number(self, said: Any) -> Any:
        """A bound or listed value, other than a moment, as it compares: JSON writes a number without end as text."""
        return float(said) if isinstance(said, str) and self.dtype.is_numeric() else said


@cache
def kind(text: str) -> Kind:
    """The kind of a column type as `dtypes` writes it; raises DeclarationError where that names none."""
    dtype = dtype_of(text)
    if dtype.is_integer():
        return _integer(dtype)
    if dtype.is_float():
        return _float(dtype)
    match dtype:
        case pl.Datetime() | pl.Date() | pl.Time():
            form = moments.form(dtype)
            return Kind(dtype, form.words, form.keywords, form.read)
        case pl.Duration():
            limits = _limits(64, signed=True)
            return Kind(dtype, f"a whole number of {dtype.time_unit}", limits, lambda values: _cast(_wholes(values, limits), dtype))
        case pl.Boolean():
            return Kind(dtype, "true or false", {"type": "boolean"}, _booleans)
    return Kind(dtype, "text", {"type": "string", "maxLength": LONGEST_TEXT}, _texts)


def _integer(dtype: pl.DataType) -> Kind:
    limits = _limits(int(str(dtype).lstrip("UInt")), signed=dtype.is_signed_integer())
    return Kind(dtype, "a whole number", limits, lambda values: pl.Series(_wholes(values, limits), dtype=dtype))


def _limits(bits: int, *, signed: bool) -> Keywords:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return {"type": "integer", "minimum": low, "maximum": high}


def _float(dtype: pl.DataType) -> Kind:
    greatest = FLOAT32_MAX if dtype == pl.Float32 else sys.float_info.max
    limits = {"type": "number", "minimum": -greatest, "maximum": greatest}
    return Kind(dtype, "a finite number", limits, lambda values: pl.Series(_floats(values, limits), dtype=dtype))


def _wholes(values: Values, limits: Keywords) -> Values:
    if not set(map(type, values)) <= {int, type(None)}:
        values = [_whole(value) for value in values]
    return _within(values, limits)


def _whole(value: Any) -> int | None:
    if type(value) is float and value.is_integer():
        return int(value)
    if value is None or type(value) is int:
        return value
    raise Misfit("type", "a whole number")


def _floats(values: Values, limits: Keywords) -> Values:
    kinds = set(map(type, values))
    if not kinds <= {float, int, type(None)}:
        raise Misfit("type", "a finite number")
    if not all(math.isfinite(value) for value in values if type(value) is float):
        raise Misfit("type", "a finite number")
    found = _within(values, limits)
    return [None if value is None else float(value) for value in found] if int in kinds else found


def _within(values: Values, limits: Keywords) -> Values:
    known = [value for value in values if value is not None]
    if known and min(known) < limits["minimum"]:
        raise Misfit("minimum", f"at least {limits['minimum']}")
    if known and max(known) > limits["maximum"]:
        raise Misfit("maximum", f"at most {limits['maximum']}")
    return values


def _booleans(values: Values) -> pl.Series:
    if not set(map(type, values)) <= {bool, type(None)}:
        raise Misfit("type", "true or false")
    return pl.Series(values, dtype=pl.Boolean)


def _texts(values: Values) -> pl.Series:
    if not set(map(type, values)) <= {str, type(None)}:
        raise Misfit("type", "text")
    if max((len(value) for value in values if value is not None), default=0) > LONGEST_TEXT:
        raise Misfit("maxLength", f"at most {LONGEST_TEXT} characters")
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:
        raise Misfit("type", "text without half a surrogate pair") from None


def _cast(numbers: Sequence[int | None], dtype: pl.DataType) -> pl.Series:
    return pl.Series(numbers, dtype=pl.Int64).cast(dtype)
