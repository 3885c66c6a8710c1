"""Trailing windows offline: two as-of joins on running integer totals, and range reads for least and greatest.

A window of width W at t covers rows with event time in [t − W, t) that had been seen before t, which is
total(seen < t) − total(event time < t − W): no row is seen later than W after its event time, so whatever happened
before t − W had been seen before t.
"""

from collections.abc import Sequence

import polars as pl

from interlock.errors import ContractError
from interlock.features import arithmetic
from interlock.features.asof import per_entity, strictly_before
from interlock.features.featureset import Window
from interlock.features.histories import ID, SEEN, TIME

RANGE_ROWS = 4_000_000


def totals(windows: Sequence[Window], requests: pl.DataFrame, as_of: str, rows: pl.DataFrame) -> pl.DataFrame:
    """One column a window, for windows of one history that share keys and `ago`; `rows` have no null key."""
    keys, at = windows[0].keys, pl.col(as_of) - pl.duration(microseconds=windows[0].ago)
    columns = {name: part for window in windows for name, part in arithmetic.parts(window).items()}
    refuse_inexact(windows, rows)
    rows = rows.select(*(column for column, _ in keys), TIME, SEEN, **columns)
    by_time = _running(rows, TIME, list(columns), keys)
    at_once = rows.select((pl.col(SEEN) == pl.col(TIME)).all()).item()
    by_seen = by_time.rename({TIME: SEEN}) if at_once else _running(rows, SEEN, list(columns), keys)
    upper = strictly_before(requests, at, by_seen, SEEN, keys)
    found: dict[str, pl.Series] = {}
    for width in sorted({window.width for window in windows}):
        alike = [window for window in windows if window.width == width]
        needed = sorted({name for window in alike for name in arithmetic.parts(window)})
        base = by_time.select(*(column for column, _ in keys), TIME, *needed)
        lower = strictly_before(requests, at - pl.duration(microseconds=width), base, TIME, keys)
        differences = pl.DataFrame([upper[name].fill_null(0) - lower[name].fill_null(0) for name in needed])
        found |= {window.name: differences.select(arithmetic.finished(window).alias(window.name)).to_series() for window in alike}
    return pl.DataFrame([found[window.name] for window in windows])


def ranges(windows: Sequence[Window], requests: pl.DataFrame, as_of: str, rows: pl.DataFrame) -> pl.DataFrame:
    """One column a window of least or greatest values: the rows of each request's range are read, a bounded number at a time."""
    found = []
    for window in windows:
        keys = window.keys
        names = [column for column, _ in keys]
        value = arithmetic.ranged(window).alias("__value")
        own = rows.filter(arithmetic.kept(window)).sort(*names, TIME, ID).select(*names, TIME, SEEN, value).with_row_index("__row")
        at = pl.col(as_of) - pl.duration(microseconds=window.ago)
        found.append(_extreme(window, own, _spans(window, own, requests, at)).alias(window.name))
    return pl.DataFrame(found)


def _running(rows: pl.DataFrame, on: str, columns: list[str], keys: Sequence[tuple[str, str]]) -> pl.DataFrame:
    names = [column for column, _ in keys]
    return rows.sort(on).select(*names, on, *(per_entity(pl.col(column).cum_sum(), keys) for column in columns))


def _spans(window: Window, own: pl.DataFrame, requests: pl.DataFrame, at: pl.Expr) -> pl.DataFrame:
    """For each request the rows [first, last) of its window by event time, and its moment."""
    names = [column for column, _ in window.keys]
    placed = own.select(*names, TIME, end=pl.col("__row") + 1, start=per_entity(pl.col("__row").first(), window.keys))
    placed = placed.sort(TIME, maintain_order=True)
    upper = strictly_before(requests, at, placed, TIME, window.keys)
    lower = strictly_before(requests, at - pl.duration(microseconds=window.width), placed.drop("start"), TIME, window.keys)
    moment = requests.select(at.alias("at"))
    return moment.hstack(
        [upper["end"].alias("last"), pl.select(pl.coalesce(lower["end"], upper["start"]).alias("first")).to_series()]
    ).with_row_index("__asked")


def _extreme(window: Window, own: pl.DataFrame, spans: pl.DataFrame) -> pl.Series:
    some = spans.filter(pl.col("last") > pl.col("first")).with_columns(
        block=(pl.col("last") - pl.col("first")).cast(pl.Int64).cum_sum() // RANGE_ROWS
    )
    best = pl.col("__value").min() if window.statistic == "min" else pl.col("__value").max()
    done = [pl.DataFrame(schema={"__asked": pl.UInt32, "__value": own.schema["__value"]})]
    for block in some.partition_by("block", maintain_order=True):
        pairs = block.select("__asked", "at", __row=pl.int_ranges("first", "last", dtype=pl.UInt32)).explode("__row")
        rows = own[pairs["__row"]].select(SEEN, "__value").hstack(pairs.select("__asked", "at"))
        done.append(rows.filter(pl.col(SEEN) < pl.col("at")).group_by("__asked").agg(best))
    return spans.select("__asked").join(pl.concat(done), on="__asked", how="left", maintain_order="left")["__value"]


def refuse_inexact(windows: Sequence[Window], rows: pl.DataFrame) -> None:
    """Raise ContractError where a measure has more decimals than its places, or lies beyond its bound."""
    for window in windows:
        if window.measure is None:
            continue
        broken = rows.filter(arithmetic.kept(window) & arithmetic.inexact(window))
        if broken.height:
            raise ContractError(
                f"{window.name}: {broken.height} rows of {window.history} have a measure beyond {window.places} places or ±{window.max_abs:g}, first {broken[ID][0]}",
                "state more places or a greater max_abs, or set these rows aside by a rule",
            )
