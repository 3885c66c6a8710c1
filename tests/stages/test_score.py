"""The stage `score`."""

from pathlib import Path

import lightgbm as lgb
import polars as pl
import pytest

from interlock import frames
from interlock.errors import ArtifactError
from interlock.modeling.score import Scorer
from stages import score, train
from tests import modeled_flights


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    modeled_flights.project(tmp_path, monkeypatch)
    train.main()
    return tmp_path


def test_every_labelled_row_of_validation_and_test_is_scored(project: Path) -> None:
    """Keys, labels and the bits of LightGBM's own raw score, in the order of the key, for the rows of the two periods and no other."""
    score.main()
    flights = modeled_flights.flights().gather_every(10)
    booster = lgb.Booster(model_file=project / "models/model/booster.txt")
    encoder = Scorer.open(project / "models/model").model.encoder
    periods = {"validation": ("train_until", "validation_until"), "test": ("validation_until", "test_until")}
    for name, (start, end) in periods.items():
        first, last = (pl.lit(modeled_flights.SPLIT[key]).str.to_datetime(time_unit="us", time_zone="UTC") for key in (start, end))
        rows = flights.filter(pl.col("as_of") >= first, pl.col("matured_at") <= last, pl.col("late").is_not_null())
        found = frames.read(project / f"data/predictions/{name}.parquet")
        assert found.columns == [*modeled_flights.KEY, "label", "raw_score", "score"]
        assert found.drop("raw_score", "score").equals(rows.select(*modeled_flights.KEY, pl.col("late").alias("label")))
        assert found["raw_score"].to_list() == list(booster.predict(encoder.matrix(rows), raw_score=True))


def test_predictions_of_several_classes_have_columns_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, label, raw scores and scores, in the order of the classes; the same bytes with one thread or two."""
    project = modeled_flights.project(tmp_path, monkeypatch, "multiclass")
    train.main()
    assert modeled_flights.run("score", project, threads=1) == modeled_flights.run("score", project, threads=2)
    found = frames.read(project / "data/predictions/test.parquet")
    columns = [f"{kind}_{name}" for kind in ("raw_score", "score") for name in ("late", "on time", "early")]
    assert found.columns == [*modeled_flights.KEY, "label", *columns]
    assert found["label"].dtype == pl.String


def test_predictions_have_the_same_bytes_at_any_number_of_threads(project: Path) -> None:
    """One thread or two, in another process than the one that trained; nothing is printed."""
    assert modeled_flights.run("score", project, threads=1) == modeled_flights.run("score", project, threads=2)


def test_an_altered_model_scores_nothing(project: Path) -> None:
    """A booster that is not the one that was trained is refused before a prediction is written."""
    path = project / "models/model/booster.txt"
    path.write_text(path.read_text().replace("leaf_value=", "leaf_value=1", 1))
    with pytest.raises(ArtifactError, match=r"booster\.txt is not the booster"):
        score.main()
    assert not (project / "data/predictions").exists()
