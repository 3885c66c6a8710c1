"""Predictions are those of this model, on every row."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlock.evaluation.candidate import Candidate
from interlock.evaluation.rescoring import Rescored
from interlock.modeling.score import Scorer
from tests.evaluation import kinds


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def candidate(request: pytest.FixtureRequest) -> Candidate:
    return kinds.candidate(request.param)


@pytest.mark.parametrize("row", [0, 1, 499, -1])
def test_one_bit_of_one_row_is_found(candidate: Candidate, row: int) -> None:
    """Of whichever row, and of each column of raw scores and scores; none differs where nothing was moved."""
    scored, scorer = candidate.test.scored, candidate.scorer
    assert Rescored().different(scorer, candidate.features, candidate.test, "test") == 0
    for column in candidate.task.columns:
        values = scored[column].to_numpy().copy()
        values[row] = np.nextafter(values[row], np.inf)
        moved = replace(candidate.test, scored=scored.with_columns(pl.Series(column, values)))
        assert Rescored().different(scorer, candidate.features, moved, "test") == 1


def test_the_same_model_scores_the_same_rows_once(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other labels or scores ask for nothing new; other features and another model do, each time."""
    calls: list[int] = []
    score = Scorer.score

    def counted(self: Scorer, features: pl.DataFrame) -> pl.DataFrame:
        calls.append(features.height)
        return score(self, features)

    monkeypatch.setattr(Scorer, "score", counted)
    again, scorer, features = Rescored(), candidate.scorer, candidate.features
    for _ in range(3):
        again.different(scorer, features, candidate.test, "test")
    assert len(calls) == 1
    first = features.columns[0]
    emptied = features.with_columns(pl.lit(None, features.schema[first]).alias(first))
    assert again.different(scorer, emptied, candidate.test, "test") > 0
    assert again.different(Scorer(scorer.model, scorer.booster), features, candidate.test, "test") == 0
    assert len(calls) == 3
