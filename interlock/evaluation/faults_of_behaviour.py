"""Faults in what is tried, not read: a model that any change sways, and a value that is another online."""

import numpy as np
import polars as pl

from interlock.evaluation.candidate import Candidate
from interlock.evaluation.faults import Found
from interlock.evaluation.gates import Gates
from interlock.evaluation.robustness import Known, always
from interlock.evaluation.sample import sample
from interlock.evaluation.subject import Scores, Subject
from interlock.evaluation.trials import run
from interlock.features.bits import differing
from interlock.features.featureset import FeatureSet, Request
from interlock.features.parity import Result

ROWS = 500
NOTHING = FeatureSet(Request((), None, {}), {}, {}, ())


def swayed(candidate: Candidate, _: Found) -> Found:
    """What a model whose scores hang on the last digit of every feature makes of the cases that always run."""
    key, reads = candidate.test.key.columns, candidate.scorer.model.reads
    rows = candidate.test.key.hstack(candidate.features.select(set(reads) - set(key)))
    known = Known({name: rows.schema[name] for name in reads}, NOTHING)
    classes = len(getattr(candidate.task, "classes", ()))

    def score(changed: pl.DataFrame) -> Scores:
        drawn = changed.select(reads).hash_rows(seed=1).to_numpy() % max(2, classes)
        return np.eye(classes)[drawn] if classes else drawn.astype(np.float64)

    return {"stress": run(always(known), sample(rows, key, ROWS, "stress"), key, Subject(candidate.task, known, score))}


def online(candidate: Candidate, _: Found) -> Found:
    """What the comparison of parity says where one value of one row is another, and a number by its last bit alone."""
    values = next(column for column in candidate.features if _known(column).any())
    row = _known(values).arg_true()[0]
    found = Result(rows=len(values))
    if different := int(differing(_changed(values, row), values).sum()):
        found.mismatches[values.name] = different
    return {"parity": found.report(NOTHING)}


def empty(candidate: Candidate, _: Gates) -> str:
    """Said where no feature of the test rows has a value that could be another."""
    return "" if any(_known(column).any() for column in candidate.features) else "every feature of the test rows is empty"


def _known(values: pl.Series) -> pl.Series:
    return values.is_finite().fill_null(value=False) if values.dtype.is_float() else values.is_not_null()


def _changed(values: pl.Series, row: int) -> pl.Series:
    """`values` with another one in `row`: the next number where they are floats, else none."""
    other = np.nextafter(values[row], np.inf, dtype=values.to_numpy().dtype) if values.dtype.is_float() else None
    return pl.select(pl.when(pl.int_range(len(values)) == row).then(pl.lit(other, values.dtype)).otherwise(values)).to_series()
