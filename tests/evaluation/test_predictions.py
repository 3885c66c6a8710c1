"""Scored rows, and what stands beside them."""

from pathlib import Path

import polars as pl
import pytest

from interlock import frames
from interlock.errors import ArtifactError, ConfigError, ContractError
from interlock.evaluation.predictions import Predictions, beside, sliced
from interlock.modeling.dataset import Rows
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from tests.modeled_flights import KEY, flights

ROWS = flights().drop_nulls("late").head(100)
LATE = Binary("late")
SCORED = ROWS.select(*KEY, label="late", raw_score=pl.col("part"), score=pl.col("part"))


def test_rows_come_back_as_keys_labels_and_scores(tmp_path: Path) -> None:
    """The key is every column that is no score; labels are Booleans and scores floats, in the order of the file."""
    frames.write(SCORED, tmp_path / "test.parquet")
    found = Predictions.open(tmp_path / "test.parquet", LATE)
    assert found.key.equals(ROWS.select(KEY))
    assert found.labels.tolist() == ROWS["late"].to_list()
    assert found.scores.tolist() == ROWS["part"].to_list()


@pytest.mark.parametrize(("column", "value"), [("label", None), ("score", None), ("score", float("nan")), ("raw_score", float("inf"))])
def test_a_row_without_label_or_finite_score_is_refused(tmp_path: Path, column: str, value: float | None) -> None:
    """One such row among a hundred is found, counted and refused, rather than counted in a metric."""
    bad = SCORED.with_columns(pl.when(pl.int_range(pl.len()) == 7).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))
    frames.write(bad, tmp_path / "test.parquet")
    with pytest.raises(ArtifactError, match=r"test\.parquet: 1 of 100 rows"):
        Predictions.open(tmp_path / "test.parquet", LATE)


@pytest.mark.parametrize(
    ("task", "labels", "shape"),
    [(Multiclass(("EWR", "JFK", "LGA")), ROWS["origin"], (100, 3)), (Regression("miles"), ROWS["distance"], (100,))],
    ids=["multiclass", "regression"],
)
def test_scores_have_the_shape_of_the_task(tmp_path: Path, task: Task, labels: pl.Series, shape: tuple[int, ...]) -> None:
    """A column of scores a class, or one; labels are places among the classes, or numbers; neither is part of the key."""
    scores = {name: ROWS["part"] + place for place, name in enumerate(task.columns)}
    frames.write(ROWS.select(KEY).with_columns(label=labels, **scores), tmp_path / "test.parquet")
    found = Predictions.open(tmp_path / "test.parquet", task)
    assert found.key.equals(ROWS.select(KEY))
    assert found.scores.shape == shape
    assert found.scores[:, -1].tolist() == scores[task.final[-1]].to_list() if len(shape) > 1 else found.scores.tolist()
    assert found.labels.tolist() == task.labels(labels).tolist()


@pytest.mark.parametrize(
    ("task", "label"),
    [(LATE, 2), (Multiclass(("EWR", "JFK", "LGA")), "BOS"), (Regression("minutes", "poisson"), -1.0)],
    ids=["binary", "multiclass", "regression"],
)
def test_a_label_outside_of_the_task_is_refused(tmp_path: Path, task: Task, label: float | str) -> None:
    """One row whose label the task does not know is refused where it is read, with that label."""
    labels = pl.Series([label, *[{int: 1, str: "JFK", float: 1.0}[type(label)]] * 99])
    frames.write(ROWS.select(KEY).with_columns(label=labels, **dict.fromkeys(task.columns, ROWS["part"])), tmp_path / "test.parquet")
    with pytest.raises(ContractError, match=str(label)):
        Predictions.open(tmp_path / "test.parquet", task)


def test_predictions_of_another_task_are_refused(tmp_path: Path) -> None:
    """Where the file has not the columns of the task's scores, the first that is missing is named."""
    frames.write(SCORED, tmp_path / "test.parquet")
    with pytest.raises(ArtifactError, match=r"test\.parquet has no column raw_score_a\n.*score"):
        Predictions.open(tmp_path / "test.parquet", Multiclass(("a", "b", "c")))


OF = Rows("test", ROWS.select(KEY), ROWS.select("part"), ROWS["late"])


def test_predictions_of_the_rows_they_should_be_of_are_read(tmp_path: Path) -> None:
    """The very keys and labels of a split; the order of the columns means nothing."""
    frames.write(SCORED.select(reversed(SCORED.columns)), tmp_path / "test.parquet")
    assert Predictions.open(tmp_path / "test.parquet", LATE, OF).scores.tolist() == ROWS["part"].to_list()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (SCORED.with_columns(more=1, other=2), "has columns that are neither key, label nor score: more, other"),
        (SCORED.drop("flight_id"), "has no column flight_id"),
        (SCORED.head(99), "has 99 rows, the test split 100"),
        (pl.concat([SCORED, SCORED.head(1)]), "has 101 rows, the test split 100"),
        (SCORED.reverse(), "not the same ones in the order of their key"),
        (SCORED.with_columns(pl.col("flight_id").shuffle(1)), "not the same ones"),
        (SCORED.with_columns(pl.col("flight_id").cast(pl.Categorical)), "not the same ones"),
        (SCORED.with_columns(label=~pl.col("label").head(7).append(~pl.col("label").tail(93))), "7 of 100 rows have another label"),
    ],
    ids=["more columns", "no key", "fewer rows", "a row twice", "another order", "other keys", "keys of another type", "other labels"],
)
def test_predictions_of_other_rows_are_refused(tmp_path: Path, frame: pl.DataFrame, message: str) -> None:
    """What the stage `score` would not have written for these rows is no evidence of them: what differs is said, and the step."""
    frame.write_parquet(tmp_path / "test.parquet")
    with pytest.raises(ArtifactError, match=rf"{message}(.|\n)*run: dvc repro -f score"):
        Predictions.open(tmp_path / "test.parquet", LATE, OF)


def test_what_stands_beside_rows_is_aligned_with_them(tmp_path: Path) -> None:
    """Whatever the order of the file, its columns come back in the order of the rows asked for."""
    frames.write(flights().sort("flight_id"), tmp_path / "features.parquet")
    key = ROWS.select(KEY).reverse()
    assert beside(key, tmp_path / "features.parquet", ["part", "carrier"]).equals(ROWS.reverse().select("part", "carrier"))
    assert beside(key, tmp_path / "features.parquet").columns == [name for name in ROWS.columns if name not in KEY]


def test_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A frame without one of the rows is named, with how many it holds."""
    frames.write(ROWS.tail(99), tmp_path / "features.parquet")
    with pytest.raises(ArtifactError, match=r"features\.parquet holds 99 of 100 rows"):
        beside(ROWS.select(KEY), tmp_path / "features.parquet")


@pytest.mark.parametrize("declared", ["usecase.slices.columns", "usecase.fairness.attributes"])
def test_a_column_that_is_not_there_is_refused_by_the_key_that_asks_for_it(tmp_path: Path, declared: str) -> None:
    """With the columns that there are."""
    for name in ("requests", "features"):
        frames.write(ROWS.select(*KEY, "carrier"), tmp_path / f"{name}.parquet")
    with pytest.raises(ConfigError, match=rf"^{declared}: no request or feature is called sex\n.*carrier"):
        sliced(ROWS.select(KEY), tmp_path, ["carrier", "sex"], declared)
