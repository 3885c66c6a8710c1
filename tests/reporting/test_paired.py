"""Two models on the same rows, where not all rows are the same."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.predictions import Predictions
from interlock.modeling.groups import Slices
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from interlock.reporting import paired, turned

TASK = Binary("yes")


class Side:
    """A side of so many rows from a first id on, and what it declares."""

    def __init__(self, first: int, rows: int, folder: Path, *, seed: int = 0) -> None:
        random = np.random.default_rng(5)
        every = pl.DataFrame({"id": np.arange(1000), "label": random.random(1000) < 0.3})
        scores = np.clip(every["label"].to_numpy() * 0.2 + np.random.default_rng(seed).random(1000) * 0.8, 0, 1)
        frame = every.with_columns(raw_score=pl.Series(scores), score=pl.Series(scores))[first : first + rows]
        self.predictions = Predictions(frame.select("id"), frame.drop("id"), TASK)
        self.task, self.threshold, self.name, self.lacks = TASK, 0.5, "a side", list[str]()
        self.where = folder

    def load(self, section: str, *_: Any) -> Any:
        return {"usecase.evaluation": Evaluation(rounds=100), "usecase.slices": Slices(["part"], 2), "gates": {}}[section]

    def folder(self, _: str) -> Path:
        return self.where

    def lack(self, what: str) -> None:
        self.lacks.append(what)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The requests of all rows, in one of four parts; of the fourth there is one in a hundred."""
    made = tmp_path_factory.mktemp("features")
    part = pl.Series("part", ["d" if number % 100 == 0 else "abc"[number % 3] for number in range(1000)])
    pl.DataFrame({"id": np.arange(1000)}).with_columns(part).write_parquet(made / "requests.parquet")
    pl.DataFrame({"id": np.arange(1000)}).write_parquet(made / "features.parquet")
    return made


def of(base: Any, head: Any) -> paired.Pair:
    found = paired.pair(base, head)
    assert found is not None
    return found


def test_rows_that_one_side_has_alone_are_left_out_and_counted(folder: Path) -> None:
    """Rows 200 to 599 are compared; both AUC are those of scikit-learn on just these."""
    base, head = Side(0, 600, folder), Side(200, 800, folder, seed=1)
    pair = of(base, head)
    assert (pair.rows, pair.only) == (400, {"base": 200, "head": 400})
    told = next(one for one in paired.compared(pair)["metrics"] if one["name"] == "auc")
    for side, key, rows in ((base, "champion", slice(200, 600)), (head, "candidate", slice(0, 400))):
        frame = side.predictions.scored[rows]
        assert told[key] == pytest.approx(roc_auc_score(frame["label"], frame["score"]))


def test_rows_whose_label_changed_are_left_out_and_counted(folder: Path) -> None:
    """A label that was corrected would be judged by two truths."""
    base, head = Side(0, 500, folder), Side(0, 500, folder, seed=1)
    scored = base.predictions.scored
    base.predictions = Predictions(base.predictions.key, scored.with_columns(label=pl.col("label") ^ (pl.int_range(pl.len()) < 7)), TASK)
    pair = of(base, head)
    assert (pair.relabelled, pair.rows) == (7, 493)


def test_without_a_common_row_it_says_what_is_lacking(folder: Path) -> None:
    """Nothing to draw together is no comparison."""
    head = Side(500, 500, folder)
    assert paired.pair(Side(0, 500, folder), head) is None  # type: ignore[arg-type] # all that it asks of a side
    assert head.lacks == ["test rows that both scored"]


def test_slices_that_fell_are_those_of_scikit_learn(folder: Path) -> None:
    """Every slice whose AUC fell is there with both values, and none that rose."""
    pair = of(Side(0, 1000, folder), Side(0, 1000, folder, seed=1))
    part = pl.read_parquet(folder / "requests.parquet")["part"]
    expected = {}
    for name in ("a", "b", "c", "d"):
        mine = (part == name).to_numpy()
        expected[f"part = {name}"] = tuple(roc_auc_score(pair.after.labels[mine], one.scores[mine]) for one in (pair.before, pair.after))
    found = paired.slices(pair)
    assert found is not None
    assert {one["slice"]: (one["base"], one["head"]) for one in found["fell"]} == {
        name: pytest.approx(both) for name, both in expected.items() if both[1] < both[0]
    }
    assert found["of"] == 4


def test_the_same_model_flips_nothing_and_moves_nothing(folder: Path) -> None:
    """No flip, no example, no picture of moves; every gain is zero."""
    pair = of(Side(0, 1000, folder), Side(0, 1000, folder))
    found = turned.turned(pair)
    assert (found["flips"], found["moved"], found["examples"], found["histogram"], found["slices"]) == (0, 0, [], [], [])
    assert {one["gain"] for one in paired.compared(pair)["metrics"]} == {0.0}


def of_kind(task: Task, columns: list[str], labels: Any) -> tuple[paired.Pair, list[Any]]:
    """Two scorings of five hundred rows of any kind of task, and the scores themselves."""
    made, scored = [], []
    for seed in (1, 2):
        scores = np.random.default_rng(seed).random((500, len(columns)))
        scores /= scores.sum(axis=1, keepdims=True) if len(columns) > 1 else 1
        frame = pl.DataFrame({"label": labels} | {name: scores[:, place] for place, name in enumerate(columns)})
        side: Any = Side(0, 1, Path())
        side.task, side.threshold = task, None
        side.predictions = Predictions(pl.DataFrame({"id": np.arange(500)}), frame, task)
        made.append(side)
        scored.append(scores)
    return of(*made), scored


def test_of_several_classes_the_likeliest_flips() -> None:
    """As argmax says; what moves is the score of the likeliest."""
    classes = ("a", "b", "c")
    task = Multiclass(classes)
    pair, (then, now) = of_kind(task, [f"score_{name}" for name in classes], [classes[number % 3] for number in range(500)])
    pair.head.load = lambda section, *_: Slices([], 2) if section == "usecase.slices" else Evaluation(rounds=100)  # type: ignore[method-assign, assignment]
    found = turned.turned(pair)
    assert found["flips"] == int((then.argmax(axis=1) != now.argmax(axis=1)).sum())
    assert found["largest_move"] == pytest.approx(max(now.max(axis=1) - then.max(axis=1), key=abs))
    one = found["examples"][0]
    assert (one["then"], one["now"]) == tuple(classes[of[int(one["key"]["id"])].argmax()] for of in (then, now))


def test_of_a_number_nothing_flips_and_scores_move() -> None:
    """Without a threshold nothing is decided; the rows that move furthest are told all the same."""
    pair, (then, now) = of_kind(Regression("min"), ["score"], list(np.arange(500.0)))
    pair.head.load = lambda section, *_: Slices([], 2) if section == "usecase.slices" else Evaluation(rounds=100)  # type: ignore[method-assign, assignment]
    found = turned.turned(pair)
    assert (found["flips"], found["moved"]) == (None, 500)
    moves = (now - then)[:, 0]
    assert found["examples"][0]["key"] == {"id": str(np.abs(moves).argmax())}
    assert sum(one["rows"] for one in found["histogram"]) == 500
