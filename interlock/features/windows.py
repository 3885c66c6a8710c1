"""Trailing windows offline: differences of running integer totals, and range reads for least and greatest.

A window of width W at t covers rows with event time in [t − W, t) that had been seen before t, which is
total(seen < t) − total(event time < t − W): no row is seen later than W after its event time, so whatever happened
before t − W had been seen before t.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

from interlock.errors import ContractError
from interlock.features import arithmetic, expressions
from interlock.features.asof import Joined, Numbers, Order
from interlock.features.featureset import Window
from interlock.features.histories import ID, SEEN, TIME

RANGE_ROWS = 4_000_000
Best: TypeAlias = Callable[..., pl.Expr]
BEST: dict[str, tuple[Best, Best]] = {"min": (pl.min_horizontal, pl.min), "max": (pl.max_horizontal, pl.max)}


def totals(windows: Sequence[Window], joined: Joined) -> pl.DataFrame:
    """One column a window, for windows of one history and key."""
    ends, starts = {window.ago for window in windows}, {window.ago + window.width for window in windows}
    if joined.by_seen is joined.by_time:
        upper = lower = _totals(windows, joined, joined.by_time, ends | starts)
    else:
        upper, lower = _totals(windows, joined, joined.by_seen, ends), _totals(windows, joined, joined.by_time, starts)
    found: dict[str, pl.Series] = {}
    for ago, width in {(window.ago, window.width) for window in windows}:
        alike = [window for window in windows if (window.ago, window.width) == (ago, width)]
        needed = {name for window in alike for name in arithmetic.parts(window)}
        differences = pl.DataFrame([upper[ago][name] - lower[ago + width][name] for name in needed])
        found |= differences.select(arithmetic.finished(window).alias(window.name) for window in alike).to_dict()
    return pl.DataFrame([found[window.name] for window in windows])


def extreme(window: Window, joined: Joined) -> pl.Series:
    """The least or greatest value in the window of each request: of the rows that surely had been seen, and of later ones."""
    past, own = joined.past, joined.where(arithmetic.kept(window)).by_time
    first, middle, last = (own.before(window.ago + back) for back in (window.width, past.lateness, 0))
    rows = past.rows.select(value=arithmetic.ranged(window), seen=pl.col(SEEN).dt.timestamp("us")).select(pl.all().gather(own.rows))
    of_two, of_all = BEST[window.statistic]
    surely = _surely(rows["value"], first, middle, of_two)
    recently = _recently(rows, middle, last, past.moments - window.ago, of_all)
    return pl.select(of_two(surely, recently).alias(window.name)).to_series()


def refuse_inexact(windows: Sequence[Window], rows: pl.DataFrame) -> None:
    """Raise ContractError where a measure has more decimals than its places, or lies beyond its bound."""
    checked: set[str] = set()
    for window in windows:
        what = expressions.digest([window.where, window.measure, window.places, window.max_abs, window.keys])
        if window.measure is None or arithmetic.value_is_exact(window) or what in checked:
            continue
        checked.add(what)
        own = [pl.col(column).is_not_null() for column, _ in window.keys]
        broken = rows.filter(arithmetic.kept(window) & arithmetic.inexact(window), *own)
        if broken.height:
            raise ContractError(
                f"{window.name}: {broken.height} rows of {window.history} have a measure beyond {window.places} places or ±{window.max_abs:g}, first {broken[ID][0]}",
                "state more places or a greater max_abs, or set these rows aside by a rule",
            )


def _totals(windows: Sequence[Window], joined: Joined, order: Order, backs: Iterable[int]) -> dict[int, pl.DataFrame]:
    """For each of `backs`, the running totals that each request finds before its moment less so much."""
    parts = {name: part for window in windows for name, part in arithmetic.parts(window).items()}
    read = {name for part in parts.values() for name in part.meta.root_names()} or {TIME}
    running = joined.past.rows.select(pl.col(read).gather(order.rows)).with_columns(**parts).select(pl.col(list(parts)).cum_sum())
    return {back: _after(order.before(back), running) for back in backs}


def _after(counts: Numbers, running: pl.DataFrame) -> pl.DataFrame:
    """The totals of the first so many rows."""
    places = pl.Series(counts) - 1
    return running.select(pl.all().gather(places.set(places < 0, None)).fill_null(0))


def _surely(values: pl.Series, first: Numbers, last: Numbers, of_two: Best) -> pl.Series:
    """The best of `values` from `first` to before `last`: of two stretches that cover it, each as long as one power of two."""
    found, length, step = values.clear(len(first)), last - first, 1
    while step <= length.max(initial=0):
        some = np.flatnonzero((step <= length) & (length < 2 * step))
        found.scatter(some, pl.select(of_two(values[first[some]], values[last[some] - step])).to_series())
        values = pl.select(of_two(values.head(-step), values.slice(step))).to_series()
        step *= 2
    return found


def _recently(rows: pl.DataFrame, first: Numbers, last: Numbers, moments: Numbers, of_all: Best) -> pl.Series:
    """The best value of `rows` from `first` to before `last`, of those seen before the moment; a bounded number is read at a time."""
    found, length = rows["value"].clear(len(first)), pl.Series(last - first)
    spans = pl.DataFrame({"first": first, "last": last, "at": moments, "block": length.cum_sum() // RANGE_ROWS}).with_row_index("asked")
    for block in spans.filter(length > 0).partition_by("block"):
        pairs = block.select("asked", "at", row=pl.int_ranges("first", "last")).explode("row")
        seen = rows.select(pl.all().gather(pairs["row"])).hstack(pairs).filter(pl.col("seen") < pl.col("at"))
        some = seen.group_by("asked").agg(of_all("value"))
        found.scatter(some["asked"], some["value"])
    return found
