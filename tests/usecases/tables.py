"""Use cases of one generated table, with neither time, nor entities, nor a history: every column a field of the request and a feature."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.evaluation.verdicts import PASS, UNJUDGED
from tests.usecases.project import ROOT, Written, report

ROWS, SPLITS = 6000, {"train": 0.5, "validation": 0.2, "test": 0.3}
TASKS = {
    "binary": "{kind: binary, positive: bought}",
    "multiclass": "{kind: multiclass, classes: [none, tea, mug, both]}",
    "regression": "{kind: regression, unit: EUR}",
}
CLASSES = ["none", "tea", "mug", "both"]
RARE = 0.99
CONF = """
name: {name}
task: {task}
tables:
  visits: {{from: files, path: data/own/visits.parquet}}
world: {{name: full, keep: {{}}}}
small: {{}}
split: {{by: row, shares: {shares}, salt: visits}}
slices: {{columns: [], minimum: 50}}
catalog:
  owner: shop
  description: What comes of a visit.
  tables:
    visits: {{description: Every visit., licence: internal}}
"""
SCHEMA = """
import pandera.polars as pa

from interlock.usecase import outcome, request, source


@request(by="number", as_of=None)
class Request(pa.DataFrameModel):
    number: int
{fields}

@outcome()
class Outcome(pa.DataFrameModel):
    label: {label}


@source()
class Visits(pa.DataFrameModel):
{fields}    label: {label} = pa.Field(nullable=True)
"""
EVENTS = """
def requests(visits):
    return visits.rename({"source_row": "number"}).drop("label")


def outcomes(visits):
    return visits.select("label", number="source_row")
"""
TYPES = {pl.Float64(): "float", pl.Int64(): "int", pl.String(): "str", pl.Boolean(): "bool"}


def write(
    folder: Path,
    frame: pl.DataFrame,
    kind: str = "binary",
    features: str = "",
    model: Mapping[str, int] | None = None,
    name: str = "visits",
) -> Path:
    """A project that predicts the column `label` of `frame` from all others as they are, or from what `features` declare."""
    (folder / "data/own").mkdir(parents=True)
    frame.write_parquet(folder / "data/own/visits.parquet")
    columns = [column for column in frame.columns if column != "label"]
    fields = "".join(f"    {column}: {TYPES[frame.schema[column]]} = pa.Field(nullable=True)\n" for column in columns)
    declared = features or "\n".join(f'f_{column} = on_demand(col("{column}"), "{column} as it is")' for column in columns)
    code = {
        "schema": SCHEMA.format(fields=fields, label=TYPES[frame.schema["label"]]),
        "events": EVENTS,
        "features": f"from interlock.features.declare import on_demand\nfrom interlock.usecase import col\n\n{declared}\n",
    }
    shares = str(SPLITS).replace("'", "")
    conf = CONF.format(name=name, task=TASKS[kind], shares=shares)
    Written(name, conf, code, f"defaults: [{kind}, _self_]\n", rounds=150, model={"num_leaves": 15, **(model or {})}).into(folder)
    for file in ("every", kind):
        shutil.copy(ROOT / f"conf/gates/{file}.yaml", folder / "conf/gates")
    return folder


def label(kind: str, strength: NDArray[np.float64], random: np.random.Generator) -> pl.Series:
    """Labels that go by `strength`, of mean 0 and spread 1, with some luck; of several classes the last is one row in a hundred."""
    felt = strength + 0.5 * random.standard_normal(len(strength))
    if kind == "regression":
        return pl.Series(100 + 20 * felt)
    if kind == "binary":
        return pl.Series(felt > 0.4)
    places = np.searchsorted(np.quantile(felt, [0.5, 0.8, RARE]), felt)
    return pl.Series([CLASSES[place] for place in places])


def problem(kind: str, of: str, seed: int = 1) -> pl.DataFrame:
    """A table whose columns tell the label (`learnable`, not by a line), nothing of it (`noise`), or what came after it (`leak`)."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((ROWS, 4))
    truth = np.where(x[:, 0] > 0, x[:, 1], -x[:, 1]) + 0.6 * (np.abs(x[:, 2]) - 0.8)
    labels = label(kind, truth / truth.std(), random)
    frame = pl.DataFrame({name: x[:, place] for place, name in enumerate(("pages", "hour", "age", "luck"))})
    frame = frame.with_columns(shop=pl.Series(random.choice(["north", "south", "west"], ROWS)), label=labels)
    if of == "noise":
        return frame.with_columns(pl.col("label").shuffle(seed=seed))
    if of == "leak":
        after = labels.cast(pl.Float64) if kind != "multiclass" else pl.Series([CLASSES.index(name) for name in labels], dtype=pl.Float64)
        return frame.with_columns(paid=after + 0.01 * random.standard_normal(ROWS) * after.std())  # type: ignore[operator] # numbers
    return frame.with_columns(pl.when(pl.int_range(pl.len()) % 10 < 9).then("label"))


def failing(folder: Path) -> Sequence[str]:
    """The gates that the candidate does not pass, by name."""
    return [gate["name"] for gate in report(folder, "gates")["gates"] if gate["verdict"] not in {PASS, *UNJUDGED}]
