"""What a case found: its verdict, how far scores moved, and the rows that break it worst."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation.robustness import Altered
from interlock.evaluation.stress import Case
from interlock.evaluation.subject import Mask, Scores, Subject
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.features.expressions import columns, parse

EXAMPLES = 3
FAR = 0.1


@dataclass(frozen=True)
class Tried:
    """Rows before and after the change `step`, aligned, with their scores, (n, columns)."""

    rows: pl.DataFrame
    altered: pl.DataFrame
    step: Altered
    before: Scores
    after: Scores


def told(case: Case, tried: Sequence[Tried], key: Sequence[str], subject: Subject, unit: float) -> dict[str, Any]:
    """One record: what was asked and found; moves are those of the scores that the case looks at, in `unit`."""
    found = [_judged(case, each, subject, unit) for each in tried]
    broken = np.concatenate([np.zeros(0, np.bool_), *(broken for broken, _ in found)])
    moved = np.concatenate([np.zeros(0), *(moved for _, moved in found)])
    rows, violations = len(broken), int(broken.sum())
    invalid = sum(int((subject.invalid(each.before) | subject.invalid(each.after)).sum()) for each in tried)
    share, mean = (violations / rows, math.fsum(moved.tolist()) / rows) if rows else (None, None)
    return {
        "kind": case.kind,
        "declared": case.place,
        "verdict": FAIL if invalid else _verdict(case, share, mean),
        "claim": case.claim,
        "asks": case.asks,
        "of": case.of,
        "bound": None if case.asks == "valid" else case.by,
        "rows": rows,
        "violations": violations,
        "invalid": invalid,
        "share": share,
        "tolerated": case.tolerated,
        "on_average": case.on_average,
        "mean_move": mean,
        "largest_move": float(moved.max()) if rows else None,
        "far": _far(case, moved),
        "examples": _examples(case, tried, found, key, subject),
    }


def _judged(case: Case, tried: Tried, subject: Subject, unit: float) -> tuple[Mask, Scores]:
    """Which rows break the case, and how far the scores that it looks at moved."""
    moved = subject.moves(case, tried.before, tried.after) / unit
    return subject.broken(case, tried.before, tried.after, unit), moved


def _verdict(case: Case, share: float | None, mean: float | None) -> str:
    if share is None or mean is None:
        return LACKING
    return PASS if share <= case.tolerated and (case.on_average is None or mean <= case.on_average) else FAIL


def _far(case: Case, moved: Scores) -> dict[str, Any]:
    """The share of rows whose score moved by more than is asked, or than a tenth where nothing is."""
    beyond = case.by if case.asks == "unchanged" and case.by else FAR
    return {"beyond": beyond, "share": int((~(moved <= beyond)).sum()) / len(moved) if len(moved) else None}


def _examples(
    case: Case, tried: Sequence[Tried], found: Sequence[tuple[Mask, Scores]], key: Sequence[str], subject: Subject
) -> list[dict[str, Any]]:
    """The rows that break the claim, those that moved furthest first, and of equals the first."""
    broken = [
        (-moved[row] if math.isfinite(moved[row]) else -math.inf, part, row)
        for part, (wrong, moved) in enumerate(found)
        for row in np.flatnonzero(wrong).tolist()
    ]
    return [_example(case, tried[part], row, key, subject) for _, part, row in sorted(broken)[:EXAMPLES]]


def _example(case: Case, tried: Tried, row: int, key: Sequence[str], subject: Subject) -> dict[str, Any]:
    was, now = tried.rows.row(row, named=True), tried.altered.row(row, named=True)
    before, after = tried.before[row], tried.after[row]
    column = max(
        subject.columns(case), key=lambda each: math.inf if math.isnan(after[each]) else abs(float(after[each]) - float(before[each]))
    )
    return {
        "key": {name: str(was[name]) for name in key} if case.given is None else {},
        "class": subject.classes[column] if subject.classes else None,
        "change": _change(case, was, now, tried.step),
        "before": float(before[column]),
        "after": float(after[column]),
    }


def _change(case: Case, was: Mapping[str, Any], now: Mapping[str, Any], step: Altered) -> dict[str, str]:
    """What of the row was changed; of a clear case, what makes it one."""
    if case.asks in {"at least", "at most"}:
        made = case.given if case.given is not None else sorted(columns(parse(case.where))) if case.where is not None else []
        return {name: _text(now[name]) for name in made}
    return {name: f"{_text(was[name])} → {_text(now[name])}" for name in step if was[name] != now[name]}


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
