"""The one as-of join of the project: on unsorted input Polars gives wrong values with no more than a warning."""

import warnings
from collections.abc import Sequence

import polars as pl

from interlock.features.featureset import Keys

AT, ASKED = "__at", "__asked"


def strictly_before(requests: pl.DataFrame, at: pl.Expr, rows: pl.DataFrame, on: str, keys: Keys) -> pl.DataFrame:
    """For each request the last of its entity's `rows` with `on` strictly before `at`, nulls where there is none.

    `rows` holds the key columns, `on` and what is wanted, sorted by `on`; the answer keeps the order of the requests
    and has the wanted columns alone. A null key belongs to no entity.
    """
    theirs = [column for column, _ in keys]
    wanted = [column for column in rows.columns if column not in {*theirs, on}]
    asked = requests.select(at.alias(AT), *(pl.col(ours).alias(column) for column, ours in keys)).with_row_index(ASKED)
    if not asked[AT].is_sorted():
        asked = asked.sort(AT)
    if not rows[on].is_sorted():
        raise AssertionError(f"rows are not sorted by {on}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sortedness of columns cannot be checked")
        found = asked.join_asof(rows, left_on=AT, right_on=on, by=theirs or None, strategy="backward", allow_exact_matches=False)
    if not found[ASKED].is_sorted():
        found = found.sort(ASKED)
    return found.select(wanted)


def per_entity(running: pl.Expr, keys: Sequence[tuple[str, str]]) -> pl.Expr:
    """`running` for each entity apart; without keys all rows belong to one."""
    return running.over([column for column, _ in keys]) if keys else running
