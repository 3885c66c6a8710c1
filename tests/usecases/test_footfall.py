"""People who pass two sensors, hour by hour: a number, with a forecast that is there already."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from interlock.errors import ContractError
from interlock.files import read_json
from tests.usecases.project import Written, agrees, by_brute_force, features, report, run

CONF = """
name: footfall
task: {kind: regression, unit: people, loss: poisson, baseline: week_ago}
tables:
  counts: {from: files, path: data/own/counts.parquet}
world: {name: full, keep: {}}
small: {}
split: {by: time, train_until: "2024-02-20T00:00:00Z", validation_until: "2024-03-01T00:00:00Z", test_until: "2024-03-20T00:00:00Z"}
slices: {columns: [place], minimum: 50}
catalog:
  owner: city
  description: People who pass.
  tables:
    counts: {description: Every hour of every sensor., licence: internal}
"""
SCHEMA = """
import pandera.polars as pa

from interlock.usecase import Utc, history, outcome, request


@request(by="sensor")
class Request(pa.DataFrameModel):
    sensor: str
    as_of: Utc


@outcome(horizon="1h")
class Outcome(pa.DataFrameModel):
    passed: int


@history(by="sensor", id="id", time="started", available="ended", lateness="1h")
class Counts(pa.DataFrameModel):
    id: str = pa.Field(unique=True)
    sensor: str
    started: Utc
    ended: Utc
    people: int = pa.Field(ge=0, le=10000)
"""
EVENTS = '''
import polars as pl


def requests(counts: pl.LazyFrame) -> pl.LazyFrame:
    """How many will pass, at the beginning of each hour."""
    return counts.select("sensor", as_of="started")


def outcomes(requests: pl.LazyFrame, counts: pl.LazyFrame) -> pl.LazyFrame:
    return counts.select("sensor", as_of="started", passed="people")
'''
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.footfall.schema import Counts

counts = view(Counts)
place = on_demand(col("sensor"), "Where the sensor stands")
hour = on_demand(col("as_of").dt.hour(), "Hour of the day", expect=(0, 23))
weekday = on_demand(col("as_of").dt.weekday(), "Day of the week", expect=(1, 7))
last = counts.latest("people", "People in the last hour that is known", max_age="6h")
day = counts.mean("people", "1d", "People an hour in the last day")
week_ago = counts.sum("people", "2h", "People in the same hour a week ago", ago="166h")
"""
GATES = """
parity: {report: parity, metric: mismatches, max: 0, why: Features must be the same online.}
r2: {metric: test.r2, min: 0.3, why: Better than the mean.}
line: {metric: test.r2, min_gain: 0.0, against: baseline, why: Better than what is there already.}
"""


def write(folder: Path, conf: str = CONF) -> Path:
    random, own = Random(8), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    start, rows = datetime(2024, 1, 1, tzinfo=UTC), []
    for number in range(24 * 78):
        started = start + timedelta(hours=number)
        for sensor, scale in (("bridge", 3.0), ("square", 9.0)):
            busy = scale * (1 + 8 * max(0, 6 - abs(started.hour - 14))) * (0.4 if started.weekday() > 4 else 1)
            people = max(0, round(random.gauss(busy, 0.45 * busy)))
            if random.random() < 0.99:
                rows.append(
                    {
                        "id": f"{sensor}-{number}",
                        "sensor": sensor,
                        "started": started,
                        "ended": started + timedelta(hours=1),
                        "people": people,
                    }
                )
    times = [pl.col(name).dt.cast_time_unit("us") for name in ("started", "ended")]
    pl.DataFrame(rows).with_columns(times).write_parquet(own / "counts.parquet")
    Written("footfall", conf, {"schema": SCHEMA, "events": EVENTS, "features": FEATURES}, GATES, rounds=300).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("footfall") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle that reproduces the expected numbers, with nothing different online."""
    agrees(folder)
    by_brute_force(folder, 60)


def test_the_same_hour_a_week_ago_is_a_baseline(folder: Path) -> None:
    """The feature is the very count, the third baseline in the report, and the model explains more than any of the three."""
    made = features(folder).sort("sensor", "as_of")
    earlier = made.select("sensor", pl.col("as_of") + timedelta(days=7), expected="passed")
    both = made.join(earlier, on=["sensor", "as_of"], how="left").filter(pl.col("as_of") >= datetime(2024, 1, 9, tzinfo=UTC))
    assert both["week_ago"].fill_null(0).equals(both["expected"].fill_null(0), check_names=False)
    found = report(folder, "metrics")
    best = max(found[name]["r2"] for name in ("baseline", "linear", "named"))
    assert found["test"]["r2"] > best > 0.3
    assert found["named"]["r2"] > 0.3 > found["baseline"]["r2"]


def test_scores_are_numbers_of_people(folder: Path) -> None:
    """None is below 0, and together they are as many as came, to a tenth."""
    predicted = pl.read_parquet(folder / "data/predictions/test.parquet")
    assert (predicted["score"] > 0).all()
    assert predicted["score"].sum() == pytest.approx(predicted["label"].sum(), rel=0.1)
    assert read_json(folder / "models/model/model.json")["calibrator"] == {"type": "link", "link": "exp"}


@pytest.mark.parametrize(
    ("task", "message"),
    [("baseline: place", "'place' is a feature of String, no number"), ("baseline: year_ago", "'year_ago' is no feature")],
)
def test_a_baseline_that_is_no_forecast_is_refused(folder: Path, task: str, message: str) -> None:
    """A name that is no feature, or no number, stops the training and says which numbers there are."""
    path = folder / "conf/usecase/footfall.yaml"
    path.write_text(CONF.replace("baseline: week_ago", task), encoding="utf-8")
    try:
        with pytest.raises(ContractError, match=message):
            run(folder, "train")
    finally:
        path.write_text(CONF, encoding="utf-8")
