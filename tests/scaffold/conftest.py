"""A project made by `create` around a small use case, once for all tests, and the same after its graph has run."""

import fcntl
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from interlock.scaffold.project import create
from tests.scaffold import small

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Made:
    """A team's project. Its commands run with this environment's packages, but the library of its own wheel, unpacked."""

    folder: Path
    library: Path

    def run(self, *command: str, fails: bool = False) -> Done:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_", "PYTHON"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        people = {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment |= {"PATH": path, "PYTHONPATH": str(self.library), "GIT_CONFIG_GLOBAL": os.devnull} | people
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done

    def interlock(self, *arguments: str, fails: bool = False) -> Done:
        return self.run(sys.executable, "-P", "-m", "interlock.cli.main", *arguments, fails=fails)

    def dvc(self, *arguments: str) -> Done:
        return self.run(sys.executable, "-P", "-m", "dvc", *arguments)

    def files(self) -> Mapping[str, bytes]:
        """What git sees, ignored files left out."""
        names = self.run("git", "ls-files", "-z", "-co", "--exclude-standard").stdout.split("\0")[:-1]
        return {name: (self.folder / name).read_bytes() for name in names if (self.folder / name).is_file()}

    def copy(self, place: Path) -> "Made":
        return Made(Path(shutil.copytree(self.folder, place)), self.library)


@pytest.fixture(scope="session")
def created(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The project as `create` leaves it. Shared by all workers: not to be changed."""
    place = _shared(tmp_path_factory)
    made = Made(place / "ein Projékt", place / "library")
    with _alone(place / "created"):
        if not made.library.is_dir():
            create(made.folder, small.NAME, small.FILES, {"data/own/loans.csv": small.table(place / "loans.csv")})
            zipfile.ZipFile(next(made.folder.glob("vendor/*.whl"))).extractall(made.library)
    return made


@pytest.fixture(scope="session")
def finished(created: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The project after its graph has run, committed. Shared by all workers: not to be changed."""
    place = _shared(tmp_path_factory)
    made = Made(place / "ran", created.library)
    with _alone(place / "finished"):
        if not made.folder.is_dir():
            created.copy(place / "runs")
            Made(place / "runs", created.library).interlock("run")
            (place / "runs").rename(made.folder)
            made.run("git", "add", "--all")
            made.run("git", "commit", "--quiet", "--message", "run")
    return made


@pytest.fixture
def team(created: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A copy of the project, to change; the current folder."""
    made = created.copy(tmp_path / "team")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[Path], Path]:
    """Unpacks a wheel as an installer would: with files of its own beside it, which its RECORD lists."""

    def install(wheel: Path) -> Path:
        place = tmp_path / "site-packages"
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(place)
        folder = next(place.glob("*.dist-info"))
        (folder / "INSTALLER").write_text("uv")
        record = folder / "RECORD"
        more = f"{folder.name}/INSTALLER,,\n../../../bin/interlock,sha256=x,1\ninterlock/__pycache__/x.pyc,,\n"
        record.write_text("".join(reversed(record.read_text().splitlines(keepends=True))) + more)
        return place

    return install


def _shared(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "scaffold"
    place.mkdir(exist_ok=True)
    return place


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
