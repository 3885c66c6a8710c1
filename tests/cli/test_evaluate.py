"""`interlock evaluate`, on projects that hold reports alone."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from interlock.files import read_json, write_json
from tests.cli.evaluated import HEADLINE, NAMED, TEST, fairness, project, reports

KINDS = tuple(TEST)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Make a project of a kind of task."""

    def make(kind: str, said: dict[str, Any] | None = None) -> Path:
        folder = project(tmp_path / f"a {kind} é", kind, said)
        (folder / "dvc.yaml").write_text("stages: {}\n")
        return folder

    return make


def called(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["interlock", "evaluate", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "160", **environment}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_summary_says_what_a_person_asks_first(made: Callable[..., Path], kind: str) -> None:
    """The verdict first, the headline metric with its interval beside baselines, the worst slice, gaps, stress, who refused, what next."""
    done = called(made(kind))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "commuters: ✗ fail: 1 of 2 gates pass, not odds; 1 is judged at release"
    value = TEST[kind][HEADLINE[kind]]
    assert any(f"{value:.4f} ({0.98 * value:.4f} to {1.02 * value:.4f})" in line and f"{value * 0.9:.4f}" in line for line in lines)
    for said in (
        "worst slice  sex = 2",
        "gaps  SEX: ",
        "stress  fail: 1 of 3 claims broken",
        "refused  odds: ",
        "→ interlock evaluate --open",
    ):
        assert any(line.startswith(said) for line in lines), said


def test_baselines_are_titled_by_what_they_say(made: Callable[..., Path]) -> None:
    """What is said of all alike by the kind of task and its loss, a feature that is a forecast by its name, in table and gains."""
    for kind, always in (("binary", "base rate"), ("multiclass", "class shares"), ("regression", "mean")):
        folder = made(kind)
        lines = called(folder).stdout.splitlines()
        assert lines[1].split() == ["test", *always.split(), "a", "line", *([NAMED] if kind == "regression" else [])]
        assert [line.partition(" over ")[2] for line in lines if line.startswith("gain")] == [
            always,
            "a line",
            *([NAMED] if kind == "regression" else []),
        ]
        assert json.loads(called(folder, "--json").stdout)["named"] == read_json(folder / "reports/metrics.json").get("named")
    params = YAML(typ="safe").load(folder / "params.yaml")
    params["usecase"]["task"]["loss"] = "absolute"
    YAML(typ="safe").dump(params, folder / "params.yaml")
    assert called(folder).stdout.splitlines()[1].split()[1] == "median"


def test_a_gap_of_some_groups_is_not_taken_for_that_of_all(made: Callable[..., Path]) -> None:
    """Where groups are measured and not compared, their number and the gap of all stand beside the one that is judged."""
    folder = made("binary", {**reports("binary"), "fairness": fairness(["SEX"], least=3500)})
    said = "; between 1 of 2 groups, of all 2: selection rate 0.0200, equalized odds 0.0320\n"
    assert said in called(folder, COLUMNS="300").stdout


def test_json_is_the_figures_of_the_reports(made: Callable[..., Path]) -> None:
    """The test metrics, gains and decision as in reports/metrics.json, and whether they belong to the verdict."""
    folder = made("binary")
    found, metrics = json.loads(called(folder, "--json").stdout), read_json(folder / "reports/metrics.json")
    assert {name: found[name] for name in ("test", "gain", "decision")} == {name: metrics[name] for name in ("test", "gain", "decision")}
    assert (found["verdict"], found["refused"], found["belongs"], found["missing"]) == ("fail", ["odds"], True, [])


def test_reports_of_another_run_are_noticed(made: Callable[..., Path]) -> None:
    """A report that changed after the verdict is named in the summary, in the JSON and above everything on the page."""
    folder = made("binary")
    metrics = read_json(folder / "reports/metrics.json")
    write_json(folder / "reports/metrics.json", {**metrics, "test": {**metrics["test"], "auc": 0.99}})
    said = "These reports are not those that the verdict was given on: reports/metrics.json changed since."
    done = called(folder, "--html", "page.html")
    assert (done.returncode, done.stderr) == (0, f"{said}\n  → run: make\n")
    page = (folder / "page.html").read_text()
    assert page.index("not those that the verdict was given on") < page.index("Verdict and gates")
    assert f"✗ {said}" in called(folder).stdout
    assert json.loads(called(folder, "--json").stdout)["odd"] == [said]


def test_another_use_case_other_gates_and_another_model_are_noticed(made: Callable[..., Path]) -> None:
    """A verdict on another use case, by other gates or on another model is said to be one."""
    folder = made("binary")
    params = YAML(typ="safe").load(folder / "params.yaml")
    params["usecase"]["name"], params["gates"]["good"]["min"] = "other", 0.1
    YAML(typ="safe").dump(params, folder / "params.yaml")
    gates = read_json(folder / "reports/gates.json")
    write_json(folder / "models/model/model.json", {"task": {"kind": "binary"}, "rounds": 3, "features": []})
    write_json(folder / "reports/gates.json", {**gates, "binds": [*gates["binds"], {"name": "model", "sha256": {"model.json": "0" * 64}}]})
    assert json.loads(called(folder, "--json").stdout)["odd"] == [
        "The verdict is on commuters, and params.yaml speaks of other.",
        "The model in models/model is not the one that the verdict was given on.",
        "The gates in params.yaml are not those that the verdict was given by.",
    ]


def test_a_report_that_no_gate_asked_about_is_held_to_the_lock(made: Callable[..., Path]) -> None:
    """Chart data that is not as dvc.lock has it was changed since; as it has it, nothing is said."""
    folder = made("binary")
    held = hashlib.md5((folder / "reports/roc.json").read_bytes(), usedforsecurity=False).hexdigest()
    lock = {"schema": "2.0", "stages": {"evaluate": {"cmd": "x", "outs": [{"path": "reports/roc.json", "md5": held}]}}}
    YAML(typ="safe").dump(lock, folder / "dvc.lock")
    assert json.loads(called(folder, "--json").stdout)["belongs"]
    write_json(folder / "reports/roc.json", [])
    assert "reports/roc.json changed since" in json.loads(called(folder, "--json").stdout)["odd"][0]


def test_without_any_report_the_command_says_which_makes_them(made: Callable[..., Path]) -> None:
    """Nothing ran yet: no verdict, no figure, every section names the command that makes its report; exit 0."""
    folder = made("binary")
    for report in (folder / "reports").iterdir():
        report.unlink()
    done = called(folder)
    assert (done.returncode, done.stdout) == (
        0,
        "commuters: ? no verdict: reports/gates.json is not here\n→ make  reports and verdict of one run\n",
    )
    assert called(folder, "--html", "page.html").returncode == 0
    page = (folder / "page.html").read_text()
    for stage in ("gate", "evaluate", "stress", "explain"):
        assert f"run: dvc repro {stage}" in page


def test_the_page_lies_where_git_does_not_look_and_opens(made: Callable[..., Path], tmp_path: Path) -> None:
    """--open writes reports/evaluation.html, which git ignores, and hands it to the browser; without one it says so."""
    folder = made("multiclass")
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text().splitlines()
    assert "/reports/*.html" in ignored
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/seen"\n')
    browser.chmod(0o755)
    done = called(folder, "--open", BROWSER=f'"{browser}" %s')
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reports/evaluation.html: ✗ fail")
    assert (tmp_path / "seen").read_text().strip() == (folder / "reports/evaluation.html").as_uri()


def test_words_that_contradict_are_refused(made: Callable[..., Path]) -> None:
    """--json with --html, and a page that is no .html, are mistakes: exit 2, and nothing is written."""
    folder = made("binary")
    before = sorted(folder.rglob("*"))
    for words, said in ((("--json", "--html"), "choose one"), (("--html", "page.txt"), "ends in .html, not 'page.txt'")):
        done = called(folder, *words)
        assert done.returncode == 2
        assert said in done.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_report_that_is_no_json_is_an_error_that_names_it(made: Callable[..., Path]) -> None:
    """A damaged file is not shown as if it were absent."""
    folder = made("regression")
    (folder / "reports/residuals.json").write_text("[{")
    done = called(folder)
    assert done.returncode == 6
    assert "reports/residuals.json is not JSON" in done.stderr


def test_a_report_of_another_outline_is_not_used(made: Callable[..., Path]) -> None:
    """A list where a record belongs is named, and the rest is shown."""
    folder = made("binary", {**reports("binary"), "stress": []})
    found = json.loads(called(folder, "--json").stdout)
    assert found["odd"] == ["reports/stress.json is not what this version of interlock writes."]
    assert found["missing"] == ["stress"]
