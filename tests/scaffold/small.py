"""A use case as small as they come, one CSV of loans without time, as somebody would have drafted it: for tests of projects."""

from pathlib import Path
from random import Random

NAME = "loans"
CONF = """\
# Which loans are not paid back?
name: loans

task: {kind: binary, positive: defaulted}

tables:
  loans:
    from: files
    path: data/own/loans.csv
    types: {loan: Int64, amount: Int32, months: Int8, income: Int32, defaulted: Boolean}

world: {name: full, keep: {}}
small: {}
split: {by: row, shares: {train: 0.6, validation: 0.2, test: 0.2}, salt: loans}
slices: {columns: [term], minimum: 50}

catalog:
  owner: risk
  description: "Loans that are not paid back: who asks for too much?"
  tables:
    loans: {description: Every loan., licence: internal}
"""
GATES = """\
defaults:
  - binary
  - _self_

calibration: {metric: test.ece, max: 0.2, why: "Few rows."}
gain: {metric: test.auc, min_gain: -0.1, against: baseline, why: "Few rows."}
slices: {metric: worst_slice.auc, min: 0.2, if_declared: true, why: "Few rows."}
"""
MODEL = """\
# LightGBM, for few rows.
rounds: 30
early_stopping: 10
learning_rate: 0.1
num_leaves: 7
min_data_in_leaf: 20
feature_fraction: 0.9
bagging_fraction: 0.9
bagging_freq: 1
lambda_l1: 0.0
lambda_l2: 1.0
max_bin: 63
cat_smooth: 10.0
cat_l2: 10.0
threads: 2
seed: 7
exclude: []
mitigation: null
"""
SCHEMA = '''\
"""Loans, and how they ended."""

import pandera.polars as pa
import polars as pl

from interlock.usecase import outcome, request, source


@request(by="loan", as_of=None)
class Request(pa.DataFrameModel):
    """Somebody who asks for a loan."""

    loan: int
    amount: pl.Int32 = pa.Field(ge=100, le=50_000)
    months: pl.Int8 = pa.Field(isin=[12, 24, 36, 60])
    income: pl.Int32 = pa.Field(ge=0)


@outcome()
class Outcome(pa.DataFrameModel):
    """Whether it was paid back."""

    defaulted: bool


@source(key="loan")
class Loans(pa.DataFrameModel):
    """Every loan."""

    loan: int = pa.Field(unique=True)
    amount: pl.Int32 = pa.Field(ge=100, le=50_000)
    months: pl.Int8 = pa.Field(isin=[12, 24, 36, 60])
    income: pl.Int32 = pa.Field(ge=0)
    defaulted: bool
'''
EVENTS = '''\
"""From the table to requests and outcomes."""

import polars as pl


def requests(loans: pl.LazyFrame) -> pl.LazyFrame:
    """Every loan."""
    return loans.drop("defaulted")


def outcomes(loans: pl.LazyFrame) -> pl.LazyFrame:
    """How it ended."""
    return loans.select("loan", "defaulted")
'''
FEATURES = '''\
"""What is known when somebody asks for a loan."""

from interlock.features.declare import on_demand
from interlock.usecase import col

principal = on_demand(col("amount"), "What is asked for", unit="EUR")
term = on_demand(col("months"), "In how many months it is paid back", unit="months")
rate = on_demand(col("amount") / col("months"), "To pay back each month", unit="EUR")
burden = on_demand(col("rate") / (col("income") / 12), "Part of the income that goes into it")
'''
FILES = {
    f"conf/usecase/{NAME}.yaml": CONF,
    f"conf/gates/{NAME}.yaml": GATES,
    "conf/model/default.yaml": MODEL,
    f"usecases/{NAME}/schema.py": SCHEMA,
    f"usecases/{NAME}/events.py": EVENTS,
    f"usecases/{NAME}/features.py": FEATURES,
}
ROWS = 1500


def table(place: Path) -> Path:
    """The loans, as CSV."""
    random = Random(11)  # noqa: S311 - rows, not secrets
    lines = ["loan,amount,months,income,defaulted"]
    for number in range(ROWS):
        amount, months, income = random.randint(100, 30_000), random.choice([12, 24, 36, 60]), random.randint(10_000, 90_000)
        heavy = amount / months > 0.015 * income
        lines.append(f"{number},{amount},{months},{income},{str(random.random() < (0.6 if heavy else 0.1)).lower()}")
    place.write_text("\n".join(lines) + "\n")
    return place
