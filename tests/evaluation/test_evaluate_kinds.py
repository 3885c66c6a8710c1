"""evaluate, where the task is of several classes or of a number: real flights, the time they were in the air, and a trained model."""

import contextlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle

from interlock import params
from interlock.errors import ConfigError
from interlock.evaluation import charts
from interlock.evaluation.metrics import TABLE
from interlock.files import by_name, read_json, write_json
from stages import evaluate, score, train
from tests.modeled_flights import MODEL, SPLIT, flights, write

ROOT = Path(__file__).parents[2]
DIGITS = 5e-9
NAMES = ["metrics", "slices", "fairness", "leakage", *charts.NAMES]
CLASSES = ["long", "medium", "short"]
TASKS: dict[str, dict[str, Any]] = {
    "multiclass": {"kind": "multiclass", "classes": CLASSES},
    "regression": {"kind": "regression", "unit": "min"},
}
LABELS = {
    "multiclass": pl.when(pl.col("air") < 90)
    .then(pl.lit("short"))
    .when(pl.col("air") < 180)
    .then(pl.lit("medium"))
    .otherwise(pl.lit("long")),
    "regression": pl.col("air"),
}
DECISIONS: dict[str, dict[str, Any]] = {"multiclass": {"favourable": ["short", "medium"]}, "regression": {"threshold": 120.0}}
HEADLINES = {"multiclass": "auc", "regression": "r2"}


def said(kind: str) -> dict[str, Any]:
    """params.yaml; the time in the air itself is no feature."""
    usecase = {
        "name": "sampled_flights",
        "task": TASKS[kind],
        "split": SPLIT,
        "slices": {"columns": ["origin"], "minimum": 200, "crossings": [["origin", "morning"]]},
        "evaluation": {"rounds": 60, "seed": 7},
        "fairness": {"attributes": ["origin"], "minimum": 200, "inputs": True},
        "decision": DECISIONS[kind],
    }
    return {"usecase": usecase, "model": {**MODEL, "exclude": ["air"]}, "gates": {}}


@cache
def built(kind: str) -> Path:
    """The folder of a project of this kind, made once a process by the stages themselves."""
    root = Path(mkdtemp(prefix=f"{kind}-"))
    label = pl.when(pl.col("air").is_not_null()).then(LABELS[kind]).alias("late")
    with contextlib.chdir(root):
        write(Path("data/features"), flights().with_columns(label))
        write_json(Path("params.yaml"), said(kind))
        for stage in (train, score, evaluate):
            params.read_yaml.cache_clear()
            stage.main()
    params.read_yaml.cache_clear()
    return root


def reports(kind: str) -> dict[str, Any]:
    return {name: read_json(built(kind) / f"reports/{name}.json") for name in NAMES}


def predictions(kind: str) -> pl.DataFrame:
    return pl.read_parquet(built(kind) / "data/predictions/test.parquet")


def test_several_classes_are_measured_as_scikit_learn_measures_them() -> None:
    """From the file of predictions: accuracy, F1, AUC, log loss and Brier score."""
    rows, found = predictions("multiclass"), reports("multiclass")["metrics"]["test"]
    labels = np.array([CLASSES.index(name) for name in rows["label"]])
    scores = rows.select(f"score_{name}" for name in CLASSES).to_numpy()
    there = [oracle.roc_auc_score(labels == place, scores[:, place]) for place in range(3)]
    assert found["auc"] == pytest.approx(np.mean(there), rel=DIGITS)
    assert found["accuracy"] == pytest.approx(oracle.accuracy_score(labels, scores.argmax(axis=1)), rel=DIGITS)
    assert found["macro_f1"] == pytest.approx(oracle.f1_score(labels, scores.argmax(axis=1), average="macro"), rel=DIGITS)
    assert found["log_loss"] == pytest.approx(oracle.log_loss(labels, scores, labels=range(3)), rel=DIGITS)
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(labels, scores, labels=range(3), scale_by_half=False), rel=DIGITS)


def test_a_number_is_measured_as_scikit_learn_measures_it() -> None:
    """From the file of predictions: R² and the errors; the mean label, always said, has an R² of hardly anything."""
    rows, found = predictions("regression"), reports("regression")["metrics"]
    assert found["test"]["r2"] == pytest.approx(oracle.r2_score(rows["label"], rows["score"]), rel=DIGITS)
    assert found["test"]["mae"] == pytest.approx(oracle.mean_absolute_error(rows["label"], rows["score"]), rel=DIGITS)
    assert found["test"]["rmse"] == pytest.approx(oracle.root_mean_squared_error(rows["label"], rows["score"]), rel=DIGITS)
    assert -0.05 < found["baseline"]["r2"] <= 0 < found["linear"]["r2"] < 1


@pytest.mark.parametrize("kind", TASKS)
def test_every_report_tells_of_the_kind(kind: str) -> None:
    """Metrics with intervals, gains over each baseline, the worst slice by the headline, no binary decision, and a leak's headline."""
    found, headline = reports(kind), HEADLINES[kind]
    metrics = found["metrics"]
    assert [name for name in metrics["test"] if not name.endswith(("_low", "_high"))] == list(TABLE[kind])
    assert metrics["decision"] is None
    assert metrics["rescored"]["different"] == 0
    for gain in by_name(metrics["gain"]).values():
        assert gain[headline]["gain_low"] < gain[headline]["gain"] < gain[headline]["gain_high"]
    assert metrics["worst_slice"][f"{headline}_low"] < metrics["worst_slice"][headline]
    strongest, second = found["leakage"]["alone"]["features"][:2]
    assert found["leakage"]["alone"]["strongest"] == strongest
    assert {strongest["name"], second["name"]} == {"dest", "distance"}
    assert strongest[headline] > 0.95
    assert [name for name in charts.NAMES if found[name]] == [name for name in charts.NAMES if name in {*charts.TABLE[kind], "calibration"}]


@pytest.mark.parametrize("kind", TASKS)
def test_groups_are_told_of_what_the_decision_favours(kind: str) -> None:
    """Selected is whose likeliest class is favourable, or whose score reaches the threshold; the report says which rule that is."""
    rows, found = predictions(kind), reports(kind)["fairness"]
    assert (found["threshold"], found["favourable"]) == ((None, ["short", "medium"]) if kind == "multiclass" else (120.0, []))
    scores = rows.select(f"score_{name}" for name in CLASSES).to_numpy() if kind == "multiclass" else rows["score"].to_numpy()
    selected = np.isin(scores.argmax(axis=1), [1, 2]) if kind == "multiclass" else scores >= 120
    origins = flights().select("as_of", "flight_id", "origin")
    origin = rows.select("as_of", "flight_id").join(origins, on=["as_of", "flight_id"], how="left", maintain_order="left")["origin"]
    (attribute,) = found["attributes"]
    for group in attribute["groups"]:
        assert group["selection_rate"] == pytest.approx(selected[(origin == group["name"]).to_numpy()].mean(), rel=DIGITS)
    assert 0 < attribute["gaps"]["selection_rate"] < 1


@pytest.mark.parametrize("kind", TASKS)
def test_the_number_of_threads_changes_no_byte(kind: str) -> None:
    """The stage as DVC runs it, with one thread and with two: every report is the same."""
    before = {name: (built(kind) / f"reports/{name}.json").read_bytes() for name in NAMES}
    for threads in ("1", "2"):
        environment = os.environ | {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-m", "stages.evaluate"], cwd=built(kind), env=environment, check=True)
        assert {name: (built(kind) / f"reports/{name}.json").read_bytes() for name in NAMES} == before


@pytest.mark.parametrize("kind", TASKS)
def test_groups_without_a_rule_are_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where groups are declared and the decision does not say who is selected, the error names the key and where to mend it."""
    params.read_yaml.cache_clear()
    monkeypatch.chdir(tmp_path)
    usecase = {name: value for name, value in said(kind)["usecase"].items() if name != "decision"}
    write_json(Path("params.yaml"), {**said(kind), "usecase": usecase})
    with pytest.raises(ConfigError, match=r"usecase\.decision\.\w+: fairness is declared.*\n.*conf/usecase/"):
        evaluate.main()
    params.read_yaml.cache_clear()
