"""What each stage declares in dvc.yaml is what it imports, reads and writes: read from source, and seen in a run."""

from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from interlock import pins
from interlock.closure import HARMLESS, closure
from tests.graph.clone import ROOT, USECASE, Clone, read_yaml, stages

STAGES = stages()
Witnessed = dict[str, Any]
each_stage = pytest.mark.parametrize("stage", STAGES)


def exempt(path: str) -> bool:
    """Whether a module need not be declared: no byte can depend on it."""
    return path in HARMLESS or (path.endswith("__init__.py") and not (ROOT / path).read_bytes())


@cache
def reached(stage: str) -> frozenset[str]:
    return frozenset(path.as_posix() for path in closure(Path(f"stages/{stage}.py"), USECASE))


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@each_stage
def test_modules_that_a_stage_may_import_are_its_deps(stage: str) -> None:
    """Every module that the source of a stage leads to is declared: nested imports, connectors by name, the use case's files."""
    assert {path for path in reached(stage) if not exempt(path)} - STAGES[stage].deps == set()


@each_stage
def test_modules_that_a_stage_imported_are_its_deps(stage: str, witnessed: Witnessed) -> None:
    """In a real run a stage imports no module of the project that it does not declare, and none that reading its source misses."""
    imported = set(witnessed[stage]["modules"])
    assert f"stages/{stage}.py" in imported
    imported = {path for path in imported if not exempt(path)}
    assert imported - STAGES[stage].deps == set()
    assert imported - reached(stage) == set()


@each_stage
def test_no_module_is_declared_in_vain(stage: str) -> None:
    """A declared module can be reached from the stage, and is not one that cannot change a byte."""
    assert {path for path in STAGES[stage].modules if path not in reached(stage) or exempt(path)} == set()


@each_stage
def test_packages_that_a_stage_uses_are_pinned(stage: str, witnessed: Witnessed) -> None:
    """Each package that a stage's modules import, or whose library they load, is in its part of pins.yaml or cannot change a byte."""
    there = packages_distributions()
    used = {name.lower().replace("_", "-").replace(".", "-") for top in witnessed[stage]["packages"] for name in there.get(top, ())}
    used |= {name for name in ("lightgbm",) if any(f"/{name}/" in path for path in witnessed[stage]["libraries"])}
    pinned = set(read_yaml(Path("pins.yaml"))[stage])
    assert used - pinned - set(pins.SILENT) <= {"interlock"}


def test_pins_are_those_of_the_lock() -> None:
    """pins.yaml is what requirements.txt and the imports of the stages say."""
    pins.check()


@each_stage
def test_sections_that_a_stage_read_are_its_params(stage: str, witnessed: Witnessed) -> None:
    """A stage reads no section of params.yaml that it does not declare, declares none that it does not read, and pins its packages."""
    read, declared = set(witnessed[stage]["sections"]), set(STAGES[stage].params["params.yaml"] or ())
    assert read
    assert {section for section in read if not any(f"{section}.".startswith(f"{known}.") for known in declared)} == set()
    assert {known for known in declared if not any(f"{section}.".startswith(f"{known}.") for section in read)} == set()
    everything = "pins.yaml" in witnessed[stage]["others"]
    assert STAGES[stage].params["pins.yaml"] == (None if everything else (stage,))


@each_stage
def test_files_that_a_stage_wrote_are_its_outs(stage: str, witnessed: Witnessed) -> None:
    """A stage writes something in each of its outputs, and changes nothing else in the project."""
    written, outs = {Path(path) for path in witnessed[stage]["written"]}, STAGES[stage].outs
    assert {path.as_posix() for path in written if not any(path.is_relative_to(out) for out in outs)} == set()
    assert {out for out in outs if not any(path.is_relative_to(out) for path in written)} == set()


def test_stage_file_and_test_share_a_name() -> None:
    """The stage `x` is `python -m stages.x`, its file stages/x.py, its test tests/stages/test_x.py; there are no others."""
    assert {name: stage.command for name, stage in STAGES.items()} == {name: f"python -m stages.{name}" for name in STAGES}
    assert {path.stem for path in Path("stages").glob("*.py")} == {*STAGES, "__init__"}
    assert {path.stem.removeprefix("test_") for path in Path("tests/stages").glob("test_*.py")} == set(STAGES)


def test_a_run_leaves_the_graph_up_to_date(finished: Clone) -> None:
    """After one `dvc repro` nothing is left to do, and git sees no file that was not committed."""
    assert "up to date" in finished.dvc("status")
    assert finished.run("git", "status", "--porcelain").stdout == ""
