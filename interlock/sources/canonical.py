"""The values of rows as one text, the same for the same values whatever batches they come in."""

import json

import polars as pl
import polars.selectors as cs

from interlock.errors import SourceError
from interlock.frames import unsigned

DAYS = -719_162, 2_932_896  # the years 1 to 9999, from 1970 on
UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def head(schema: pl.Schema) -> bytes:
    """The names and types of the columns."""
    return json.dumps([[name, _kind(dtype)] for name, dtype in schema.items()], ensure_ascii=False).encode() + b"\n"


def lines(frame: pl.DataFrame) -> bytes:
    """A line for each row: numbers in their shortest form, moments as whole numbers, text in quotes, null as nothing.

    Raises SourceError where a moment or date lies outside of the years 1 to 9999, such as infinity.
    """
    for column in frame.select(cs.datetime(), cs.date()):
        _bounded(column)
    plain = frame.select(
        cs.temporal().to_physical(),
        cs.binary().bin.encode("hex"),
        unsigned(cs.float()).name.keep(),
        ~(cs.temporal() | cs.binary() | cs.float()),
    )
    return plain.select(frame.columns).write_csv(include_header=False, quote_style="non_numeric").encode()


def _bounded(values: pl.Series) -> None:
    seconds = UNITS[values.dtype.time_unit] * 86_400 if isinstance(values.dtype, pl.Datetime) else 1
    low, high = max(DAYS[0] * seconds, 2 - 2**63), min((DAYS[1] + 1) * seconds - 1, 2**63 - 2)  # the ends are infinity
    whole = values.to_physical().cast(pl.Int64).drop_nulls()
    if not whole.is_between(low, high).all():
        raise SourceError(
            f"column {values.name} holds a moment outside of the years 1 to 9999",
            f"make it null or another one in the query, such as nullif({values.name}, 'infinity')",
        )


def _kind(dtype: pl.DataType) -> str:
    more = f"[{dtype.time_unit},{dtype.time_zone}]" if isinstance(dtype, pl.Datetime) else ""
    return f"{dtype.base_type().__name__}{more}"
