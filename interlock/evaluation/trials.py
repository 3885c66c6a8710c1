"""Put a model through its cases: score rows as they are and as a case changes them, and report what broke."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.errors import DeclarationError
from interlock.evaluation.ranks import Scores
from interlock.evaluation.sample import sample
from interlock.evaluation.stress import Case, Change
from interlock.evaluation.verdicts import FAIL, LACKING, PASS, overall

Score: TypeAlias = Callable[[pl.DataFrame], Scores]
BEFORE = "score before"
EXAMPLES = 3


def run(cases: Mapping[str, Case], rows: pl.DataFrame, key: Sequence[str], score: Score) -> dict[str, Any]:
    """Every case on the feature `rows`, identified by `key`: rows, violations, share, verdict and the worst examples.

    Raises DeclarationError where a case names a feature that is not there, or gives it a value of another type.
    """
    scored = rows.with_columns(pl.Series(BEFORE, score(rows)))
    found = {name: _try(name, case, scored, key, score) for name, case in cases.items()}
    verdicts = [case["verdict"] for case in found.values()]
    return {"verdict": overall(verdicts), "failed": sum(v != PASS for v in verdicts), "rows": rows.height, "cases": found}


def _try(name: str, case: Case, scored: pl.DataFrame, key: Sequence[str], score: Score) -> dict[str, Any]:
    rows = scored if case.most is None else sample(scored, key, case.most, "few")
    try:
        tried = pl.concat([_apply(number, case, rows, score) for number in range(len(case.changes))])
    except pl.exceptions.PolarsError as error:
        known = ", ".join(column for column in scored.columns if column not in {*key, BEFORE})
        raise DeclarationError(f"stress.py: {name}: {type(error).__name__}: {error}", f"features are: {known}") from error
    broken = tried.filter("broken").sort("moved", descending=True, nulls_last=False, maintain_order=True)
    share = broken.height / tried.height if tried.height else None
    return {
        "verdict": LACKING if share is None else PASS if share <= case.tolerated else FAIL,
        "claim": case.claim,
        "rows": tried.height,
        "violations": broken.height,
        "share": share,
        "tolerated": case.tolerated,
        "largest_move": tried["moved"].max(),
        "examples": [_example(worst, case, rows, key) for worst in broken.head(EXAMPLES).to_dicts()],
    }


def _apply(number: int, case: Case, rows: pl.DataFrame, score: Score) -> pl.DataFrame:
    """The rows that change `number` alters, by their place in `rows`: score after, how far it moved, whether that is broken."""
    change = case.changes[number]
    altered = _altered(rows, change)
    touched = pl.any_horizontal(altered[name].ne_missing(rows[name]).alias(name) for name in change)
    held = rows.select(pl.lit(True) if case.where is None else case.where.fill_null(False), touched=touched)
    places = held.select(pl.all_horizontal(pl.all())).to_series().arg_true()
    before = rows[BEFORE].gather(places).to_numpy()
    after = score(altered[places]) if len(places) else before
    found = {"row": places, "after": after, "moved": np.abs(after - before), "broken": case.broken(before, after)}
    return pl.DataFrame(found).with_columns(change=pl.lit(number))


def _altered(rows: pl.DataFrame, change: Change) -> pl.DataFrame:
    if unknown := [name for name in change if name not in rows.columns]:
        raise pl.exceptions.ColumnNotFoundError(unknown[0])
    values = {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in change.items()}
    return rows.with_columns(value.cast(rows.schema[name]).alias(name) for name, value in values.items())


def _example(worst: Mapping[str, Any], case: Case, rows: pl.DataFrame, key: Sequence[str]) -> dict[str, Any]:
    row = rows[worst["row"] : worst["row"] + 1]
    changed = _altered(row, case.changes[worst["change"]])
    said = {name: f"{row[name].item()} → {changed[name].item()}" for name in case.changes[worst["change"]]}
    return {"key": {name: str(row[name].item()) for name in key}, "change": said, "before": row[BEFORE].item(), "after": worst["after"]}
