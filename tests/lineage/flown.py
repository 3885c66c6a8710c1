"""The small world of flights, released and asked: a project with a history to trace through."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock import params
from interlock.notebook import inside
from interlock.releases.registry import Release
from tests import small_flights
from tests.lineage import traced

# Fixtures that a module imports are its own: what they make is kept here, for all of them.
MADE: list[tuple[Path, Release, list[str]]] = []
ASKED = (500, 1500, 2500, 2501, 2502)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release, list[str]]:
    """The project after one release and five predictions. Made once: not to be changed."""
    if not MADE:
        MADE.append(_made(tmp_path_factory))
    return MADE[0]


def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release, list[str]]:
    folder = tmp_path_factory.mktemp("traced") / "a project é"
    shutil.copytree(small_flights.finished(tmp_path_factory), folder)
    with pytest.MonkeyPatch.context() as patched, inside(folder):
        traced.author(patched)
        params.read_yaml.cache_clear()
        made = traced.release("v1.0.0")
        return folder, made, traced.predict(made, traced.requests(*ASKED))


@pytest.fixture
def flown(
    released: tuple[Path, Release, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Release, list[str]]]:
    """A copy of the project, as the current folder; its release and the ids of its predictions."""
    folder, made, ids = released
    shutil.copytree(folder, tmp_path / "a project é")
    monkeypatch.chdir(tmp_path / "a project é")
    monkeypatch.setattr(sys, "path", [*sys.path])
    traced.author(monkeypatch)
    params.read_yaml.cache_clear()
    yield made, ids
    params.read_yaml.cache_clear()
