"""What the checks found as data: each table's rows, what each rule saw, and how the columns are distributed.

It lies in git, so it names rows by their numbers, and no value that is not shared by many: those are read from data/raw.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import polars as pl

from interlock.contracts.check import Checked, Seen
from interlock.contracts.findings import Finding
from interlock.contracts.ledger import less
from interlock.contracts.profile import Column, Profile, distance, shares
from interlock.errors import ArtifactError

Report: TypeAlias = dict[str, Any]


def report(world: str, found: Sequence[Finding], tables: dict[str, Report]) -> Report:
    """The whole report on a world: findings come with the worst first."""
    return {"verdict": found[0]["severity"] if found else "pass", "world": world, "findings": list(found), "tables": tables}


def unread(raw: pl.LazyFrame, unexpected: Sequence[str]) -> Report:
    """A table whose columns do not fit its contract: no rule was asked."""
    rows = int(raw.select(pl.len()).collect().item())
    return {"rows": rows, "used": 0, "quarantined": 0, "unexpected": list(unexpected), "rules": [], "columns": []}


def summary(table: str, raw: pl.LazyFrame, checked: Checked, whole: Sequence[Seen], unexpected: Sequence[str]) -> Report:
    """What the report says of one table and its rules; raises ArtifactError where its rows do not add up."""
    return {
        "rows": checked.rows,
        "used": _used(table, raw, checked),
        "quarantined": checked.quarantined,
        "unexpected": list(unexpected),
        "rules": [_rule(seen) for seen in (*checked.seen, *whole)],
    }


def columns(now: Profile, accepted: Profile | None) -> list[Report]:
    """The distribution of each column, beside that of the accepted snapshot where there is one."""
    known = accepted.columns if accepted else {}
    return [_column(name, found, known.get(name)) for name, found in now.columns.items()]


def _rule(seen: Seen) -> Report:
    return {
        "rule": seen.rule.name,
        "column": seen.rule.column,
        "severity": seen.rule.severity,
        "tolerated": seen.rule.tolerate,
        "rows": seen.rows,
        "share": seen.share,
        "verdict": seen.verdict,
        "examples": [{"row": row} for row, _ in seen.first],
    }


def _used(table: str, raw: pl.LazyFrame, checked: Checked) -> int:
    """The rows left in use; raises ArtifactError where used and set aside are not all rows, or the ledger lacks an entry."""
    used = int(less(raw, checked.ledger).select(pl.len()).collect().item())
    counted = sum(seen.rows for seen in checked.seen if seen.rule.severity == "quarantine")
    if used + checked.quarantined != checked.rows or counted != checked.ledger.height:
        raise ArtifactError(
            f"{table} does not add up: of {checked.rows:,} rows {used:,} are used and {checked.quarantined:,} set aside, "
            f"for {counted:,} broken rules the ledger has {checked.ledger.height:,} entries",
            "the source row numbers may be damaged; run: dvc repro --force ingest",
        )
    return used


def _column(name: str, found: Column, accepted: Column | None) -> Report:
    *bins, nulls = shares(found)
    same = accepted if accepted is not None and accepted.dtype == found.dtype else None
    return {
        "column": name,
        "dtype": found.dtype,
        "nulls": nulls,
        "bins": [bound | {"share": share} for bound, share in zip(_bounds(found), bins, strict=False)],
        "accepted": shares(same)[:-1] if same else None,
        "effect": distance(found, same) if same else None,
    }


def _bounds(found: Column) -> list[Report]:
    """The bins in words: a label each, or from where to where (null: without end)."""
    if found.labels is not None:
        return [{"label": label} for label in [*found.labels, "…"]]
    ends = [None, *found.edges, None] if found.edges is not None else []
    return [{"from": low, "to": high} for low, high in pairwise(ends)]
