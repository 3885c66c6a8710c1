"""The entries with which a store is filled from the rows of a history, as of a moment: those that a request from then on can read."""

from collections.abc import Iterator

import polars as pl

from interlock.features import entries
from interlock.features.asof import per_entity
from interlock.features.featureset import History, Latest, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.plan import Plan, Rows, Totals
from interlock.features.stores.store import Entry


def lists(plan: Plan, name: str, rows: pl.DataFrame, moment: int) -> Iterator[list[Entry]]:
    """The entries of every list over the history `name`, and of the ids that may come again."""
    declared, rows = plan.features.histories[name], entries.identified(rows)
    yield entries.id_entries(plan.ids[name], entries.digested(_since(rows, moment - declared.lateness), told(declared)))
    for listed in plan.rows:
        if listed.history == name:
            yield entries.row_entries(listed, _read(listed, declared, entries.passing(listed, rows), moment))
    for totals in plan.totals:
        if totals.history == name:
            # NOTE: older rows were seen before any request, and would cancel out: both lists leave them out alike
            own = _since(entries.known(rows, [column for column, _ in totals.keys]), moment - totals.reach)
            yield _running(totals, totals.number, own, TIME)
            yield _running(totals, totals.number + 1, own, SEEN)


def told(declared: History) -> list[str]:
    """What is known of a row of a history: two rows of one id that differ in it contradict each other."""
    return [TIME, *declared.columns]


def reach(listed: Rows, declared: History) -> int:
    """How far before a request the rows of a list are read, in microseconds.

    Where the last row is read however old: every row older than the lateness has surely been seen.
    """
    return max(feature.ago + _length(feature, declared.lateness) for feature in listed.features)


def _length(feature: Latest | Window, lateness: int) -> int:
    if isinstance(feature, Window):
        return feature.width
    return lateness if feature.max_age is None else feature.max_age


def _read(listed: Rows, declared: History, rows: pl.DataFrame, moment: int) -> pl.DataFrame:
    """The rows of a list that requests read; where the last one is read however old, each entity's last one before them too."""
    since = moment - reach(listed, declared)
    if listed.reach is not None:
        return _since(rows, since)
    columns = [column for column, _ in listed.keys]
    older = rows.filter(pl.col(TIME).to_physical() < since).sort(TIME, ID)
    return pl.concat([older.unique(columns, keep="last", maintain_order=True) if columns else older.tail(1), _since(rows, since)])


def _running(totals: Totals, number: int, own: pl.DataFrame, on: str) -> list[Entry]:
    columns = [column for column, _ in totals.keys]
    running = [per_entity(pl.col(name).cum_sum(), totals.keys) for name in totals.parts]
    ordered = own.sort(on, ID).select(*dict.fromkeys([*columns, entries.IDENTITY, on]), **totals.parts).with_columns(running)
    places = entries.positions(number, ordered, on, entries.of_entities(ordered, columns))
    return list(zip(places, entries.packed(totals, ordered), strict=True))


def _since(rows: pl.DataFrame, time: int) -> pl.DataFrame:
    return rows.filter(pl.col(TIME).to_physical() >= time)
