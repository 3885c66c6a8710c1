"""What a check found, in words and as the report: the run's verdict on a table as a whole, and examples of each rule."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from interlock.contracts.check import Checked
from interlock.contracts.ledger import less
from interlock.contracts.rules import Rule, Unique
from interlock.errors import ArtifactError, ContractError
from interlock.frames import ROW

# A table that loses more than one row in twenty is no longer the table that was sampled: what is left would be biased.
TOLERATED = 0.05
EXAMPLES, WIDTH, FINDINGS = 5, 80, 3


def findings(table: str, checked: Checked) -> Iterator[str]:
    """What makes a table unfit as a whole, in words."""
    if checked.rows == 0:
        yield f"{table} has no rows"
    elif checked.quarantined > TOLERATED * checked.rows:
        rule, count = max(checked.broken, key=lambda found: found[1])
        first = examples(rule, checked)[0]
        yield (
            f"{table}: {checked.quarantined:,} of {checked.rows:,} rows break a rule, {TOLERATED:.0%} may; "
            f"most of them {rule.name} on {rule.column}: {count:,}, as in source row {first['row']} with {first['value'] or 'null'}"
        )


def refuse(found: Sequence[str], schema: str) -> None:
    """Raise ContractError with the most important of what was `found`, if anything; `schema` is the file of the contract."""
    if found:
        more = [f"and {len(found) - FINDINGS} more"] if len(found) > FINDINGS else []
        listed = "".join(f"\n  • {line}" for line in [*found[:FINDINGS], *more])
        raise ContractError(
            f"the data break their contract{listed}", f"mend the source, or say in {schema} what is true of it, and run: make"
        )


def summary(table: str, raw: pl.LazyFrame, checked: Checked, unexpected: Sequence[str]) -> dict[str, Any]:
    """What the report says of one table."""
    rules = [
        {"rule": rule.name, "column": rule.column, "rows": count, "examples": examples(rule, checked)} for rule, count in checked.broken
    ]
    used = _adds_up(table, raw, checked)
    return {"rows": checked.rows, "used": used, "quarantined": checked.quarantined, "unexpected": list(unexpected), "rules": rules}


def examples(rule: Rule | Unique, checked: Checked) -> list[dict[str, Any]]:
    """The first rows that break `rule`, and what they hold."""
    mine = checked.ledger.filter(rule=rule.name, column=rule.column).head(EXAMPLES)
    return [{"row": row, "value": _short(value)} for row, value in mine.select(ROW, "value").iter_rows()]


def _adds_up(table: str, raw: pl.LazyFrame, checked: Checked) -> int:
    """The rows left in use; raises ArtifactError where used and set aside are not all rows, or the ledger lacks an entry."""
    used = int(less(raw, checked.ledger).select(pl.len()).collect().item())
    counted = sum(count for _, count in checked.broken)
    if used + checked.quarantined != checked.rows or counted != checked.ledger.height:
        raise ArtifactError(
            f"{table} does not add up: of {checked.rows:,} rows {used:,} are used and {checked.quarantined:,} set aside, "
            f"for {counted:,} broken rules the ledger has {checked.ledger.height:,} entries",
            "the source row numbers may be damaged; run: dvc repro --force ingest",
        )
    return used


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= WIDTH else f"{value[:WIDTH]}…"
