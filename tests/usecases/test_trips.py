"""Trips of a few people, by foot, by bus or by car: one of several classes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest

from interlock.errors import ContractError
from interlock.files import read_json
from interlock.modeling.task import Multiclass
from tests.usecases.project import Written, agrees, by_brute_force, report, run

CONF = """
name: trips
task: {kind: multiclass, classes: [foot, bus, car]}
tables:
  trips: {from: files, path: data/own/trips.parquet}
world: {name: full, keep: {}}
small: {}
split: {by: time, train_until: "2024-07-01T00:00:00Z", validation_until: "2024-09-01T00:00:00Z", test_until: "2024-11-15T00:00:00Z"}
slices: {columns: [rain], minimum: 50}
catalog:
  owner: city
  description: How people travel.
  tables:
    trips: {description: Every trip that was recorded., licence: internal}
"""
SCHEMA = """
import pandera.polars as pa

from interlock.usecase import Utc, history, outcome, request, source

MODES = ["foot", "bus", "car"]


@request(by="trip", as_of="left")
class Request(pa.DataFrameModel):
    trip: int
    left: Utc
    traveller: str
    km: float = pa.Field(ge=0, le=100)
    raining: bool = pa.Field(nullable=True)


@outcome(horizon="1d")
class Outcome(pa.DataFrameModel):
    mode: str = pa.Field(isin=MODES)


@source(key="trip")
class Trips(pa.DataFrameModel):
    trip: int
    traveller: str
    left: Utc
    arrived: Utc
    km: float = pa.Field(ge=0, le=100)
    raining: bool = pa.Field(nullable=True)
    mode: str = pa.Field(isin=MODES, nullable=True)


Past = history(of=Trips, by="traveller", id="trip", time="arrived", columns=["mode", "km"])
"""
EVENTS = """
import polars as pl


def requests(trips: pl.LazyFrame) -> pl.LazyFrame:
    return trips.select("trip", "left", "traveller", "km", "raining")


def outcomes(requests: pl.LazyFrame, trips: pl.LazyFrame) -> pl.LazyFrame:
    return trips.select("trip", "left", "mode")
"""
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.trips.schema import Past

past = view(Past)
distance = on_demand(col("km"), "Distance", unit="km", expect=(0, 100))
rain = on_demand(col("raining"), "Whether it rains")
before = past.count("90d", "Trips in the last quarter")
by_car = past.share(col("mode") == "car", "90d", "Share of them by car", expect=(0, 1))
by_foot = past.share(col("mode") == "foot", "90d", "Share of them by foot", expect=(0, 1))
"""


def write(folder: Path, conf: str = CONF) -> Path:
    random, own = Random(4), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    habits = {f"t{number}": random.choice(["foot", "bus", "car", "car"]) for number in range(30)}
    start, rows = datetime(2024, 1, 1, tzinfo=UTC), []
    for trip in range(4000):
        traveller, km, rain = random.choice(list(habits)), round(random.expovariate(0.2), 1) % 100, random.random() < 0.3
        mode = habits[traveller] if random.random() < 0.7 else "foot" if km < 2 and not rain else random.choice(["bus", "car"])
        left = start + timedelta(minutes=110 * trip)
        rows.append(
            {
                "trip": trip, "traveller": traveller, "left": left, "arrived": left + timedelta(minutes=5 + int(km)), "km": km,
                "raining": random.choice([rain, rain, None]), "mode": None if random.random() < 0.03 else mode,
            }
        )  # fmt: skip
    times = [pl.col(name).dt.cast_time_unit("us") for name in ("left", "arrived")]
    pl.DataFrame(rows, infer_schema_length=None).with_columns(times).write_parquet(own / "trips.parquet")
    Written("trips", conf, {"schema": SCHEMA, "events": EVENTS, "features": FEATURES}).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("trips") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle that reproduces the scores of every class, with nothing different online."""
    agrees(folder)
    by_brute_force(folder, 60)


def test_every_class_is_scored(folder: Path) -> None:
    """Scores of a row are 1 together, and the likeliest class is right more often than the most frequent one would be."""
    task = Multiclass(("foot", "bus", "car"))
    predicted = pl.read_parquet(folder / "data/predictions/test.parquet")
    assert predicted.columns == ["left", "trip", "label", *task.columns]
    scores, labels = task.scores(predicted), task.labels(predicted["label"])
    assert np.abs(scores.sum(axis=1) - 1).max() < 3e-15
    assert (scores.argmax(axis=1) == labels).mean() > np.bincount(labels).max() / len(labels) + 0.05
    assert report(folder, "metrics")["test"]["auc"] > report(folder, "metrics")["baseline"]["auc"] == 0.5


def test_trips_without_a_mode_are_no_labels(folder: Path) -> None:
    """A null is a request like any other, and counted as unlabelled."""
    rows = read_json(folder / "models/model/model.json")["rows"]
    assert rows["train"]["unlabelled"] > 0 < rows["validation"]["unlabelled"]
    assert report(folder, "metrics")["rows"]["without_outcome"] == pl.read_parquet(folder / "data/own/trips.parquet")["mode"].null_count()


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("[foot, bus, train]", "outcome 'car' is none of the classes foot, bus, train"),
        ("[foot, bus, car, train]", r"no row of the class train \(foot \d+, bus \d+, car \d+, train 0\)"),
    ],
)
def test_classes_that_are_not_those_of_the_data_are_refused(tmp_path: Path, classes: str, message: str) -> None:
    """One too few and one too many, each by its name."""
    write(tmp_path, CONF.replace("[foot, bus, car]", classes))
    with pytest.raises(ContractError, match=message):
        run(tmp_path, "ingest", "validate", "featurize", "train")
