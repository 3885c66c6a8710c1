"""stress, on the small project."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlock.dtypes import dtype_of
from interlock.errors import ArtifactError, DeclarationError
from interlock.evaluation import behaviours
from interlock.evaluation.robustness import Known, spread
from interlock.evaluation.subject import Subject
from interlock.evaluation.trials import run
from interlock.features import collect
from interlock.files import by_name, read_json, write_text
from interlock.modeling.task import Task
from interlock.params import convert, read_yaml
from stages import score, stress, train
from tests import modeled_flights
from tests.evaluation.world import NAME, PARAMS, built, say, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]
ALWAYS = ["noise", "missing_one", "missing_all", "unseen_one", "unseen_all", "extreme_one", "extreme_all"]


def told(world: Path) -> dict[str, Any]:
    """The report of stress, its cases by name."""
    found = read_json(world / "reports/stress.json")
    return {**found, "cases": by_name(found["cases"])}


def test_declared_behaviours_stand_beside_the_ones_that_always_run(world: Path) -> None:
    """Every default and every declared case is reported; one with an underscore is not."""
    found = told(world)
    assert list(found["cases"]) == [*ALWAYS, "same", "blind", "late"]
    assert found["rows"] == stress.ROWS


def test_the_model_bears_noise_and_missing_unseen_and_extreme_values(world: Path) -> None:
    """Through the real scoring path, scores stay probabilities whatever a feature holds, and what they move by is told."""
    cases = told(world)["cases"]
    assert {cases[name]["verdict"] for name in ALWAYS} == {"pass"}
    assert {cases[name]["violations"] for name in ALWAYS if name != "noise"} == {0}
    assert all(0 < cases[name]["mean_move"] < cases[name]["largest_move"] < 1 for name in ALWAYS)


def test_a_behaviour_that_does_not_hold_is_shown_on_real_rows(world: Path) -> None:
    """The model does read the carrier: its examples are test rows, whose score before is the one that was predicted."""
    found = told(world)
    assert (found["verdict"], found["cases"]["blind"]["verdict"]) == ("fail", "fail")
    test = pl.read_parquet(world / "data/predictions/test.parquet")
    for example in found["cases"]["blind"]["examples"]:
        (score,) = test.filter(pl.col("flight_id") == example["key"]["flight_id"])["score"]
        assert example["before"] == pytest.approx(score, rel=5e-9)
        assert example["change"] == {"carrier": "UA → AA"}


def test_without_a_stress_file_the_default_cases_run(world: Path) -> None:
    """A use case need not declare behaviour."""
    (world / f"usecases/{NAME}/stress.py").unlink()
    stress.main()
    found = told(world)
    assert (list(found["cases"]), found["verdict"], found["failed"]) == (ALWAYS, "pass", 0)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_stress_file_declares_nothing(world: Path, text: str) -> None:
    """The file may be there and empty: the graph depends on it."""
    shutil.copytree(world / f"usecases/{NAME}", world / f"usecases/empty{len(text)}")
    (world / f"usecases/empty{len(text)}/stress.py").write_text(text)
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "name": f"empty{len(text)}"}})
    stress.main()
    assert list(told(world)["cases"]) == ALWAYS


def test_stressing_again_gives_the_same_bytes(world: Path) -> None:
    """The sample, the scores and the examples are the same."""
    before = (world / "reports/stress.json").read_bytes()
    stress.main()
    assert (world / "reports/stress.json").read_bytes() == before == (built() / "reports/stress.json").read_bytes()


MISTAKES = {
    "unnamed": ("wrong = unchanged('', {'colour': 'red'})", "2: wrong: .*colour.*features are: carrier"),
    "cast": ("wrong = unchanged('', {'hour': 7.9})", "2: wrong: .*hour is Int8, which cannot hold 7.9"),
    "columns": (
        "wrong = unchanged('', {'hour': 7}, where=col('colour') == 'red')",
        "2: wrong: .*colour.*columns are: .*flight_id.*its_hour",
    ),
    "replaced": ("noise = robust('', 'noise', within=0.9)", "2: noise is the name of a case that always runs"),
    "vacuous": ("wrong = unchanged('', {'hour': 7}, within=5.0)", "2: a bound of 5 says nothing of a probability"),
    "listed": ("wrong = [unchanged('', {'hour': 7})]", "2: wrong is a list"),
}


@pytest.mark.parametrize(("name", "text", "said"), [(name, *mistake) for name, mistake in MISTAKES.items()], ids=MISTAKES)
def test_a_mistake_in_the_file_is_named(name: str, text: str, said: str, world: Path) -> None:
    """What cannot be tried, and what would say nothing or hide something, ends the stage with its line; no report is written."""
    (world / "reports/stress.json").unlink()
    head = "from interlock.evaluation.stress import *\n"
    write_text(world / f"usecases/mistaken_{name}/stress.py", f"{head}{text}\n")
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "name": f"mistaken_{name}"}})
    with pytest.raises(DeclarationError, match=rf"(?s)usecases/mistaken_{name}/stress.py:{said}"):
        stress.main()
    assert not (world / "reports/stress.json").exists()


@pytest.mark.parametrize("task", ["multiclass", "squared", "poisson"])
def test_every_kind_of_task_is_stressed(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real models of several classes and of numbers bear the defaults; moves are in spreads of the score where it is a number."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    modeled_flights.write(project / "data/features", modeled_flights.labelled(task).gather_every(5))
    said = {"name": "none", "task": modeled_flights.TASKS[task], "split": modeled_flights.SPLIT, "slices": modeled_flights.SLICES}
    say(project / "params.yaml", {"usecase": said, "model": {**modeled_flights.MODEL, "rounds": 20}})
    for stage in (train, score, stress):
        stage.main()
    found = told(project)
    assert (list(found["cases"]), found["verdict"]) == (ALWAYS, "pass")
    assert all(0 < found["cases"][name]["mean_move"] <= found["cases"][name]["largest_move"] for name in ALWAYS)
    scores = pl.read_parquet(project / "data/predictions/test.parquet")
    assert found["unit"] == (1.0 if task == "multiclass" else pytest.approx(spread(scores["score"].to_numpy()), rel=0.2))


@pytest.mark.parametrize("file", sorted(ROOT.glob("usecases/*/stress.py")), ids=lambda file: file.parent.name)
def test_shipped_behaviours_fit_the_features_of_their_use_case(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change and condition of a shipped stress.py can be made to rows of the features that the use case declares."""
    monkeypatch.chdir(ROOT)
    features = collect.load(file.parent.name)
    types = {feature.name: dtype_of(feature.dtype) for feature in features.public}
    rows = pl.DataFrame({name: [None] for name in types}, schema=types).with_columns(row=0)
    cases = behaviours.load(file.parent.name)
    task = read_yaml(ROOT / f"conf/usecase/{file.parent.name}.yaml")["task"]
    told: Task = convert(task, Task, "usecase.task")  # type: ignore[arg-type] # a union is no type[T]
    subject = Subject(told, Known(types, features), lambda changed: np.full(changed.height, 0.5))
    found = run(cases, rows, ["row"], subject)
    assert len(found["cases"]) == len(cases) > 0


def test_a_model_that_reads_what_is_no_feature_is_refused(world: Path) -> None:
    """A mitigation by an attribute that the features do not hold: it is named, with the step."""
    path = world / "models/model/model.json"
    fair = {"attributes": ["nope"], "threshold": 0.3, "groups": [], "others": 0.3}
    write_text(path, json.dumps({**read_json(path), "mitigation": fair}))
    with pytest.raises(ArtifactError, match=r"the model reads nope(.|\n)*run: dvc repro"):
        stress.main()
