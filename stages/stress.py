"""stress: the model and a hashed sample of the test rows → does it behave as it must when features change?"""

from pathlib import Path

import polars as pl

from interlock import params
from interlock.errors import guard
from interlock.evaluation.predictions import Predictions, beside
from interlock.evaluation.ranks import Scores
from interlock.evaluation.sample import sample
from interlock.evaluation.stress import Case, always, declared
from interlock.evaluation.trials import run
from interlock.files import listed, write_json
from interlock.modeling.score import Scorer

FEATURES = Path("data/features/features.parquet")
MODEL = Path("models/model")
TEST = Path("data/predictions/test.parquet")
REPORT = Path("reports/stress.json")
ROWS = 2_000
THREADS = 2


def behaviours(usecase: str) -> dict[str, Case]:
    """What the use case's `stress.py` declares; nothing where it has none."""
    if not Path("usecases", usecase, "stress.py").is_file():
        return {}
    from interlock.loading import load

    return declared(load(usecase, "stress"))


def main() -> None:
    usecase = params.load("usecase.name", str)
    scorer = Scorer.open(MODEL, threads=THREADS)
    key = Predictions.open(TEST).key
    chosen = sample(key, key.columns, ROWS, "stress")
    rows = chosen.hstack(beside(chosen, FEATURES))

    def score(changed: pl.DataFrame) -> Scores:
        return scorer.score(changed)["score"].to_numpy()

    cases = always({name: rows.schema[name] for name in scorer.model.features}) | behaviours(usecase)
    found = run(cases, rows, key.columns, score)
    write_json(REPORT, {**found, "cases": listed(found["cases"])})


if __name__ == "__main__":
    guard(main)
