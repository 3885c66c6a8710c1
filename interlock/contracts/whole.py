"""The rules about a whole table: how many rows, gaps in a series, and distributions against the accepted snapshot."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from interlock.contracts.check import EXAMPLES, Seen
from interlock.contracts.profile import Column, Profile, distance
from interlock.contracts.rules import Whole
from interlock.durations import microseconds
from interlock.frames import ROW
from interlock.terms import Every, Rows, Stable

BEFORE, MISSING = "\0before", "\0missing"
BINS_TO_TELL = 2


def judge(rules: Iterable[Whole], came: int, rows: pl.LazyFrame, now: Profile, accepted: Profile | None) -> list[Seen]:
    """What each rule saw in the valid `rows`, whose profile is `now`, of those that `came`; columns that are not there are not asked."""
    there = set(rows.collect_schema())
    asked = [rule for rule in rules if there.issuperset(rule.columns)]
    return [_rows(rule, came, accepted) if isinstance(rule, Rows) else JUDGES[type(rule)](rule, rows, now, accepted) for rule in asked]


def _rows(rule: Rows, came: int, accepted: Profile | None) -> Seen:
    """How many rows came, whatever is wrong with them: that some are set aside is no reason to say that a source shrank."""
    floor = math.ceil(accepted.rows * (1 - rule.shrink)) if rule.shrink is not None and accepted else 0
    least = max(rule.least or 0, floor)
    off = max(least - came, came - rule.most if rule.most is not None else 0, 0)
    bound = f"at most {rule.most:,}" if rule.most is not None and came > rule.most else f"at least {least:,}"
    before = f", the accepted snapshot had {accepted.rows:,}" if accepted else ""
    return Seen(rule, off, off / max(least, came, 1), words=f"{came:,} rows, {bound} are expected{before}")


def _every(rule: Every, rows: pl.LazyFrame, *_: Any) -> Seen:
    step, time = microseconds(rule.step) or 1, rule.columns[-1]
    series = rows.select(ROW, *rule.columns).drop_nulls(time).sort(*rule.columns, ROW).collect()
    before = pl.col(time).shift(1)
    series = series.with_columns((before.over(rule.by) if rule.by else before).alias(BEFORE))
    apart = (pl.col(time) - pl.col(BEFORE)).dt.total_microseconds()
    gaps = series.with_columns(((apart - 1) // step).alias(MISSING)).filter(pl.col(MISSING) > 0)
    missing = int(gaps[MISSING].sum())
    first = gaps.sort(MISSING, ROW, descending=[True, False]).head(EXAMPLES)
    told = tuple((row[ROW], _gap(row, rule)) for row in first.iter_rows(named=True))
    words = f"{missing:,} rows are missing in {gaps.height:,} gaps"
    return Seen(rule, missing, missing / max(missing + series.height, 1), told, words)


def _gap(row: dict[str, Any], rule: Every) -> str:
    of = "".join(f"{row[name]}, " for name in rule.by)
    return f"{of}{row[BEFORE]} to {row[rule.columns[-1]]}"


def _stable(rule: Stable, _: pl.LazyFrame, now: Profile, accepted: Profile | None) -> Seen:
    """The distance; where it cannot be told, why: too little evidence is no evidence that nothing changed."""
    found, before = now.columns[rule.column], accepted.columns.get(rule.column) if accepted else None
    if before is None:
        return Seen(rule, found.rows, None, words="nothing was accepted to compare with", asked=False)
    if untold := _untold(rule, found, before):
        return Seen(rule, found.rows, None, words=f"the distribution cannot be compared with the accepted one: {untold}")
    effect = distance(found, before)
    return Seen(rule, found.rows, effect, words=f"the distribution is {effect:.3f} from that of the accepted snapshot (total variation)")


def _untold(rule: Stable, found: Column, before: Column) -> str:
    if before.dtype != found.dtype:
        return f"it is {found.dtype}, and was {before.dtype}"
    if before.bins < BINS_TO_TELL:
        return "all its values were in one bin, since none is shared by ten rows and one in a hundred"
    if (fewer := min(found.rows, before.rows)) < rule.minimum:
        return f"{fewer:,} rows are fewer than the {rule.minimum:,} that it takes to tell (minimum=)"
    return ""


JUDGES: dict[type, Callable[[Any, pl.LazyFrame, Profile, Profile | None], Seen]] = {Every: _every, Stable: _stable}
