"""A graph small enough to run in a test, with this project's conf."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import compose

ROOT = Path(__file__).parent.parent.parent
GRAPH = """
stages:
  first:
    cmd: python first.py
    deps: [first.py]
    params: [model]
    outs: [first.out]
  second:
    cmd: cp first.out second.out
    deps: [first.out]
    outs: [second.out]
"""


@pytest.fixture
def graph(project: Path, commit: Callable[[], None]) -> Path:
    """A project with this one's conf and pins of sources, and a graph of two stages that have not run."""
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copytree(ROOT / "data" / "sources", project / "data" / "sources")
    (project / "dvc.yaml").write_text(GRAPH)
    (project / "requirements.txt").write_text("polars==2.1.0\n")
    (project / "first.py").write_text("from pathlib import Path\nPath('first.out').write_text('1')\n")
    compose.write(compose.compose())
    commit()
    return project
