"""Column types as text, as conf, contracts and exported declarations write them: `Int64`, `String`, `Datetime[us,UTC]`."""

import re
from functools import cache
from typing import Any

import polars as pl

from interlock.errors import DeclarationError

PLAIN: dict[str, pl.DataType] = {
    name: getattr(pl, name)()
    for name in (
        "Boolean", "Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "String", "Date", "Time",
    )
}  # fmt: skip
UNITS = {"Nanoseconds": "ns", "Microseconds": "us", "Milliseconds": "ms"}


@cache
def dtype_of(text: str) -> pl.DataType:
    """The Polars type that `text` names; raises DeclarationError where it names none."""
    if text in PLAIN:
        return PLAIN[text]
    if match := re.fullmatch(r"(Datetime|Duration)\[(ns|us|ms)(?:,([\w/+-]+))?\]", text):
        kind, unit, zone = match.groups()
        return pl.Datetime(unit, zone) if kind == "Datetime" else pl.Duration(unit)  # type: ignore[arg-type] # one of the three units
    raise DeclarationError(f"{text!r} is not a column type", f"known are: {', '.join(PLAIN)}, Datetime[us,UTC], Duration[us]")


def dtype_text(dtype: pl.DataType | type[pl.DataType]) -> str:
    """The text that names a Polars type; raises DeclarationError for types that no table column can have here."""
    if isinstance(dtype, pl.Datetime):
        return f"Datetime[{dtype.time_unit}{',' + dtype.time_zone if dtype.time_zone else ''}]"
    if isinstance(dtype, pl.Duration):
        return f"Duration[{dtype.time_unit}]"
    text = str(dtype)
    dtype_of(text)
    return text


def serialised_text(tree: Any) -> str:
    """The text that names a type in Polars' serialised form of an expression."""
    inner = tree["Literal"] if isinstance(tree, dict) and set(tree) == {"Literal"} else tree
    match inner:
        case str(name) if name in PLAIN:
            return name
        case {"Datetime": [str(unit), zone]}:
            return f"Datetime[{UNITS[unit]}{',' + zone['inner'] if zone else ''}]"
        case {"Duration": str(unit)}:
            return f"Duration[{UNITS[unit]}]"
    raise DeclarationError(f"{inner} is not a column type of features", f"cast to one of: {', '.join(PLAIN)}")
