"""The library's own files as a project has them: in its tree, or in the wheel that its requirements.txt names.

They are read there, not where they happen to be installed: what a project holds is the same on every machine.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from interlock.errors import ArtifactError

NAME = "interlock"
PACKAGE = Path(__file__).parent
REQUIREMENTS = Path("requirements.txt")
CARRIED = f"{NAME}/scaffold/generated/"
LINE = re.compile(rf"^\./(vendor/{NAME}-[\w.+!]+-py3-none-any\.whl)[^\n]*\\\n\s+--hash=sha256:([0-9a-f]{{64}})", re.MULTILINE)


@dataclass(frozen=True)
class Vendored:
    """The wheel that a project installs the library from, relative to its folder, and the hash that it must have."""

    path: Path
    sha256: str

    @property
    def line(self) -> str:
        """How a requirements file names it."""
        return f"./{self.path.as_posix()} \\\n    --hash=sha256:{self.sha256}\n"

    def files(self) -> Mapping[str, bytes]:
        """The files of the wheel by name; raises ArtifactError where it is not there, or has another hash."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            raise ArtifactError(f"{self.path} does not exist", f"take it from git: git checkout -- {self.path}") from None
        if sha256(content).hexdigest() != self.sha256:
            raise ArtifactError(f"{self.path} is not the wheel that {REQUIREMENTS} names", f"run: git checkout -- {self.path}")
        return _files(self.path, self.sha256)


def vendored(requirements: str | None = None) -> Vendored | None:
    """The wheel that a requirements file names, that of the current folder where none is given; None where it names none."""
    if requirements is None:
        requirements = REQUIREMENTS.read_text(encoding="utf-8") if REQUIREMENTS.is_file() else ""
    found = LINE.search(requirements)
    return Vendored(Path(found[1]), found[2]) if found else None


def in_tree() -> bool:
    """Whether the library lies in the tree of the project in the current folder."""
    return Path(NAME, "__init__.py").is_file()


def modules() -> Mapping[str, bytes]:
    """The library's Python files by their path, `interlock/…`, where they do not lie in the project's tree."""
    if in_tree():
        return {}
    found = vendored()
    return found.files() if found else _installed()


def fits(requirements: str | None = None) -> None:
    """Raise ArtifactError where the library that runs is not the wheel that a requirements file names, the current one by default.

    Its bytes are compared, as two wheels can have one version. Where the file names none there is nothing to compare.
    """
    named = vendored(requirements)
    if named is None or in_tree():
        return
    if named != vendored():
        raise ArtifactError(
            f"the environment is of another {REQUIREMENTS}, which does not name {named.path}", "check that commit out, and run: make"
        )
    for name, content in named.files().items():
        here = PACKAGE.parent / name
        # NOTE: in its repository the library lies without what a wheel carries for projects
        code = name.startswith(f"{NAME}/") and name.endswith(".py") and not name.startswith(CARRIED)
        if code and (not here.is_file() or here.read_bytes() != content):
            raise ArtifactError(f"the environment holds another {NAME} than {named.path}: {name} differs", "run: make")


@cache
def _files(path: Path, hashed: str) -> Mapping[str, bytes]:  # noqa: ARG001 - other bytes are another wheel
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}


@cache
def _installed() -> Mapping[str, bytes]:
    return {path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes() for path in PACKAGE.rglob("*.py")}
