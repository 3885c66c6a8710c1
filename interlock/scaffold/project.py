"""A team's own project around a use case: everything but the environment, which `make` sets up."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from interlock import compose, params, pins
from interlock.errors import ConfigError, InterlockError
from interlock.files import write_text
from interlock.scaffold import manifest, repository, requirements, running, templates
from interlock.scaffold.wheel import Wheel

NAME = re.compile(r"[a-z][a-z0-9_]*")
EMPTY = {"stress": '"""How scores must behave when something about a row changes: nothing is stated yet."""\n'}


def create(folder: Path, name: str, files: Mapping[str, str], data: Mapping[str, Path] | None = None) -> list[str]:
    """A project at `folder` for the use case `name` around its drafted `files`; all of it, or nothing.

    Paths of `files` are relative to the project and win over what the library gives; `data` are files to copy in, by their
    path in the project. Sources are pinned, params.yaml is composed. Where the folder lies in no git repository one is made,
    with a first commit; else nothing outside of the folder is touched. Returns what a person should be told.

    Raises ConfigError where something is in the way or `files` do not fit together, SourceError where a table cannot be read.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a use case", "begin with a small letter, go on with small letters, digits and _")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is in the way: it is not an empty folder", "name another place, or remove it")
    with _making(folder) as new:
        _write(new, name, files, running.wheel())
        for path, source in (data or {}).items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, new / path)
        with chdir(new):
            _settle()
        return repository.begin(new, folder, name)


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, so that relative paths lead where they will, which takes its place when all went well."""
    folder = folder.absolute()
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(new: Path, name: str, files: Mapping[str, str], wheel: Wheel) -> None:
    about = {"usecase": name, "description": _description(files.get(f"conf/usecase/{name}.yaml", ""))}
    generated = templates.files(wheel, templates.GENERATED, about)
    databases = any(re.search(r"\bfrom: database\b", text) for path, text in files.items() if path.startswith("conf/usecase/"))
    given = {
        f"usecases/{name}/stress.py": EMPTY["stress"],
        **templates.files(wheel, templates.GIVEN, about),
        "requirements.txt": requirements.text(wheel, databases=databases),
        requirements.ASKED.as_posix(): requirements.asked(wheel, databases=databases),
    }
    for path, text in {**given, **generated, **files}.items():
        write_text(new / path, text)
    vendor = new / requirements.vendored(wheel).path
    vendor.write_bytes(wheel.content)
    kept = {path: text for path, text in generated.items() if path not in files}
    write_text(new / manifest.PLACE, manifest.text(manifest.of(wheel.version, about, kept)))


def _description(conf: str) -> str:
    """What the use case's conf says that it is about."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        said: Any = YAML(typ="safe").load(conf)
        return str(said["catalog"]["description"])
    except (YAMLError, LookupError, TypeError):
        return ""


def _settle() -> None:
    """Compose params.yaml, write pins.yaml, and pin the sources of the project in the current folder."""
    compose.write(compose.compose())
    pins.write()
    params.read_yaml.cache_clear()
    _interlock("refresh")


def _interlock(verb: str) -> None:
    """Run a command of this library in the current folder, in a process of its own: it imports the use case."""
    library = str(running.PACKAGE.parent)
    command = [sys.executable, "-P", "-m", "interlock.cli.main", verb]
    environment = os.environ | {"PYTHONPATH": library, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedError(done.stderr, done.returncode)


class FailedError(InterlockError):
    """What a command said that failed, with its exit code."""

    def __init__(self, said: str, code: int) -> None:
        found, _, remedy = said.strip().rpartition("error: ")[2].partition("\n  → ")
        super().__init__(found, remedy)
        self.exit_code = code
