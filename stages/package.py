"""package: everything → the bundle, verified before it takes its place."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from interlock import bundle, frames, params
from interlock.catalog import Catalog
from interlock.errors import guard
from interlock.evaluation import bindings, reports
from interlock.evaluation.card import Facts, card
from interlock.features import contracted, featureset
from interlock.features import golden as vector
from interlock.features.featureset import FeatureSet
from interlock.files import write_json, write_text
from interlock.modeling.score import Scorer

FEATURES = Path("data/features")
MODEL = Path("models/model")
GOLDEN = Path("data/golden")
BUNDLE = Path("models/bundle")
PINS = Path("pins.yaml")
USED = ("validation", "features", "parity", "metrics", "slices", "fairness", "leakage", "stress", "explain", "gates")
GROUPS = ("usecase", "model", "gates")


def contracts(declared: FeatureSet, folder: Path) -> None:
    """What a request, and a row of each table that features read, must be: to the last digit, unlike reports."""
    for name in contracted.names(declared):
        schema = contracted.schema(declared, name)
        write_text(bundle.contract(folder, name), json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def provenance(usecase: str) -> dict[str, Any]:
    """The hash of every file that the bundle is made from, the configuration and the environment."""
    made_from = {
        "sources": bindings.files([Path("data/sources") / f"{usecase}.yaml"]),
        "raw": bindings.folder(Path("data/raw")),
        "quarantine": bindings.folder(Path("data/quarantine")),
        "features": bindings.folder(FEATURES),
        "golden": bindings.folder(GOLDEN),
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
    """The golden vectors of parity, with the scores that the model gives them."""
    shutil.copytree(GOLDEN, folder / bundle.GOLDEN, copy_function=shutil.copyfile)
    vectors = frames.read(GOLDEN / vector.FEATURES)
    frames.write(Scorer.open(MODEL).score(vectors), folder / bundle.SCORED)


def main() -> None:
    usecase = params.load("usecase.name", str)
    catalog = params.load("usecase.catalog", Catalog)
    declared = featureset.read(FEATURES / "featureset.json")
    made = provenance(usecase)
    found = reports.read(USED)
    with bundle.building(BUNDLE) as folder:
        shutil.copytree(MODEL, folder / bundle.MODEL, copy_function=shutil.copyfile)
        shutil.copyfile(FEATURES / "featureset.json", folder / bundle.FEATURESET)
        shutil.copyfile(reports.path("features"), folder / bundle.PROFILE)
        shutil.copyfile(reports.path("gates"), folder / bundle.VERDICT)
        contracts(declared, folder)
        write_json(folder / bundle.PROVENANCE, made)
        write_text(folder / bundle.CARD, card(Facts(usecase, catalog, period(declared.request.as_of), made["configuration"], found, made)))
        golden(folder)


if __name__ == "__main__":
    guard(main)
