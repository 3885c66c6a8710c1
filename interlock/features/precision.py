"""What makes the totals of a measure exact: its decimal places, and a bound that keeps them within 64 bits."""

from typing import Any

import polars as pl

from interlock.features import expressions
from interlock.features.declare import Declared
from interlock.features.expressions import Node
from interlock.features.lines import Line
from interlock.usecase import History

MOST_ROWS = 2**31
MOST_TOTAL = 2**63
MOST_PLACES = 9


def precision(line: Line, item: Declared, measure: Node, dtype: pl.DataType) -> tuple[int, float]:
    """The decimal places of a measure and the greatest absolute value it may take; raises DeclarationError where either is missing."""
    statistic, shown = item.what["statistic"], expressions.show(measure)
    if statistic == "share" and dtype != pl.Boolean:
        raise line.wrong(f"a share needs a condition, found {dtype}", 'write one, such as col("amount") > 0')
    if dtype == pl.Boolean or (statistic in {"min", "max"} and (dtype.is_numeric() or dtype.is_temporal())):
        return 0, 1.0
    if not dtype.is_numeric():
        raise line.wrong(f"{shown} is {dtype}, which has no {statistic}", "measure a number or a condition")
    if dtype.is_float() and "places" not in item.what:
        raise line.wrong(f"{shown} is a float without places", "state its decimal places, such as places=2")
    places, most = item.what.get("places", 0), item.what.get("max_abs", bound(line, item.what["history"], measure))
    if type(places) is not int or not 0 <= places <= MOST_PLACES:
        raise line.wrong(f"places={places!r} is no number of decimals", f"write 0 to {MOST_PLACES}")
    if dtype == pl.Float32 and places:
        raise line.wrong(f"{shown} is Float32, in which no decimal is exact", "read its column as Float64")
    if most is None:
        raise line.wrong(f"{shown} has no bound", "give its column ge= and le= in schema.py, or state max_abs=")
    if not isinstance(most, int | float) or not most > 0:
        raise line.wrong(f"max_abs={most!r} is no bound", "state the greatest absolute value, above 0")
    if most * 10**places * MOST_ROWS >= MOST_TOTAL:
        said = f"totals of {shown} (up to {most:g} with {places} places) could overflow 64 bits"
        raise line.wrong(said, "state fewer places or a smaller max_abs")
    return places, float(most)


def bound(line: Line, history: History, measure: Node) -> float | None:
    """The greatest absolute value that the contract of the source lets a plain column take, None where it says none."""
    if measure[0] != "col" or measure[1] not in history.columns:
        return None
    origin = line.parse(history.columns[measure[1]])
    column = history.of.model.to_schema().columns.get(origin[1]) if origin[0] == "col" else None
    limits: dict[str, Any] = {key: value for check in (column.checks if column else []) for key, value in check.statistics.items()}
    low, high = limits.get("min_value"), limits.get("max_value")
    return None if low is None or high is None else float(max(abs(low), abs(high)))
