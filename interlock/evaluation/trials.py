"""Put a model through its cases: score rows as they are and as a case changes them, and report what broke and how far scores moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlock.errors import DeclarationError
from interlock.evaluation.altering import altered
from interlock.evaluation.findings import Tried, told
from interlock.evaluation.robustness import Altered, Known, changes
from interlock.evaluation.sample import sample
from interlock.evaluation.stress import Case, Trouble
from interlock.evaluation.subject import Scores, Subject
from interlock.evaluation.verdicts import PASS, overall
from interlock.modeling.split import key_text

HELD = "whether the condition holds"


@dataclass(frozen=True)
class Rows:
    """Rows to try, with their keys as text and, where they are real ones, their scores as they are."""

    frame: pl.DataFrame
    keys: pl.Series
    scores: Scores | None

    def few(self, key: Sequence[str], most: int) -> "Rows":
        """At most so many of them, by the hash of their key."""
        chosen = sample(self.frame.select(key).with_row_index("place"), key, most, "few")["place"]
        return Rows(self.frame[chosen], self.keys[chosen], None if self.scores is None else self.scores[chosen.to_numpy()])


def run(cases: Mapping[str, Case], rows: pl.DataFrame, key: Sequence[str], subject: Subject) -> dict[str, Any]:
    """Every case on `rows`, identified by `key`, which hold the features and what stale ones are computed from.

    Moves of a regression's scores are measured in spreads of the scores of `rows`, which is `unit`. A default case that
    alters no row is left out; a declared one lacks evidence. Without any case `failed` is null, which no gate takes for none.
    Raises DeclarationError where a case names what is not there, gives it a value of another type, or says nothing.
    """
    scores = subject.scores(rows)
    every, unit, found = Rows(rows, key_text(rows, key), scores), subject.unit(scores), {}
    for name, case in cases.items():
        subject.check(case)
        if (tried := _try(name, case, every, key, subject)) or case.place:
            found[name] = told(case, tried, key, subject, unit)
    verdicts = [case["verdict"] for case in found.values()]
    failed = sum(verdict != PASS for verdict in verdicts) if verdicts else None
    return {"verdict": overall(verdicts), "failed": failed, "rows": rows.height, "unit": unit, "cases": found}


def _try(name: str, case: Case, every: Rows, key: Sequence[str], subject: Subject) -> list[Tried]:
    """The rows that each change alters; raises DeclarationError with the place of the case where one cannot be made."""
    known, place = subject.known, f"{case.place}: {name}" if case.place else name
    rows = every.few(key, case.most) if case.most is not None else every
    with _placed(place, "features", known.types):
        rows = rows if case.given is None else _given(case.given, known, key)
    with _placed(place, "columns", rows.frame.columns):
        held = _held(rows, case)
    with _placed(place, "features", known.types):
        steps = changes(case.changes, known, case.place) if isinstance(case.changes, Trouble) else case.changes or ({},)
        return [tried for step in steps if (tried := _step(step, rows, held, subject))]


@contextmanager
def _placed(place: str, what: str, names: Iterable[str]) -> Iterator[None]:
    """Say of an error of Polars where its cause is declared, and which `names` there are."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        said = f"{place}: {type(error).__name__}: {str(error).splitlines()[0]}"
        raise DeclarationError(said, f"{what} are: {', '.join(names)}") from error


def _step(step: Altered, rows: Rows, held: pl.Series, subject: Subject) -> Tried | None:
    """Make one change, and score the rows that it alters; without a change, all that are held."""
    changed = altered(rows.frame, rows.keys, step, subject.known)
    touched = [changed[name].ne_missing(rows.frame[name]).alias(name) for name in step]
    chosen = (held & pl.select(pl.any_horizontal(touched)).to_series() if touched else held).arg_true()
    if not len(chosen):
        return None
    after = subject.scores(changed[chosen])
    before = after if rows.scores is None else rows.scores[chosen.to_numpy()]
    return Tried(rows.frame[chosen], changed[chosen], step, before, after)


def _held(rows: Rows, case: Case) -> pl.Series:
    """The rows where the condition of `case` holds; null is no."""
    where = pl.lit(value=True) if case.where is None else case.where
    held = rows.frame.lazy().with_columns(where.alias(HELD)).collect()[HELD]
    if held.dtype not in {pl.Boolean, pl.Null}:
        raise pl.exceptions.InvalidOperationError(f"where is {held.dtype}, and must be true or false")
    return held.cast(pl.Boolean).fill_null(value=False)


def _given(given: Mapping[str, Any], known: Known, key: Sequence[str]) -> Rows:
    """One row of the values given, everything else missing."""
    empty = pl.DataFrame({name: [None] for name in known.types}, schema=dict(known.types))
    keyed = empty.with_columns(pl.lit(None).alias(name) for name in key if name not in known.types)
    keys = pl.Series([""])
    return Rows(altered(keyed, keys, given, known), keys, None)
