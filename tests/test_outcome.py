"""What a run says when it ends."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from interlock import outcome, params
from interlock.errors import ArtifactError
from interlock.files import write_json
from interlock.modeling.task import Task
from tests.modeled_flights import TASKS

ALWAYS = {"binary": "base rate", "multiclass": "class shares", "squared": "mean", "absolute": "median", "poisson": "mean"}


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, task: str, test: dict[str, Any], **others: Any) -> list[str]:
    """The lines of the metrics in a project of that task whose report says so."""
    monkeypatch.chdir(folder)
    params.read_yaml.cache_clear()
    write_json(Path("params.yaml"), {"usecase": {"name": "x", "world": {"name": "small"}, "task": TASKS[task] | others.pop("said", {})}})
    write_json(Path("reports/metrics.json"), {"test": test, "rows": {"test": 1200, "without_outcome": 3}, **others})
    return outcome.facts()["Test"]


def test_every_kind_of_task_is_told_by_its_brief_metrics() -> None:
    """The words cover what each kind says of itself, in its order, and no kind is left out."""
    found = {kind.__struct_config__.tag: kind.brief for kind in get_args(Task)}
    assert {kind: tuple(names) for kind, names in outcome.METRICS.items()} == found


@pytest.mark.parametrize("task", TASKS)
def test_each_metric_stands_beside_those_of_the_baselines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    """With its interval, what is said of all alike by its own word, and the feature that is a forecast by its name; then the rows."""
    names = outcome.METRICS[TASKS[task]["kind"]]
    ours = {f"{name}{end}": value for name in names for end, value in (("", 0.5), ("_low", 0.4), ("_high", 0.6))}
    named = {"named": dict.fromkeys(names, 0.2), "said": {"baseline": "last_week"}} if ALWAYS[task] in {"mean", "median"} else {}
    lines = told(tmp_path, monkeypatch, task, ours, baseline=dict.fromkeys(names, 0.1), linear=dict.fromkeys(names, None), **named)
    assert len(lines) == len(names) + 1
    third = ", last_week 0.2000" if named else ""
    assert all(re.fullmatch(rf".+ 0\.5000 \(0\.4000 to 0\.6000\) +{ALWAYS[task]} 0\.1000, a line –{third}", line) for line in lines[:-1])
    assert lines[-1] == "1,200 rows; 3 requests have no outcome"


def test_large_numbers_are_not_told_to_a_ten_thousandth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mean error of a hundred thousand is told to a tenth."""
    found = {"r2": 0.81234567, "mae": 123456.789, "rmse": 99.98765}
    lines = told(tmp_path, monkeypatch, "absolute", found, baseline=found, linear=found)
    assert [line.split()[-1] for line in lines[:-1]] == ["0.8123", "123,456.8", "99.9877"]


def test_trees_of_several_classes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every round has one a class."""
    monkeypatch.chdir(tmp_path)
    for task, trees in (("binary", "7"), ("multiclass", "21"), ("squared", "7")):
        write_json(outcome.MODEL, {"rounds": 7, "task": TASKS[task], "rows": {"train": {"used": 900}}})
        assert outcome.facts() == {"Model": [f"{trees} trees, trained on 900 rows"]}


def test_a_report_that_no_run_wrote_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric that is missing is named with its file."""
    with pytest.raises(ArtifactError, match=r"reports/metrics\.json cannot be read: 'mae'"):
        told(tmp_path, monkeypatch, "squared", {"r2": 0.5}, baseline={"r2": 0.1}, linear={"r2": 0.1})
