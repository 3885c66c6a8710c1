"""score: the model and features → predictions of the validation and test rows."""

from pathlib import Path

from interlock import frames, params
from interlock.errors import guard
from interlock.modeling.dataset import Dataset
from interlock.modeling.score import Scorer
from interlock.modeling.split import Split
from interlock.modeling.task import Task

FEATURES = Path("data/features")
MODEL = Path("models/model")
PREDICTIONS = Path("data/predictions")
SCORED = ("validation", "test")
THREADS = 2


def main() -> None:
    task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    dataset = Dataset.open(FEATURES, split)
    scorer = Scorer.open(MODEL, threads=THREADS, task=task)
    scorer.needs(dataset.features.columns)
    for name in SCORED:
        rows = dataset.rows(name)
        scored = rows.key.with_columns(rows.label.alias("label"), *scorer.score(rows.features))
        frames.write(scored, PREDICTIONS / f"{name}.parquet", sort=rows.key.columns)


if __name__ == "__main__":
    guard(main)
