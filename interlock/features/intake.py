"""What rows that come in make: history rows by the very derivation of the offline executor, and why others are refused."""

from collections.abc import Callable, Sequence

import polars as pl

from interlock.dtypes import dtype_of
from interlock.durations import text as span
from interlock.errors import ContractError
from interlock.features import arithmetic, histories, keys
from interlock.features.featureset import History, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.plan import RANGED
from interlock.features.references import References
from interlock.features.state import State
from interlock.features.stores.store import Entry
from interlock.features.taken import ADDED, DUPLICATE, REFUSED, Taken, fate
from interlock.frames import ROW

ARRIVED, REASON = "__arrived", "__reason"
CONTRADICTS = "another row has this id"


def take(state: State, name: str, rows: pl.DataFrame, since: int | None) -> Taken:
    """What `rows` of its source, with ROW and ARRIVED, make in the history `name` of a state that answers from `since` on."""
    declared = state.plan.features.histories[name]
    made, broken = parted(rows, lambda part: _derived(state, declared, part))
    judged = made.with_columns(_reason(state, name, made, since).alias(REASON))
    known = state.known(name, judged.filter(pl.col(REASON).is_null()))
    puts: list[Entry] = []
    new, unfit = parted(known.fresh, lambda part: _noted(puts, state.prepared(name, part), part))
    fates = [
        fate(new, ADDED),
        fate(known.again, DUPLICATE),
        fate(known.other, REFUSED, pl.lit(CONTRADICTS)),
        fate(judged.filter(pl.col(REASON).is_not_null()), REFUSED, pl.col(REASON)),
        *(fate(row, REFUSED, pl.lit(reason)) for row, reason in [*broken, *unfit]),
    ]
    return Taken(new, puts, pl.concat(fates).with_columns(part=pl.lit(name)))


def check(rows: pl.DataFrame, wanted: dict[str, str], table: str) -> None:
    """Raise ContractError where `rows` lack a column of `table` that is read, or have it in another type."""
    for name, text in wanted.items():
        if name not in rows.columns:
            raise ContractError(f"{table}: the rows have no column {name}", f"columns that are read: {', '.join(wanted)}")
        if rows.schema[name] != dtype_of(text):
            raise ContractError(f"{table}: {name} is {rows.schema[name]}, declared is {text}", "cast it before it is added")


def parted(rows: pl.DataFrame, work: Callable[[pl.DataFrame], pl.DataFrame]) -> tuple[pl.DataFrame, list[tuple[pl.DataFrame, str]]]:
    """What `work` makes of rows, and the rows on which it fails, one by one with the reason."""
    try:
        return work(rows), []
    except (pl.exceptions.PolarsError, OverflowError) as error:
        if rows.height == 1:
            return work(rows.clear()), [(rows, str(error).splitlines()[0])]
    half = rows.height // 2
    (first, bad), (second, worse) = (parted(part, work) for part in (rows.head(half), rows.slice(half)))
    return pl.concat([first, second]), bad + worse


def _derived(state: State, declared: History, rows: pl.DataFrame) -> pl.DataFrame:
    references = state.plan.features.references
    tables = References(state.plan, state.store).tables(declared, rows)
    made = histories.derive(declared, rows.lazy(), references, tables).collect()
    arrived = made.join(rows.select(ROW, ARRIVED), on=ROW, how="left", maintain_order="left")
    return arrived.with_columns(pl.max_horizontal(SEEN, ARRIVED).alias(SEEN)).drop(ARRIVED)


def _reason(state: State, name: str, made: pl.DataFrame, since: int | None) -> pl.Expr:
    """Why a history row is refused, null where it is not."""
    declared = state.plan.features.histories[name]
    time, seen = (pl.col(column).to_physical() for column in (TIME, SEEN))
    checks: list[tuple[pl.Expr | pl.Series, str]] = [
        (pl.col(ID).is_null(), "it has no id"),
        (~keys.fits(made[ID]), f"its id has {keys.LONGEST_ID} bytes or more"),
        (seen - time > declared.lateness, f"it was seen later after it happened than the declared lateness of {span(declared.lateness)}"),
    ]
    if since is not None:
        checks.append((time < since - declared.lateness, "it happened before the state begins, which cannot tell whether it is known"))
    windows = [feature for feature in state.plan.features.features if isinstance(feature, Window) and feature.history == name]
    checks += [(_unfit(window), _bounds(window)) for window in windows if window.measure is not None and window.statistic not in RANGED]
    return pl.coalesce(*(pl.when(broken).then(pl.lit(text)) for broken, text in checks))


def _unfit(window: Window) -> pl.Expr:
    own = [pl.col(column).is_not_null() for column, _ in window.keys]
    return pl.all_horizontal(*own, arithmetic.kept(window), arithmetic.inexact(window))


def _bounds(window: Window) -> str:
    return f"{window.name}: the measure has more than {window.places} decimal places, or is beyond ±{window.max_abs:g}"


def _noted(puts: list[Entry], made: Sequence[Entry], rows: pl.DataFrame) -> pl.DataFrame:
    puts += made
    return rows
