"""The flights in their small world, taken through the stages up to the model and committed: a project to look at features in."""

import fcntl
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from interlock import files, params
from interlock.notebook import inside

ROOT = Path(__file__).parents[1]
STAGES = ("ingest", "validate", "featurize", "train", "score", "explain")
PERSON = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false"]


def finished(factory: pytest.TempPathFactory) -> Path:
    """The project after its stages. Made once, shared by all workers: not to be changed."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "small flights é"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            _build(place / "project")
            (place / "built").touch()
    return place / "project"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *PERSON, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path) -> str:
    """Commit everything that is not ignored; the hash of the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")
    return git(folder, "rev-parse", "HEAD").strip()


def _build(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("usecases", "conf", "data/sources"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitignore", folder / ".gitignore")
    said = params.read_yaml(ROOT / "params.yaml")
    usecase = {**said["usecase"], "world": {"name": "small", "keep": said["usecase"]["small"]}}
    files.write_json(folder / "params.yaml", {**said, "usecase": usecase, "model": {**said["model"], "rounds": 20}})
    (folder / "dvc.yaml").write_text("stages: {}\n")
    git(folder, "init", "--quiet")
    commit(folder)
    with inside(folder):
        for stage in STAGES:
            import_module(f"stages.{stage}").main()
