"""`python -m tools.aside`, on a small graph."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import compose

ROOT = Path(__file__).parents[2]
GRAPH = "stages:\n  copy:\n    cmd: cp params.yaml copied\n    params: [usecase, model, gates]\n    outs: [copied]\n"
SHOW = "import json, pathlib, yaml; print(json.dumps([yaml.safe_load(open('copied'))['usecase']['name'], str(pathlib.Path.cwd())]))"


def aside(*words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DVC_EXP_NAME": "leaks in"}
    return subprocess.run([sys.executable, "-m", "tools.aside", *words], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def committed(project: Path, commit: Callable[[], None]) -> Path:
    """A project with this one's conf/ and a graph of one stage, committed and not built."""
    shutil.copytree(ROOT / "conf", project / "conf")
    (project / "dvc.yaml").write_text(GRAPH)
    compose.write(compose.compose())
    commit()
    return project


def test_the_command_runs_where_the_graph_ran_with_the_choices(committed: Path) -> None:
    """In a clone that is gone afterwards; the project has no output, no cache and no experiment of it, and its params are as before."""
    before = (committed / "params.yaml").read_bytes()
    done = aside("usecase=employment", "--", sys.executable, "-c", SHOW)
    assert done.returncode == 0, done.stderr
    name, folder = json.loads(done.stdout.splitlines()[-1])
    assert name == "employment"
    assert not Path(folder).exists()
    assert (committed / "params.yaml").read_bytes() == before
    assert not (committed / "copied").exists()
    assert not (committed / ".dvc/cache").exists()
    assert subprocess.run(["git", "for-each-ref", "refs/exps"], capture_output=True, text=True, check=True).stdout == ""


def test_it_exits_as_the_command_or_the_graph_does(committed: Path) -> None:
    """A command that fails gives its own code; where the graph fails, the command is not run; without a command it says how."""
    assert (committed / "dvc.yaml").is_file()
    assert aside("usecase=employment", "--", sys.executable, "-c", "raise SystemExit(3)").returncode == 3
    failed = aside("usecase=nothing", "--", sys.executable, "-c", "print('ran')")
    assert failed.returncode != 0
    assert "ran\n" not in failed.stdout
    assert aside("usecase=employment").returncode == 2
