"""A small project as the graph leaves it: real flights, a trained model, every file that evaluation and the bundle read."""

import contextlib
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from interlock import frames, params
from interlock.contracts import ledger
from interlock.dtypes import dtype_text
from interlock.features.featureset import About, FeatureSet, History, Latest, OnDemand, Request, export
from interlock.files import write_json, write_text
from interlock.frames import ROW
from stages import evaluate, explain, gate, package, parity, score, stress, train
from tests.modeled_flights import FEATURES, KEY, MODEL, SPLIT, TASK, flights, write

NAME = "sampled_flights"
ASKED = {name: f"its_{name}" for name in FEATURES}
SCHEMA = """
import pandera.polars as pa
from interlock.usecase import Utc, request

@request(by="flight_id")
class Request(pa.DataFrameModel):
    as_of: Utc
    flight_id: str
    its_carrier: str
    its_origin: str = pa.Field(nullable=True)
"""
STRESS = """
from interlock.evaluation.stress import col, not_higher, not_lower, unchanged

same = unchanged("A number that is added and taken away does not matter", {"distance": col("distance") + 1 - 1, "part": col("part") * 1.0})
blind = unchanged("The carrier does not matter", {"carrier": "AA"}, where=col("carrier") == "UA")
late = not_lower("A flight in the evening is late more often", {"hour": 20}, where=col("hour") < 10, tolerated=0.5)
_private = not_higher("Not tried", {"hour": col("hour") + 1})
"""
PARAMS: dict[str, Any] = {
    "usecase": {
        "name": NAME,
        "task": TASK,
        "tables": {},
        "world": {"name": "small", "keep": {}},
        "small": {},
        "split": SPLIT,
        "slices": {"columns": ["origin", "carrier", "morning"], "minimum": 200, "crossings": [["origin", "morning"]]},
        "evaluation": {"rounds": 200, "seed": 7},
        "fairness": {"attributes": ["origin"], "crossings": [["origin", "morning"]], "minimum": 200},
        "decision": {"threshold": "f1"},
        "catalog": {
            "owner": "data-team",
            "description": "Late arrivals.",
            "tables": {"flights": {"description": "Flights that left New York in 2013.", "licence": "CC0-1.0", "fresh": None}},
        },
    },
    "model": MODEL,
    "gates": {
        "auc": {"metric": "test.auc", "min": 0.55, "why": "A coin has 0.5."},
        "calibration": {"metric": "test.ece", "max": 0.15, "why": "The score is read as a probability."},
        "gain": {"metric": "test.auc", "min_gain": -0.05, "against": "baseline", "why": "On so few rows a line is better."},
        "slices": {"metric": "worst_slice.auc", "min": 0.45, "why": "Nobody is ranked worse than by a coin."},
        "fresh": {"metric": "rescored.different", "max": 0, "why": "Scores are of this model."},
        "leak": {"report": "leakage", "metric": "alone.strongest.auc", "max": 0.9, "why": "Nothing tells the outcome."},
        "shared": {"report": "leakage", "metric": "shared.keys", "max": 0, "why": "Test rows are new."},
        "immature": {"report": "leakage", "metric": "immature.rows", "max": 0, "why": "Labels were known."},
        "parity": {"report": "parity", "metric": "mismatches", "max": 0, "why": "Online is offline."},
        "stress": {"report": "stress", "metric": "failed", "max": 2, "why": "Two limits are known."},
        "origins": {"report": "fairness", "metric": "attributes.origin.gaps.true_positive_rate", "max": 0.4, "why": "Airports are alike."},
    },
}


@cache
def built() -> Path:
    """The folder of the project, made once a process by the stages themselves."""
    root = Path(mkdtemp(prefix="world-"))
    with contextlib.chdir(root):
        _given()
        for stage in (parity, train, score, evaluate, stress, explain, gate, package):
            params.read_yaml.cache_clear()
            stage.main()
    return root


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, as the current folder."""
    root = tmp_path / "a project é"
    shutil.copytree(built(), root)
    monkeypatch.chdir(root)
    params.read_yaml.cache_clear()
    yield root
    params.read_yaml.cache_clear()


def say(path: Path, value: Any) -> None:
    """Write `value` as YAML, and forget what was read before."""
    with path.open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump(value, opened)
    params.read_yaml.cache_clear()


def declared() -> FeatureSet:
    """Features that are columns of the request as they are, and a private one from a history: what golden vectors need a state for."""
    types = {name: dtype_text(flights().schema[name]) for name in (*KEY, *FEATURES)}
    request = Request(("flight_id",), "as_of", {ASKED.get(name, name): dtype for name, dtype in types.items()}, ("its_tailnum", "its_air"))
    told = [OnDemand(name, types[name], About("As it is"), ["col", ASKED[name]]) for name in FEATURES]
    columns = {name: ["col", name] for name in ("flight_id", "as_of", "origin", "carrier")}
    left = History(
        "flights",
        {name: types[name] for name in columns},
        columns["flight_id"],
        columns["as_of"],
        columns,
        {name: types[name] for name in columns},
    )
    last = Latest("_last", "String", About(), "Left", (("origin", "its_origin"),), columns["carrier"])
    return FeatureSet(request, {}, {"Left": left}, (*told, last))


def _given() -> None:
    """What earlier stages leave, in the current folder."""
    write(Path("data/features"), flights())
    frames.write(flights().select(*KEY, *FEATURES).rename(ASKED), Path("data/features/requests.parquet"))
    export(declared(), Path("data/features/featureset.json"))
    raw = flights().head(50).with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    frames.write(raw, ledger.RAW / "flights.parquet")
    ledger.write({"flights": ledger.LEDGER})
    write_text(Path(f"data/sources/{NAME}.yaml"), "flights: {sha256: 0}\n")
    write_text(Path(f"usecases/{NAME}/schema.py"), SCHEMA)
    write_text(Path(f"usecases/{NAME}/stress.py"), STRESS)
    write_json(Path("reports/validation.json"), {"tables": {}})
    write_json(Path("reports/features.json"), {"features": {}})
    say(Path("params.yaml"), PARAMS)
    say(Path("pins.yaml"), {"train": {"lightgbm": "4.7.0"}})
