"""The notebook of the flights runs, and the guide that moves it into a use case says what both give."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from interlock import compose, usecase
from interlock.cli.main import command
from interlock.features import collect
from interlock.files import read_json, write_text
from interlock.notebook import Project, inside

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/from-a-notebook.md").read_text(encoding="utf-8")
NOTEBOOK = ROOT / "docs/notebooks/flights.ipynb"
FEATURES = next(block for block in re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL) if "view(Weather)" in block)
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SMUGGLED = {
    "events": ('        "distance",\n', '        "distance",\n        hour_delay=col("dep_delay").mean().over("origin", "time_hour"),\n'),
    "schema": ("    departs: Utc\n", "    departs: Utc\n    hour_delay: float = pa.Field(nullable=True)\n"),
}


def project(folder: Path, changes: Mapping[str, tuple[str, str]], features: str) -> Path:
    """The flights with the features of the guide alone."""
    for name in ("conf", "usecases/flights", "data/sources", "data/accepted", "pins.yaml", "dvc.yaml"):
        (shutil.copytree if (ROOT / name).is_dir() else _copied)(ROOT / name, folder / name)
    for name, (old, new) in changes.items():
        path = folder / f"usecases/flights/{name}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    write_text(folder / "usecases/flights/features.py", features)
    write_text(folder / "usecases/flights/stress.py", "")
    return folder


def _copied(one: Path, other: Path) -> None:
    shutil.copy(one, other)


@pytest.mark.filterwarnings("ignore")  # of the kernel's own packages
def test_the_notebook_runs_and_prints_what_the_guide_says() -> None:
    """Every cell, in a kernel of this environment; its AUC stands in the guide; no output of another machine is kept in it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call] # it ships no types for it
    assert all(cell.get("outputs", []) == [] for cell in notebook.cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    (auc,) = re.findall(r"AUC (\d\.\d{3})", printed)
    assert f"an AUC of {auc}" in GUIDE
    assert f"| the notebook: a random fifth | {auc} |" in GUIDE


def test_features_of_the_guide_are_declarations_of_the_flights(tmp_path: Path) -> None:
    """Its block is a whole features.py, each of the notebook's twelve features under one name; the commands of the page are there."""
    folder = project(tmp_path / "project", {}, FEATURES)
    with inside(folder):
        declared = collect.load("flights")
        assert len(usecase.load_schema("flights").histories) == 3
    cell = next(cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if "names = [" in "".join(cell["source"]))
    names = re.findall(r'"(\w+)"', "".join(cell["source"]).partition("]")[0])
    assert sorted({"distance": "miles"}.get(name, name) for name in names) == sorted(feature.name for feature in declared.public)
    for verb in re.findall(r"^\$ interlock (\w+)", GUIDE, re.MULTILINE):
        assert command(verb)
    for call in re.findall(r"project\.(\w+)\(", GUIDE):
        assert callable(getattr(Project, call))


def run(folder: Path, *stages: str) -> dict[str, Any]:
    with inside(folder):
        compose.write(compose.compose())
        for stage in stages:
            import_module(f"stages.{stage}").main()
        return {name: read_json(Path(f"reports/{name}.json")) for name in ("metrics", "leakage")}


@pytest.mark.skipif(not NIGHTLY, reason="two trainings on all flights: half a minute")
def test_figures_of_the_guide_are_those_of_its_features(tmp_path: Path) -> None:
    """The AUC of the twelve features, of the same with the notebook's leak in place of the honest mean, and what each tells alone."""
    stages = ("ingest", "validate", "featurize", "train", "score", "evaluate")
    honest = run(project(tmp_path / "honest", {}, FEATURES), *stages)
    leak = FEATURES.replace('view(Departures).mean("dep_delay", "1h", ', 'on_demand(col("hour_delay"), ').replace("Departures, ", "")
    leaking = run(project(tmp_path / "leaking", SMUGGLED, leak), *stages)
    assert f"two hours before | {honest['metrics']['test']['auc']:.3f} |" in GUIDE
    assert f"in place of `airport_delay` | {leaking['metrics']['test']['auc']:.3f} |" in GUIDE
    strongest = leaking["leakage"]["alone"]["strongest"]
    assert (strongest["name"], f"{strongest['auc']:.3f}") == ("airport_delay", "0.787")
    assert "reaches 0.787 on the validation rows" in GUIDE
    bound = next(gate["bound"] for gate in read_json(ROOT / "reports/gates.json")["gates"] if gate["name"] == "leak")
    assert bound < strongest["auc"]
    assert f"the bound for the flights is {bound:g}, so the verdict is fail" in GUIDE
    alone = honest["leakage"]["alone"]["strongest"]
    assert (alone["name"], f"{alone['auc']:.3f}") == ("airport_delay", "0.691")
    assert "of the last hour has 0.691" in GUIDE


def test_the_last_row_of_the_table_is_the_last_run() -> None:
    """The AUC of the use case as it is shipped, to four places."""
    assert f"with the same words | {read_json(ROOT / 'reports/metrics.json')['test']['auc']:.4f} |" in GUIDE
