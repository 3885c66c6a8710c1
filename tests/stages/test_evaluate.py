"""evaluate, on the small project."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from sklearn import metrics as oracle

from interlock import frames
from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import bootstrap, charts
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.predictions import Predictions
from interlock.files import by_name, read_json, write_json
from interlock.modeling.task import Binary
from stages import evaluate, score
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
    assert found["log_loss"] == pytest.approx(oracle.log_loss(rows["label"], rows["score"]), rel=DIGITS)
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


def test_the_gain_over_each_baseline_is_told_with_its_interval(world: Path) -> None:
    """The difference of the metrics beside it, better being positive, and an interval that holds it and is tighter than either's own."""
    found = read_json(world / "reports/metrics.json")
    gains = by_name(found["gain"])
    assert set(gains) == {"base_rate", "linear"}
    for name, beside in (("base_rate", "baseline"), ("linear", "linear")):
        for metric, sign in (("auc", 1), ("brier", -1), ("log_loss", -1)):
            gain = gains[name][metric]
            assert gain["gain"] == pytest.approx(sign * (found["test"][metric] - found[beside][metric]), abs=1e-8)
            assert gain["gain_low"] < gain["gain"] < gain["gain_high"]
    auc = gains["linear"]["auc"]
    assert auc["gain_high"] - auc["gain_low"] < found["test"]["auc_high"] - found["test"]["auc_low"]


def test_slices_are_of_requests_and_features(world: Path) -> None:
    """Columns of the request and features alike, in the order of conf, each holding all test rows."""
    found = read_json(world / "reports/slices.json")
    columns = list(dict.fromkeys(record["column"] for record in found))
    assert columns == [*PARAMS["usecase"]["slices"]["columns"], "origin × morning"]
    rows = read_json(world / "reports/metrics.json")["test"]["rows"]
    assert {sum(record["rows"] for record in found if record["column"] == column) for column in columns} == {rows}


def test_evaluating_again_gives_the_same_bytes(world: Path) -> None:
    """Every report comes out byte for byte as before, whether one is there or not."""
    names = ["metrics", "slices", "fairness", "leakage", *charts.NAMES]
    before = {name: (world / f"reports/{name}.json").read_bytes() for name in names}
    for name in names:
        (world / f"reports/{name}.json").unlink()
    evaluate.main()
    assert {name: (world / f"reports/{name}.json").read_bytes() for name in names} == before


@pytest.mark.parametrize("said", [None, {"rounds": 1000, "seed": 7}], ids=["unsaid", "said"])
def test_a_use_case_need_not_say_how_often_rows_are_drawn(world: Path, said: dict[str, int] | None) -> None:
    """Without `usecase.evaluation` the intervals are those of a thousand rounds and the seed 7."""
    usecase = {name: value for name, value in PARAMS["usecase"].items() if name != "evaluation"}
    say(world / "params.yaml", {**PARAMS, "usecase": usecase | ({"evaluation": said} if said else {})})
    evaluate.main()
    rows = Predictions.open(world / "data/predictions/test.parquet", Binary("late"))
    found = bootstrap.metrics("binary", rows.labels, rows.scores, Evaluation(rounds=1000, seed=7))
    assert read_json(world / "reports/metrics.json")["test"] == pytest.approx(found, rel=DIGITS)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_number_of_threads_changes_no_byte(world: Path, threads: str) -> None:
    """The stage as DVC runs it, with one thread and with two: the reports are those that are there."""
    names = [f"reports/{name}.json" for name in ("metrics", "slices", "fairness", "leakage", *charts.NAMES)]
    before = {name: (world / name).read_bytes() for name in names}
    said = {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "stages.evaluate"], env=os.environ | said, check=True)
    assert {name: (world / name).read_bytes() for name in names} == before


def test_the_threshold_is_chosen_on_validation_rows(world: Path) -> None:
    """The score that selects maximises the declared measure there; other labels of the test rows do not move it.

    Metrics tell of the same decision on the test rows.
    """
    rows = pl.read_parquet(world / "data/predictions/validation.parquet")
    said = read_json(world / "reports/fairness.json")
    cut, decision = said["threshold"], read_json(world / "reports/metrics.json")["decision"]
    assert (decision["threshold"], decision["chosen"]) == (said["threshold"], said["chosen"]) == (cut, "f1")
    assert 0 < decision["selected"] < 1
    assert decision["cost_low"] < decision["cost"] < decision["cost_high"]
    reached = oracle.f1_score(rows["label"], rows["score"] >= cut - 1e-9)
    assert reached == pytest.approx(
        max(oracle.f1_score(rows["label"], rows["score"] >= other) for other in rows["score"].unique()[::7]), abs=0.005
    )
    predicted, outcomes = world / "data/predictions/test.parquet", world / "data/features/outcomes.parquet"
    tested = pl.col("flight_id").is_in(frames.read(predicted)["flight_id"].implode())
    frames.write(frames.read(outcomes).with_columns(late=pl.when(tested).then(~pl.col("late")).otherwise("late")), outcomes)
    frames.write(frames.read(predicted).with_columns(~pl.col("label")), predicted)
    evaluate.main()
    assert read_json(world / "reports/fairness.json")["threshold"] == cut


def test_the_worst_slice_is_the_one_whose_lower_end_is_least(world: Path) -> None:
    """Among slices of one value; where no column is declared the report says so, and has no number."""
    found = read_json(world / "reports/metrics.json")["worst_slice"]
    least = min((one for one in read_json(world / "reports/slices.json") if one["values"] == 1), key=lambda one: one["auc_low"])
    assert found == {"declared": True, **{name: least[name] for name in ("slice", "rows", "auc", "auc_low")}}
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "slices": {"columns": [], "minimum": 50}}})
    evaluate.main()
    nothing = read_json(world / "reports/metrics.json")["worst_slice"]
    assert nothing == {"declared": False, "slice": None, "rows": None, "auc": None, "auc_low": None}


def test_a_decision_that_is_none_of_the_task_is_refused(world: Path) -> None:
    """A threshold beyond 1 is found before anything is read or written."""
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "decision": {"threshold": 7}}})
    with pytest.raises(ConfigError, match=r"usecase\.decision\.threshold: 7 is no probability"):
        evaluate.main()


def test_a_use_case_without_protected_groups_says_so(world: Path) -> None:
    """The report is there, and holds no group."""
    usecase = {name: value for name, value in PARAMS["usecase"].items() if name != "fairness"}
    say(world / "params.yaml", {**PARAMS, "usecase": usecase})
    evaluate.main()
    found = read_json(world / "reports/fairness.json")
    assert (found["declared"], found["attributes"]) == (False, [])


def test_leaks_are_told_of_the_rows_that_were_used(world: Path) -> None:
    """No key in two splits, no label that was known too late; every feature of the model with what it tells alone."""
    found = read_json(world / "reports/leakage.json")
    assert (found["shared"]["keys"], found["shared"]["ids"], found["immature"]["rows"]) == (0, 0, 0)
    assert {one["name"] for one in found["alone"]["features"]} == set(read_json(world / "models/model/model.json")["features"])
    assert found["alone"]["features"][0] == found["alone"]["strongest"]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_any_score_that_is_not_the_models_is_counted(world: Path, split: str) -> None:
    """Every row is scored again: one score among all that is moved by its last bit, of whichever row, is found."""
    found = read_json(world / "reports/metrics.json")["rescored"]
    rows = {name: frames.read(world / f"data/predictions/{name}.parquet") for name in ("validation", "test")}
    assert found == {"rows": rows["validation"].height + rows["test"].height, "different": 0}
    moved = pl.when(pl.int_range(pl.len()) == 7).then(pl.col("score") * (1 + 2.0**-52)).otherwise("score")
    frames.write(rows[split].with_columns(score=moved), world / f"data/predictions/{split}.parquet")
    evaluate.main()
    assert read_json(world / "reports/metrics.json")["rescored"] == {**found, "different": 1}


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.with_columns(label=pl.col("score") > 0.3), "rows have another label than the {} split"),
        (lambda rows: rows.filter(pl.col("label") == (pl.col("score") > 0.3)), "rows, the {} split .*not the same ones"),
        (lambda rows: rows.with_columns(more=1), "neither key, label nor score: more"),
        (lambda rows: rows.drop("flight_id"), "has no column flight_id"),
    ],
    ids=["other labels", "easy rows alone", "a column more", "no key"],
)
def test_predictions_of_other_rows_or_labels_are_refused(world: Path, split: str, change: Any, message: str) -> None:
    """Labels and rows are those of the features, whatever the predictions say of them."""
    path = world / f"data/predictions/{split}.parquet"
    frames.write(change(frames.read(path)), path)
    with pytest.raises(ArtifactError, match=rf"{split}\.parquet.*{message.format(split)}(.|\n)*run: dvc repro -f score"):
        evaluate.main()


@pytest.mark.parametrize("stage", [evaluate, score], ids=["evaluate", "score"])
def test_a_model_of_another_task_is_refused(world: Path, stage: ModuleType) -> None:
    """Where params.yaml says another task than the model was trained for, nothing is scored or judged by it."""
    task = {"kind": "regression", "unit": "min"}
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "task": task, "decision": {"threshold": 0.5}}})
    with pytest.raises(ArtifactError, match=r"task is .*late.*params\.yaml is .*min(.|\n)*run: dvc repro"):
        stage.main()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said["rows"]["train"].update(used=10**9, asked=10**9, unlabelled=0, immature=0), r"rows\.train\.asked is 1000000000"),
        (
            lambda said: said.update(mitigation={"attributes": ["nope"], "threshold": 0.3, "groups": [], "others": 0.3}),
            "the model reads nope",
        ),
    ],
    ids=["rows", "mitigation"],
)
def test_a_model_of_other_rows_or_features_is_refused(world: Path, change: Any, message: str) -> None:
    """What it says that it was trained on is what the features hold, and what it reads is there."""
    said = read_json(world / "models/model/model.json")
    change(said)
    write_json(world / "models/model/model.json", said)
    with pytest.raises(ArtifactError, match=rf"{message}(.|\n)*run: dvc repro"):
        evaluate.main()


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
