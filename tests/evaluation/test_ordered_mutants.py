"""Faults in scores of classes that have an order, where a neighbour's score still ranks well."""

from dataclasses import replace

import polars as pl
import pytest

from interlock.evaluation import mutants
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.faults_of_scores import FAULTS
from interlock.evaluation.mutants import MUTANTS
from interlock.modeling.decision import Decision
from interlock.modeling.task import Multiclass
from tests.evaluation import kinds

NAMES = tuple(f"band {place}" for place in range(7))
_band = ((pl.col("distance").cast(pl.Float64) + pl.col("flight_id").hash(7) % 150) / 250).clip(0, 6).floor().cast(pl.Int64)
_label = _band.replace_strict(dict(enumerate(NAMES)), return_dtype=pl.String)


@pytest.fixture(scope="module")
def ordered() -> Candidate:
    """A model of seven bands of the distance, nearly certain: next to a band lies the next."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(kinds.TASKS, "ordered", Multiclass(NAMES))
        patched.setitem(kinds.LABELS, "ordered", _label)
        return replace(kinds.candidate("ordered"), decision=Decision(favourable=NAMES[:2]))


def test_a_good_model_of_ordered_classes_passes_and_no_mutant_of_its_scores_lives(
    ordered: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neighbour's score would keep most of the AUC; what is turned around has 1 less the AUC, class by class."""
    said = {name: gate for name, gate in kinds.gates("multiclass").items() if gate.report == "metrics"}
    monkeypatch.setattr(mutants, "MUTANTS", {name: MUTANTS[name] for name in FAULTS})
    found = {one["name"]: one for one in mutants.run(ordered, said, {})}
    assert found["candidate"]["gates"] == []
    assert {name: one["words"] for name, one in found.items() if not one["killed"]} == {}


def test_scores_that_are_turned_around_rank_as_badly_as_they_ranked_well(ordered: Candidate) -> None:
    """The AUC of the mutant is 1 less that of the model."""
    good = ordered.evaluate()["metrics"]["test"]["auc"]
    turned = FAULTS["swapped classes"].reports(ordered, {})["metrics"]["test"]["auc"]
    assert good > 0.9
    assert turned == pytest.approx(1 - good, abs=1e-9)
