"""Loan applications with nothing to look back on: references and expressions alone, split row by row."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from interlock.errors import ContractError
from tests.usecases.project import Written, agrees, by_brute_force, features, report, run

CONF = """
name: credit
task: {kind: binary, positive: defaulted}
tables:
  applications:
    from: files
    path: data/own/applications.csv.zip
    types: {application: Int64, applied: Datetime, amount: Int32, months: Int8, income: Float64, branch: Int16, first: Boolean, defaulted: Boolean}
    zones: {applied: UTC}
  branches: {from: files, path: data/own/branches.csv.gz, types: {branch: Int16, unemployment: Float64}}
world: {name: full, keep: {}}
small: {}
split: {by: row, shares: {train: 0.6, validation: 0.2, test: 0.2}, salt: credit}
slices: {columns: [region, first], minimum: 30}
catalog:
  owner: risk
  description: Loans that are not paid back.
  tables:
    applications: {description: Every application., licence: internal}
    branches: {description: Where they were made., licence: internal}
"""
SCHEMA = """
import pandera.polars as pa
import polars as pl

from interlock.usecase import Utc, outcome, reference, request, source


@request(by="application", as_of="applied")
class Request(pa.DataFrameModel):
    application: int
    applied: Utc
    amount: pl.Int32 = pa.Field(ge=100)
    months: pl.Int8
    income: float = pa.Field(nullable=True)
    branch: pl.Int16 = pa.Field(nullable=True)
    first: bool


@outcome(horizon="365d")
class Outcome(pa.DataFrameModel):
    defaulted: bool


@source(key="application")
class Applications(pa.DataFrameModel):
    application: int = pa.Field(unique=True)
    applied: Utc
    amount: pl.Int32 = pa.Field(ge=100, le=50_000)
    months: pl.Int8 = pa.Field(isin=[12, 24, 36, 60])
    income: float = pa.Field(ge=0, nullable=True)
    branch: pl.Int16 = pa.Field(nullable=True)
    first: bool
    defaulted: bool = pa.Field(nullable=True)


@reference(by="branch", fixed=["region", "unemployment"])
class Branches(pa.DataFrameModel):
    branch: pl.Int16 = pa.Field(unique=True)
    region: str
    unemployment: float
"""
EVENTS = """
import polars as pl


def requests(applications: pl.LazyFrame) -> pl.LazyFrame:
    return applications.drop("defaulted")


def outcomes(applications: pl.LazyFrame) -> pl.LazyFrame:
    return applications.select("application", "applied", "defaulted").drop_nulls()
"""
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.credit.schema import Branches

branch_ = view(Branches)
region = branch_.lookup("region", "Region of the branch")
unemployment = branch_.lookup("unemployment", "Unemployment where the branch is", unit="%", expect=(0, 100), severity="fail")
rate = on_demand(col("amount") / col("months"), "To pay back each month", unit="EUR")
burden = on_demand(col("rate") / (col("income") / 12), "Part of the income that goes into it")
new = on_demand(col("first"), "First application")
weekday = on_demand(col("applied").dt.weekday(), "Day of the week", expect=(1, 7))
"""


def write(folder: Path, code: dict[str, str] | None = None) -> Path:
    random, own = Random(11), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    lines = ["application,applied,amount,months,income,branch,first,defaulted"]
    for number in range(1500):
        amount, months = random.randint(100, 30_000), random.choice([12, 24, 36, 60])
        income, branch = random.choice([None, random.randint(10_000, 90_000), 0]), random.choice([None, *range(1, 9)])
        heavy = income is not None and amount / months > 0.03 * income
        defaulted = random.choice(
            ["", str(random.random() < (0.6 if heavy else 0.1)).lower(), str(random.random() < (0.6 if heavy else 0.1)).lower()]
        )
        applied = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=random.randint(0, 8000))
        cells = [number, applied.isoformat(), amount, months, income, branch, str(number % 3 == 0).lower(), defaulted]
        lines.append(",".join("" if cell is None else str(cell) for cell in cells))
    with zipfile.ZipFile(own / "applications.csv.zip", "w") as archive:
        archive.writestr("applications.csv", "\n".join(lines) + "\n")
    branches = pl.DataFrame({"branch": range(1, 8), "region": [*"nnsseew"], "unemployment": [3.5, 0.0, 7.25, 4.0, 4.5, 11.0, 2.0]})
    branches.write_csv(own / "branches.csv.gz", compression="gzip")  # the branch 8 is not listed
    Written("credit", CONF, {"schema": SCHEMA, "events": EVENTS, "features": FEATURES, "stress": "", **(code or {})}).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("credit") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle, with nothing different online though there is no history."""
    agrees(folder)


def test_values_are_what_the_declarations_say(folder: Path) -> None:
    """Lookups by a key that is null or not listed, and divisions by nothing, held against the raw rows."""
    by_brute_force(folder, 7)
    values = features(folder)
    assert values.filter(branch=8)["region"].null_count() == values.filter(branch=8).height > 0
    assert values.filter(pl.col("branch").is_null())["unemployment"].null_count() == values["branch"].null_count() > 0
    assert values.filter(income=0)["burden"].is_infinite().all()


def test_splits_are_shares_of_rows(folder: Path) -> None:
    """Six, two and two tenths, by hash: no row lies in a gap, whenever its label matures."""
    rows = report(folder, "metrics")["rows"]
    assert rows["gap"] == 0
    assert rows["train"] / (rows["requests"] - rows["without_outcome"]) == pytest.approx(0.6, abs=0.05)


def test_an_expectation_that_must_hold_stops_the_run(tmp_path: Path) -> None:
    """A value outside of it, with the severity `fail`: the feature is named, and nothing is written."""
    write(tmp_path, {"features": FEATURES.replace("expect=(0, 100)", "expect=(1, 100)")})
    with pytest.raises(ContractError, match=r"unemployment: \d+ of 1500 values lie outside of \[1.0, 100.0\]"):
        run(tmp_path, "ingest", "validate", "featurize")
    assert not (tmp_path / "data/features").exists()
