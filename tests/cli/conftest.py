"""A graph small enough to run in a test, with this project's conf."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
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


@pytest.fixture
def old(graph: Path, commit: Callable[[], None]) -> Path:
    """The project with a table of flights whose last row is of 2013, and which must be no older than two days."""
    conf = graph / "conf" / "usecase" / "flights.yaml"
    text = conf.read_text()
    said = "flights: {description: Every flight that left New York's three airports in 2013., licence: CC0-1.0, fresh: null}"
    assert said in text
    conf.write_text(text.replace(said, said.replace("fresh: null", "fresh: 2d, aged_by: time_hour, stale: fail")))
    (graph / "data" / "raw").mkdir()
    rows = pl.DataFrame({"time_hour": [datetime(2013, 12, 31, tzinfo=UTC)]})
    rows.write_parquet(graph / "data" / "raw" / "flights.parquet")
    compose.write(compose.compose())
    commit()
    return graph
