"""stress: the model and a hashed sample of the test rows → does it behave as it must when features change?"""

from pathlib import Path

import polars as pl

from interlock import frames, params
from interlock.errors import guard
from interlock.evaluation import behaviours
from interlock.evaluation.predictions import beside
from interlock.evaluation.robustness import Known, always
from interlock.evaluation.sample import sample
from interlock.evaluation.subject import Scores, Subject
from interlock.evaluation.trials import run
from interlock.features import featureset
from interlock.files import listed, write_json
from interlock.modeling.score import Scorer

FEATURES = Path("data/features")
MODEL = Path("models/model")
TEST = Path("data/predictions/test.parquet")
REPORT = Path("reports/stress.json")
ROWS = 2_000
THREADS = 2


def tested(scorer: Scorer) -> tuple[pl.DataFrame, list[str], Subject]:
    """The rows that are tried, with their requests' columns beside their features, the names of their key, and the model."""
    features = featureset.read(FEATURES / "featureset.json")
    key = features.request.key
    chosen = sample(frames.read(TEST, key), key, ROWS, "stress")
    rows = chosen.hstack(beside(chosen, FEATURES / "features.parquet"))
    asked = beside(chosen, FEATURES / "requests.parquet")
    scorer.needs(rows.columns)
    types = {name: rows.schema[name] for name in scorer.model.reads}

    def score(changed: pl.DataFrame) -> Scores:
        return scorer.model.task.scores(scorer.score(changed))

    return rows.hstack(asked.drop(rows.columns, strict=False)), key, Subject(scorer.model.task, Known(types, features), score)


def main() -> None:
    usecase = params.load("usecase.name", str)
    rows, key, subject = tested(Scorer.open(MODEL, threads=THREADS))
    cases = behaviours.beside(always(subject.known), behaviours.load(usecase))
    found = run(cases, rows, key, subject)
    write_json(REPORT, {**found, "cases": listed(found["cases"])})


if __name__ == "__main__":
    guard(main)
