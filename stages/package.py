"""package: everything → the bundle, verified before it takes its place."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlock import bundle, frames, params
from interlock.catalog import Catalog
from interlock.errors import guard
from interlock.evaluation import bindings, reports
from interlock.evaluation.card import Facts, card
from interlock.evaluation.predictions import Predictions, beside
from interlock.evaluation.sample import sample
from interlock.features import featureset
from interlock.features.featureset import Request
from interlock.files import write_json, write_text
from interlock.usecase import load_schema

FEATURES = Path("data/features")
MODEL = Path("models/model")
TEST = Path("data/predictions/test.parquet")
BUNDLE = Path("models/bundle")
PINS = Path("pins.yaml")
USED = ("validation", "features", "metrics", "slices", "stress", "gates")
GROUPS = ("usecase", "model", "gates")
GOLDEN = 100


def contract(request: Request, nullable: Mapping[str, bool]) -> dict[str, Any]:
    """What a request must be: its key, its moment of prediction, and the type and nullability of each column."""
    columns = {name: {"type": dtype, "nullable": nullable[name]} for name, dtype in request.types.items()}
    return {"key": request.key, "as_of": request.as_of, "columns": columns}


def provenance(usecase: str) -> dict[str, Any]:
    """The hash of every file that the bundle is made from, the configuration and the environment."""
    made_from = {
        "sources": bindings.files([Path("data/sources") / f"{usecase}.yaml"]),
        "raw": bindings.folder(Path("data/raw")),
        "quarantine": bindings.folder(Path("data/quarantine")),
        "features": bindings.folder(FEATURES),
        "model": bindings.folder(MODEL),
        "reports": bindings.files(map(reports.path, USED)),
    }
    said = params.read_yaml(params.PARAMS)
    return {"made_from": made_from, "configuration": {group: said[group] for group in GROUPS}, "environment": params.read_yaml(PINS)}


def period(as_of: str | None) -> tuple[str, str] | None:
    """The first and the last moment of prediction, in words."""
    if as_of is None:
        return None
    requests = frames.scan(FEATURES / "requests.parquet")
    first, last = requests.select(first=pl.col(as_of).min(), last=pl.col(as_of).max()).collect().row(0)
    return first.isoformat(), last.isoformat()


def golden(folder: Path) -> None:
    """A hundred test requests: the features of each, and the scores that it was given."""
    test = Predictions.open(TEST)
    key = test.key.columns
    chosen = sample(test.key.hstack(test.scored), key, GOLDEN, "golden")
    vectors = chosen.select(key)
    frames.write(vectors.hstack(beside(vectors, FEATURES / "features.parquet")), folder / bundle.GOLDEN_FEATURES)
    frames.write(chosen.select(bundle.SCORES), folder / bundle.GOLDEN_SCORES)


def main() -> None:
    usecase = params.load("usecase.name", str)
    catalog = params.load("usecase.catalog", Catalog)
    declared = featureset.read(FEATURES / "featureset.json").request
    columns = load_schema(usecase).request.model.to_schema().columns
    made = provenance(usecase)
    found = reports.read(USED)
    with bundle.building(BUNDLE) as folder:
        shutil.copytree(MODEL, folder / bundle.MODEL, copy_function=shutil.copyfile)
        shutil.copyfile(FEATURES / "featureset.json", folder / bundle.FEATURESET)
        shutil.copyfile(reports.path("features"), folder / bundle.PROFILE)
        shutil.copyfile(reports.path("gates"), folder / bundle.VERDICT)
        write_json(folder / bundle.CONTRACT, contract(declared, {name: column.nullable for name, column in columns.items()}))
        write_json(folder / bundle.PROVENANCE, made)
        write_text(folder / bundle.CARD, card(Facts(usecase, catalog, period(declared.as_of), made["configuration"], found, made)))
        golden(folder)


if __name__ == "__main__":
    guard(main)
