"""A stage needs nothing but what it declares."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.closure import HARMLESS
from tests.graph.clone import Clone, digest, stages

STAGES = stages()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_on_its_deps_alone(stage: str, finished: Clone, tmp_path: Path) -> None:
    """In a folder that holds its declared deps, params.yaml, pins.yaml, and the modules that cannot change a byte, a stage
    writes the very bytes that dvc.lock has of it."""
    alone = replace(finished, folder=tmp_path / "só deps")
    for path in {*STAGES[stage].deps, *STAGES[stage].params, *HARMLESS}:
        place(finished.folder, path, alone.folder)
    alone.run(sys.executable, "-m", f"stages.{stage}")
    expected = finished.hashes()
    assert {out: digest(alone.folder / out) for out in STAGES[stage].outs} == {out: expected[out] for out in STAGES[stage].outs}


def place(source: Path, path: str, target: Path) -> None:
    """Copy one dep, and the `__init__.py` of the packages above it."""
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if (source / path).is_dir() else shutil.copy)(source / path, target / path)
    for folder in Path(path).parents:
        if (source / folder / "__init__.py").is_file():
            shutil.copy(source / folder / "__init__.py", target / folder / "__init__.py")
