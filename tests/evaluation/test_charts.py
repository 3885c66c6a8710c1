"""Every chart, for every kind of task."""

import json
from typing import Any

import numpy as np
import pytest

from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.charts import NAMES, TABLE, Charted, charts
from interlock.evaluation.ranks import Labels, Scores
from interlock.modeling.decision import Decision
from interlock.modeling.task import Binary, Multiclass, Regression, Task

RANDOM = np.random.default_rng(9)
NUMBERS = RANDOM.lognormal(0, 1, 2000)
CASES: dict[str, tuple[Task, Any, Any]] = {
    "binary": (Binary("late"), RANDOM.random(2000) < 0.3, RANDOM.random(2000)),
    "multiclass": (Multiclass(("a", "b", "c")), RANDOM.integers(0, 3, 2000), RANDOM.dirichlet(np.ones(3), 2000)),
    "regression": (Regression("EUR"), NUMBERS, NUMBERS * RANDOM.random(2000)),
}
OF = {
    "binary": {"roc", "precision_recall", "calibration", "score_distribution", "gain", "thresholds"},
    "multiclass": {"calibration", "confusion", "classes"},
    "regression": {"calibration", "score_distribution", "residuals"},
}


def drawn(task: Task, labels: Labels, scores: Scores) -> dict[str, Any]:
    return charts(Charted(task, Decision(), Evaluation(rounds=40), labels, scores))


def test_every_kind_of_task_has_charts() -> None:
    """A new kind of task needs its entry here."""
    assert set(TABLE) == set(CASES)


@pytest.mark.parametrize("kind", CASES)
def test_every_chart_is_there_short_and_of_one_form(kind: str) -> None:
    """Those of the kind have records, at most 200, all of the same fields; the others are empty lists; all of it is JSON."""
    found = drawn(*CASES[kind])
    assert tuple(found) == NAMES
    assert {name for name, records in found.items() if records} == OF[kind]
    for records in found.values():
        assert len(records) <= 200
        assert len({tuple(record) for record in records}) <= 1
        assert not any(name == "values" for record in records for name in record)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("kind", CASES)
def test_a_single_row_has_charts(kind: str) -> None:
    """Nothing fails on the fewest rows there can be."""
    task, labels, scores = CASES[kind]
    json.dumps(drawn(task, labels[:1], scores[:1]), allow_nan=False)
