"""`python -m tools.review`: what neither cache nor a remote have is made again, at its commit."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.git import head
from tools import review

GRAPH = """stages:
  make:
    cmd: mkdir -p data/predictions data/features && cp said data/predictions/it && cp said data/features/it
    deps: [said]
    outs: [data/predictions, data/features]
"""


@pytest.fixture
def made(project: Path, commit: Callable[[], None]) -> str:
    """A commit whose outputs are in no cache any more, under another one that is of other content."""
    (project / "dvc.yaml").write_text(GRAPH)
    (project / "said").write_text("one\n")
    subprocess.run([sys.executable, "-P", "-m", "dvc", "repro", "--quiet"], check=True)
    commit()
    first = head()
    (project / "said").write_text("two\n")
    commit()
    shutil.rmtree(project / ".dvc/cache")
    return first


def test_the_graph_runs_at_the_commit_into_this_cache(made: str) -> None:
    """Its outputs have the hashes that its lock says; the work tree, and what is checked out, stay as they were."""
    before = head(), Path("said").read_text()
    assert not review.has(made)
    review.rebuild(made)
    assert review.has(made)
    assert (head(), Path("said").read_text()) == before
    assert not subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True).stdout
