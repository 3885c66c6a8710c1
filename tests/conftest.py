"""What tests of several folders share: a git and DVC project of their own, and the commands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# What a CI says of itself, and what a person likes, change what rich, zizmor and others print: the tests see it without.
for name in ("CI", "GITHUB_ACTIONS", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(name, None)

ROOT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]

# The same examples in every run of `make test`, so that a change is what turns it red; new ones, and many more, with
# HYPOTHESIS_PROFILE=nightly.
slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=slow, derandomize=True)
settings.register_profile("nightly", max_examples=2400, deadline=None, suppress_health_check=slow)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Hypothesis also draws the constants that it reads in whatever modules of this project are imported by then. With these the examples of
# a test would depend on the tests before it, and on any edit of the project. No setting says otherwise; test_examples.py sees to it.
if settings.get_current_profile_name() == "quick":
    providers.is_local_module_file = lambda path: False  # type: ignore[assignment,attr-defined]  # noqa: ARG005

# What takes long goes first, so that no worker is left with it at the end while the other has nothing to do.
LONG = ("tests/graph/test_releases.py", "tests/graph/", "tests/usecases/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project under git and DVC, with this one's settings; the current folder, its path a hostile one."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "a project é"
    (folder / ".dvc" / "tmp").mkdir(parents=True)
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    for name in (".gitignore", ".gitattributes", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "tester@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    subprocess.run(["git", "init", "--quiet"], check=True)
    others = _forget()
    yield folder
    _forget()
    sys.modules.update(others)


def _forget() -> dict[str, ModuleType]:
    """Take the modules of use cases out of those imported: another project has others under their names."""
    return {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "usecases"}


@pytest.fixture
def commit(project: Path) -> Callable[[], None]:
    """Commit everything in the project."""

    def commit_all() -> None:
        subprocess.run(["git", "add", "--all"], cwd=project, check=True)
        subprocess.run(["git", "commit", "--quiet", "--message", "change"], cwd=project, check=True)

    return commit_all


@pytest.fixture
def dvc(project: Path) -> Run:
    """Run `dvc` in the project; fails the test where it fails."""
    return lambda *arguments: _run([sys.executable, "-P", "-m", "dvc", *arguments], project, check=True)


@pytest.fixture
def interlock() -> Run:
    """Run `interlock` in the current folder, whatever it exits with; `cwd` for another folder."""
    return lambda *arguments, cwd=None: _run([sys.executable, "-P", "-m", "interlock.cli.main", *arguments], cwd, check=False)


def _run(command: list[str], cwd: Path | None, check: bool) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, check=check, capture_output=True, text=True)
