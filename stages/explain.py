"""explain: the model and a hashed sample of the test rows → what drives its scores, by slice too."""

import math
from pathlib import Path

from interlock import params
from interlock.errors import guard
from interlock.evaluation.predictions import sliced
from interlock.evaluation.sample import sample
from interlock.files import write_json
from interlock.modeling.dataset import Dataset
from interlock.modeling.explain import by_slice, explain
from interlock.modeling.groups import Slices
from interlock.modeling.score import Scorer
from interlock.modeling.split import Split

FEATURES = Path("data/features")
MODEL = Path("models/model")
REPORT = Path("reports/explain.json")
CHART = Path("reports/importance.json")
ROWS = 2_000
LEAST = 50
CHARTED = 30
THREADS = 2


def main() -> None:
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    slices = params.load("usecase.slices", Slices)
    rows = Dataset.open(FEATURES, split).rows("test")
    key = rows.key.columns
    chosen = sample(rows.key.hstack(rows.features), key, ROWS, "explain")
    keys, features = chosen.select(key), chosen.drop(key)
    # NOTE: a slice is as small a part of the sample as it may be of the test rows, but never of too few to tell
    minimum = max(LEAST, math.ceil(slices.minimum * chosen.height / rows.key.height))
    apart = by_slice(sliced(keys, FEATURES, slices.read), slices.columns, slices.crossings, minimum)
    report = explain(Scorer.open(MODEL, threads=THREADS), keys, features, apart)
    write_json(REPORT, report)
    write_json(CHART, [{"feature": found["feature"], "importance": found["importance"]} for found in report["global"][:CHARTED]])


if __name__ == "__main__":
    guard(main)
