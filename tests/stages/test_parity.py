"""parity, on the flights in their small world."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from interlock import frames, holdout, params
from interlock.errors import ArtifactError, ContractError
from interlock.features import featureset, golden
from interlock.files import read_json, sha256
from interlock.modeling.split import Split
from stages import parity
from tests.small_flights import ROOT, finished

KEY = ["as_of", "flight_id"]
FILES = ["features.parquet", "requests.parquet", "state.parquet"]
ROWS = holdout.STRETCHES * holdout.LENGTH


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the stage has run, in a process of its own on one thread; not to be changed."""
    folder = tmp_path_factory.mktemp("parity") / "a project é"
    for name in ("data/raw", "data/quarantine", "data/features", "usecases"):
        shutil.copytree(finished(tmp_path_factory) / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(finished(tmp_path_factory) / "params.yaml", folder)
    run(folder, 1)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the current folder."""
    folder = shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(folder)
    params.read_yaml.cache_clear()
    return folder


def run(folder: Path, threads: int) -> None:
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "stages.parity"], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for place in ("data/golden", "reports")
        for path in sorted((folder / place).iterdir())
    }


def test_online_and_offline_are_equal_over_a_sample_of_the_holdout(made: Path) -> None:
    """Four stretches of 250 requests, every public feature, no difference; the stage says nothing and exits with 0."""
    report = read_json(made / "reports/parity.json")
    features = len(featureset.read(made / "data/features/featureset.json").public)
    assert report == {
        "equal": True, "features": features, "rows": ROWS, "compared": ROWS * features,
        "mismatches": 0, "missing": 0, "extra": 0, "by_feature": {}, "first": [],
    }  # fmt: skip


def test_the_same_bytes_at_two_threads(made: Path, project: Path) -> None:
    """Another run on two threads, over what the first one left: the same report and the same golden vectors."""
    (project / "data/golden/left-over.parquet").write_text("old")
    run(project, 2)
    assert written(project) == written(made)
    assert [name for name in written(made) if name.startswith("data/golden")] == [f"data/golden/{name}" for name in FILES]


def test_golden_vectors_are_requests_of_the_test_period(made: Path) -> None:
    """A hundred of them, as they are in requests, with the features that `featurize` gave; computed again from their state."""
    place, features = made / "data/golden", featureset.read(made / "data/features/featureset.json")
    asked, vectors = (frames.read(place / name) for name in ("requests.parquet", "features.parquet"))
    everything = frames.read(made / "data/features/requests.parquet")
    assert asked.height == parity.VECTORS
    assert asked.equals(everything.join(asked, on=KEY, how="semi", maintain_order="left"))
    assert vectors.equals(frames.read(made / "data/features/features.parquet").join(asked, on=KEY, how="semi", maintain_order="left"))
    assert asked["as_of"].min() >= pl.Series(["2013-10-15T04:00:00Z"]).str.to_datetime(time_zone="UTC")[0]
    assert golden.verify(place, features).equals(vectors)


def test_the_stage_reports_a_difference_and_ends_well(project: Path) -> None:
    """A value that is not the one that `featurize` wrote is counted and named; whether it matters is for the gate to say."""
    path = project / "data/features/features.parquet"
    values, asked = frames.read(path), frames.read(project / "data/golden/requests.parquet")
    chosen = values["flight_id"] == asked["flight_id"][3]
    frames.write(values.with_columns(miles=pl.when(chosen).then(1).otherwise("miles").cast(values.schema["miles"])), path)
    parity.main()
    report = read_json(project / "reports/parity.json")
    assert (report["equal"], report["mismatches"], report["by_feature"]) == (False, 1, {"miles": 1})
    assert report["first"] == [
        {
            "feature": "miles",
            "logic": "distance",
            "request": {name: str(asked[name][3]) for name in KEY},
            "online": asked["distance"][3],
            "offline": 1,
        }
    ]


def test_a_sample_does_not_depend_on_where_other_rows_lie(project: Path) -> None:
    """Stretches are chosen by the hash of where they begin: of different places, in order, and each is of its length."""
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    features = featureset.read(project / "data/features/featureset.json")
    requests = holdout.test_rows(features, project / "data/features", split)
    stretches = holdout.stretches(features, requests)
    assert [stretch.height for stretch in stretches] == [holdout.LENGTH] * holdout.STRETCHES
    together = pl.concat(stretches)
    assert together["as_of"].is_sorted()
    assert together.select(KEY).n_unique() == together.height
    some = holdout.stretches(features, requests, 2, 10)
    assert all(stretch.equals(requests.join(stretch.head(1), on=KEY, how="semi").vstack(stretch[1:])) for stretch in some)
    assert [stretch.height for stretch in holdout.stretches(features, requests.head(7))] == [7]


def test_a_test_period_without_requests_is_refused(project: Path) -> None:
    """Nothing to compare is an error, not an agreement, and the old report stays."""
    before = written(project)
    text = (project / "params.yaml").read_text().replace("2014-01-02T04:00:00Z", "2034-01-02T04:00:00Z").replace("2013-10-15", "2033-10-15")
    (project / "params.yaml").write_text(text)
    params.read_yaml.cache_clear()
    with pytest.raises(ContractError, match="test period has no request"):
        parity.main()
    params.read_yaml.cache_clear()
    assert written(project) == before


@pytest.mark.parametrize("missing", ["data/features/featureset.json", "data/raw/planes.parquet", "data/quarantine/weather.parquet"])
def test_what_is_missing_is_named(project: Path, missing: str) -> None:
    """A file of an earlier stage that is not there ends the stage with its name; what was written before stays."""
    before = written(project)
    (project / missing).unlink()
    with pytest.raises(ArtifactError, match=Path(missing).name):
        parity.main()
    assert written(project) == before
