"""evaluate: predictions → metrics beside a baseline, the same by slice, and chart data of the test rows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from interlock import frames, params
from interlock.errors import ConfigError, guard
from interlock.evaluation import curves
from interlock.evaluation.metrics import Value, measure
from interlock.evaluation.predictions import Predictions, beside
from interlock.evaluation.slices import Slices, by_slice
from interlock.files import write_json
from interlock.modeling import artifact
from interlock.modeling.artifact import Artifact
from interlock.modeling.split import MATURED
from interlock.modeling.task import Task

FEATURES = Path("data/features")
MODEL = Path("models/model")
PREDICTIONS = Path("data/predictions")
REPORTS = Path("reports")


def counted(outcomes: pl.DataFrame, key: Sequence[str], used: dict[str, int]) -> dict[str, int]:
    """How many requests there are, were used by each split, have no outcome, or have one and lie in no split: the gap."""
    (label,) = (name for name in outcomes.columns if name not in {*key, MATURED})
    missing = outcomes[label].null_count()
    gap = outcomes.height - missing - sum(used.values())
    return {"requests": outcomes.height, "without_outcome": missing, **used, "gap": gap}


def baseline(kind: str, test: Predictions, model: Artifact) -> dict[str, Value]:
    """The metrics on the test rows of always saying the base rate of the training rows."""
    return measure(kind, test.labels, np.full(test.key.height, model.baselines["base_rate"]))


def sliced(key: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The `columns` of each row of `key`: of the request or, where it has none of that name, a feature."""
    there = {name: frames.scan(FEATURES / f"{name}.parquet").collect_schema().names() for name in ("requests", "features")}
    if unknown := [name for name in columns if not any(name in names for names in there.values())]:
        known = ", ".join(dict.fromkeys(name for names in there.values() for name in names))
        raise ConfigError(f"usecase.slices.columns: no request or feature is called {unknown[0]}", f"known are: {known}")
    asked = [name for name in columns if name in there["requests"]]
    rest = [name for name in columns if name not in asked]
    found = [beside(key, FEATURES / f"{name}.parquet", wanted) for name, wanted in (("requests", asked), ("features", rest)) if wanted]
    return pl.DataFrame([column for frame in found for column in frame]).select(columns)


def main() -> None:
    task = params.load("usecase.task", Task)
    slices = params.load("usecase.slices", Slices)
    model, _ = artifact.read(MODEL)
    scored = {name: Predictions.open(PREDICTIONS / f"{name}.parquet") for name in ("validation", "test")}
    test = scored["test"]
    used = {"train": model.rows["train"]["used"], **{name: rows.key.height for name, rows in scored.items()}}
    metrics = {
        "rows": counted(frames.read(FEATURES / "outcomes.parquet"), test.key.columns, used),
        **{name: measure(task.kind, rows.labels, rows.scores) for name, rows in scored.items()},
        "baseline": baseline(task.kind, test, model),
    }
    write_json(REPORTS / "metrics.json", metrics)
    by = by_slice(task.kind, test.labels, test.scores, sliced(test.key, slices.columns), slices.minimum)
    write_json(REPORTS / "slices.json", by)
    for name, curve in curves.TABLE[task.kind].items():
        write_json(REPORTS / f"{name}.json", curve(test.labels, test.scores))


if __name__ == "__main__":
    guard(main)
