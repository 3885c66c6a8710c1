"""The stage `explain`."""

from pathlib import Path

import numpy as np
import pytest

from interlock import frames
from interlock.files import read_json
from interlock.modeling.score import Scorer
from stages import explain, score, train
from tests import modeled_flights


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    modeled_flights.project(tmp_path, monkeypatch)
    train.main()
    return tmp_path


def test_the_report_explains_the_rows_that_were_scored(project: Path) -> None:
    """With fewer test rows than the sample holds: importances over all of them, and their three highest and lowest scores."""
    score.main()
    explain.main()
    report, chart = read_json(project / "reports/explain.json"), read_json(project / "reports/importance.json")
    scored = frames.read(project / "data/predictions/test.parquet")
    assert report["rows"] == scored.height
    assert [row["score"] for row in report["highest"]] == pytest.approx(scored["score"].sort(descending=True).head(3).to_list(), rel=1e-8)
    features = frames.read(project / "data/features/features.parquet").join(scored, on=modeled_flights.KEY, how="semi")
    parts = Scorer.open(project / "models/model").contributions(features)
    expected = dict(zip(modeled_flights.FEATURES, np.abs(parts).mean(axis=0), strict=False))
    assert {one["feature"]: one["importance"] for one in chart} == pytest.approx(expected, rel=1e-8)
    assert chart == [{"feature": one["feature"], "importance": one["importance"]} for one in report["global"]]


def test_slices_are_those_that_the_use_case_names(project: Path) -> None:
    """Columns of requests and features, alone and crossed, each row in one slice of each; those whose drivers differ most are named."""
    explain.main()
    report = read_json(project / "reports/explain.json")
    columns = {one["column"] for one in report["slices"]}
    assert columns == {"origin", "morning", "origin × morning"}
    for column in columns:
        assert sum(one["rows"] for one in report["slices"] if one["column"] == column) == report["rows"]
    assert {one["slice"] for one in report["different"]} < {one["slice"] for one in report["slices"]}
    assert all(len(one["features"]) == len(modeled_flights.FEATURES) for one in report["slices"])


def test_a_large_split_is_sampled_alike_every_time(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample has its declared size, and a chart no more than its declared length."""
    monkeypatch.setattr(explain, "ROWS", 100)
    monkeypatch.setattr(explain, "CHARTED", 4)
    explain.main()
    first = read_json(project / "reports/explain.json")
    explain.main()
    assert first == read_json(project / "reports/explain.json")
    assert first["rows"] == 100
    assert len(read_json(project / "reports/importance.json")) == 4


def test_reports_have_the_same_bytes_at_any_number_of_threads(project: Path) -> None:
    """One thread or two; nothing is printed."""
    assert modeled_flights.run("explain", project, threads=1) == modeled_flights.run("explain", project, threads=2)
