"""The stage `train`."""

from pathlib import Path

import polars as pl
import pytest

from interlock.errors import ConfigError, ContractError
from interlock.features import featureset
from interlock.files import read_json, write_json
from interlock.modeling.score import Scorer
from stages import train
from tests import modeled_flights


def test_a_model_is_written_with_all_that_its_scores_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files that open as a scorer, with the feature set's fingerprint and the counts of rows, and a curve of as many rounds."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    train.main()
    model = Scorer.open(project / "models/model").model
    assert model.featureset == featureset.read(project / "data/features/featureset.json").fingerprint
    assert model.features == tuple(modeled_flights.FEATURES)
    assert model.rows["train"]["used"] > 2000
    assert isinstance(model.baselines.base_rate, float)
    assert 0.2 < model.baselines.base_rate < 0.3
    assert model.baselines.reads == modeled_flights.FEATURES
    curve = read_json(project / "reports/learning_curve.json")
    assert [set(point) for point in curve] == [{"round", "training", "validation"}] * len(curve)
    assert max(curve, key=lambda point: point["validation"])["round"] == model.rounds
    assert sorted(path.name for path in (project / "models/model").iterdir()) == ["booster.txt", "model.json"]


def test_the_model_has_the_same_bytes_at_any_number_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread for Polars and OpenMP, or two: of any kind of task booster, encoder, calibrator, baselines and curve are equal byte
    for byte; nothing is printed."""
    for number in ("a first", "zwéi"):
        for task in modeled_flights.TASKS:
            modeled_flights.project(tmp_path / number / task, monkeypatch, task)
    first = modeled_flights.run("train", tmp_path / "a first", 1, folders=list(modeled_flights.TASKS))
    second = modeled_flights.run("train", tmp_path / "zwéi", 2, folders=list(modeled_flights.TASKS))
    assert first == second
    for task, said in modeled_flights.TASKS.items():
        assert {f"{task}/{out}" for out in ("models/model/booster.txt", "models/model/model.json", "reports/learning_curve.json")} < set(
            first
        )
        assert read_json(tmp_path / "zwéi" / task / "models/model/model.json")["task"]["kind"] == said["kind"]


def test_protected_attributes_are_no_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the use case protects is no input, though it is a feature; a mitigation by it is part of the model."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    found = read_json(project / "params.yaml")
    usecase = {**found["usecase"], "fairness": {"attributes": ["origin"], "minimum": 100}, "decision": {"threshold": 0.3}}
    write_json(project / "params.yaml", {**found, "usecase": usecase, "model": {**found["model"], "mitigation": "equalized_odds"}})
    train.main()
    scorer = Scorer.open(project / "models/model")
    assert set(modeled_flights.FEATURES) - set(scorer.model.features) == {"origin"}
    assert scorer.model.mitigation is not None
    assert [group.values for group in scorer.model.mitigation.groups] == [("EWR",), ("JFK",), ("LGA",)]
    features = modeled_flights.flights().select(modeled_flights.FEATURES).head(50)
    assert not scorer.score(features).equals(scorer.score(features.with_columns(origin=pl.lit("EWR"))))


def test_a_period_of_one_class_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage says what it found, and leaves no half of a model behind."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    late = pl.when(pl.col("late").is_not_null()).then(pl.lit(True)).alias("late")
    modeled_flights.write(project / "data/features", modeled_flights.flights().gather_every(10).with_columns(late))
    with pytest.raises(ContractError, match=r"train split has these labels: True \(\d+ rows\)"):
        train.main()
    assert not (project / "models").exists()


def test_a_nonsense_hyperparameter_is_refused_before_data_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names file and key."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    found = read_json(project / "params.yaml")
    write_json(project / "params.yaml", {**found, "model": {**found["model"], "num_leaves": 1}})
    (project / "data/features/features.parquet").unlink()
    with pytest.raises(ConfigError, match=r"params\.yaml: model\.num_leaves.*found 1"):
        train.main()
