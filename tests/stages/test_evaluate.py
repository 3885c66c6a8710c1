"""evaluate, on the small project."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from sklearn import metrics as oracle

from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import curves
from interlock.files import read_json
from stages import evaluate
from tests.evaluation.world import PARAMS, say, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]
DIGITS = 5e-9


@pytest.mark.parametrize("split", ["validation", "test"])
def test_reported_metrics_are_those_of_the_predictions(world: Path, split: str) -> None:
    """metrics.json holds what scikit-learn computes on the file of predictions, rounded to nine digits."""
    rows = pl.read_parquet(world / f"data/predictions/{split}.parquet")
    found = read_json(world / "reports/metrics.json")[split]
    assert found["rows"] == rows.height
    assert found["auc"] == pytest.approx(oracle.roc_auc_score(rows["label"], rows["score"]), rel=DIGITS)
    assert found["average_precision"] == pytest.approx(oracle.average_precision_score(rows["label"], rows["score"]), rel=DIGITS)
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(rows["label"], rows["score"]), rel=DIGITS)
    assert found["auc_low"] < found["auc"] < found["auc_high"]


def test_every_request_is_accounted_for(world: Path) -> None:
    """Rows without an outcome, of each split, and in the gap before the end of a period add up to all requests."""
    found = read_json(world / "reports/metrics.json")["rows"]
    outcomes = pl.read_parquet(world / "data/features/outcomes.parquet")
    assert found["requests"] == outcomes.height == sum(found.values()) - found["requests"]
    assert found["without_outcome"] == outcomes["late"].null_count()
    assert found["gap"] > 0


def test_the_baseline_says_the_base_rate_of_training(world: Path) -> None:
    """On the test rows a constant ranks like a coin, and its Brier score is that of the training rows' share of late flights."""
    found = read_json(world / "reports/metrics.json")
    rate = read_json(world / "models/model/model.json")["baselines"]["base_rate"]
    share = found["test"]["base_rate"]
    assert found["baseline"]["auc"] == 0.5
    assert found["baseline"]["brier"] == pytest.approx(share * (1 - rate) ** 2 + (1 - share) * rate**2, rel=1e-6)
    assert found["baseline"]["brier"] > found["test"]["brier"]


def test_slices_are_of_requests_and_features(world: Path) -> None:
    """Columns of the request and features alike, in the order of conf, each holding all test rows."""
    found = read_json(world / "reports/slices.json")
    columns = list(dict.fromkeys(record["column"] for record in found))
    assert columns == PARAMS["usecase"]["slices"]["columns"]
    rows = read_json(world / "reports/metrics.json")["test"]["rows"]
    assert {sum(record["rows"] for record in found if record["column"] == column) for column in columns} == {rows}


def test_evaluating_again_gives_the_same_bytes(world: Path) -> None:
    """Every report comes out byte for byte as before, whether one is there or not."""
    names = ["metrics", "slices", *curves.TABLE["binary"]]
    before = {name: (world / f"reports/{name}.json").read_bytes() for name in names}
    for name in names:
        (world / f"reports/{name}.json").unlink()
    evaluate.main()
    assert {name: (world / f"reports/{name}.json").read_bytes() for name in names} == before


def test_a_slice_of_nothing_is_refused_by_name(world: Path) -> None:
    """A column that neither requests nor features have: the error says which, and what there is."""
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "slices": {"columns": ["colour"], "minimum": 50}}})
    with pytest.raises(ConfigError, match=r"called colour\n.*known are: .*tailnum"):
        evaluate.main()


def test_predictions_that_are_missing_are_named(world: Path) -> None:
    """Without predictions the stage says which file it lacks, and writes nothing."""
    (world / "data/predictions/test.parquet").unlink()
    (world / "reports/metrics.json").unlink()
    with pytest.raises(ArtifactError, match=r"data/predictions/test\.parquet does not exist"):
        evaluate.main()
    assert not (world / "reports/metrics.json").exists()


def test_the_stage_imports_no_more_than_it_needs() -> None:
    """Neither Pandera, nor LightGBM's Python package, nor SciPy is imported to evaluate."""
    code = "import sys, stages.evaluate; print(sorted({'pandera', 'lightgbm', 'scipy', 'pandas'} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"
