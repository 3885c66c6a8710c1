"""The project in its small world, run once for all tests of the whole graph, and copies of it to change."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.graph.clone import Clone, build, environment

WITNESS = Path(__file__).parent / "witness"


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The project after one `dvc repro` from nothing, committed. Shared by all workers: not to be changed."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "whole graph"
    place.mkdir(exist_ok=True)
    with _alone(place / "lock"):
        if not (place / "built").exists():
            _run(build(place), place / "witnessed")
            (place / "built").touch()
    return Clone(place / "ein Projékt", environment(place))


@pytest.fixture(scope="session")
def witnessed(finished: Clone) -> dict[str, Any]:
    """What each stage did in that run, as the witness wrote it down."""
    return {path.stem: json.loads(path.read_text()) for path in (finished.folder.parent / "witnessed").iterdir()}


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished project, to change."""
    return finished.copy(tmp_path / "un projét")


def _run(clone: Clone, witnessed: Path) -> None:
    witnessed.mkdir()
    clone.dvc("repro", PYTHONPATH=str(WITNESS), WITNESS=str(witnessed))
    clone.commit()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
