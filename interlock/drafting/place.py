"""Where a draft goes: a project of its own, or the one that the current folder lies in; nothing that is there is changed."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from interlock import git
from interlock.drafting import draft
from interlock.drafting.given import Given
from interlock.drafting.plan import Plan
from interlock.errors import ConfigError, GitError
from interlock.files import write_text

TABLES = "tables"
IGNORED = "# Tables are tracked by DVC, beside each its .dvc in git.\n*\n!*/\n!.gitignore\n!*.dvc\n"
CONFIG = Path("conf/config.yaml")


@dataclass(frozen=True)
class Made:
    """Where the project is, the files that were drafted in it, and what else should be said."""

    folder: Path
    files: list[str]
    said: list[str] = field(default_factory=list)
    joined: bool = False


def project_of(here: Path) -> Path | None:
    """The interlock project that `here` lies in, None where it lies in none, or in a project of another kind."""
    return next(
        (
            each
            for each in (here, *here.parents)
            if (each / CONFIG).is_file() and (each / "dvc.yaml").is_file() and (each / "usecases").is_dir()
        ),
        None,
    )


def free(folder: Path, name: str, project: Path | None) -> None:
    """Raise ConfigError where something is in the way of what a draft writes."""
    if project is None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(f"{folder} is in the way: it is not an empty folder", "take another name, or another place by --into")
        return
    there = [
        path
        for path in (f"usecases/{name}", *(f"conf/{group}/{name}.yaml" for group in ("usecase", "gates", "model")))
        if (project / path).exists()
    ]
    if there:
        raise ConfigError(f"{there[0]} exists already in {project}", "take another name")


def begin(folder: Path, plan: Plan) -> Made:
    """A project of its own in `folder`, with the tables' files in it, tracked by DVC."""
    from interlock.scaffold.project import create

    data = _copies(plan.tables)
    files = draft.files(plan, {table.name: _spec(table, data) for table in plan.tables})
    extra = {f"{TABLES}/.gitignore": IGNORED, **{f"{path}.dvc": _tracked(source) for path, source in data.items()}} if data else {}
    said = create(folder, plan.name, {**files, **extra, **_chosen(plan.name, files)}, data)
    _cached(folder, list(data))
    return Made(folder, list(files), list(said))


def _chosen(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """The conf of a new project where it is not the default model that suits its rows."""
    from interlock.scaffold import running, templates

    if f"conf/model/{name}.yaml" not in files:
        return {}
    given = templates.files(running.wheel(), templates.GIVEN, {"usecase": name, "description": ""})
    return {CONFIG.as_posix(): given[CONFIG.as_posix()].replace("- model: default", f"- model: {name}")}


def join(project: Path, plan: Plan) -> Made:
    """The use case among the others of `project`; tables that lie in it are read where they are, others are copied in."""
    inside = {table.name: _inside(project, table) for table in plan.tables}
    outer = [table for table in plan.tables if inside[table.name] is None]
    data = _copies(outer, f"{TABLES}/{plan.name}")
    if taken := next((path for path in data if (project / path).exists()), None):
        raise ConfigError(f"{taken} exists already in {project}", "take another name, or read the table that is there")
    specs = {table.name: inside[table.name] or _spec(table, data) for table in plan.tables}
    files = draft.files(plan, specs)
    try:
        for path, source in data.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, project / path)
        _cached(project, list(data))
    except (OSError, GitError):
        shutil.rmtree(project / TABLES / plan.name, ignore_errors=True)
        raise
    for path, text in files.items():
        write_text(project / path, text)
    _pin(project, plan.name, specs)
    ignored = [f"{path} is ignored by git: git add --force {path}" for path in files if _ignored(project, path)]
    return Made(project, [*files, *(f"{path}.dvc" for path in data)], ignored, joined=True)


def _inside(project: Path, table: Given) -> dict[str, Any] | None:
    """How the files of a table are named from `project`; None where they lie outside of it."""
    if not table.files:
        return table.spec
    paths = [path.resolve() for path in table.files]
    if not all(path.is_relative_to(project.resolve()) for path in paths):
        return None
    if len(paths) == 1:
        path = paths[0].relative_to(project.resolve()).as_posix()
        return {"from": "dvc" if Path(f"{paths[0]}.dvc").is_file() else "files", "path": path, **table.spec}
    return {"from": "files", "path": f"{paths[0].parent.relative_to(project.resolve()).as_posix()}/{table.glob}", **table.spec}


def _copies(tables: Iterable[Given], folder: str = TABLES) -> dict[str, Path]:
    """Where each local file is copied to; several files of one table have a folder of their own."""
    found: dict[str, Path] = {}
    for table in tables:
        inner = f"{folder}/{table.name}" if len(table.files) > 1 else folder
        for path in table.files:
            place = f"{inner}/{path.name}"
            found[place if place not in found else f"{folder}/{table.name}/{path.name}"] = path
    return found


def _spec(table: Given, data: Mapping[str, Path]) -> dict[str, Any]:
    """What conf says of a table whose files were copied."""
    if not table.files:
        return table.spec
    places = [place for place, path in data.items() if path in table.files]
    if len(places) == 1:
        return {"from": "dvc", "path": places[0], **table.spec}
    return {"from": "files", "path": f"{Path(places[0]).parent.as_posix()}/{table.glob}", **table.spec}


def _tracked(path: Path) -> str:
    """What `dvc add` writes beside a file."""
    from interlock.sources.pins import md5

    return f"outs:\n- md5: {md5(path)}\n  size: {path.stat().st_size}\n  hash: md5\n  path: {path.name}\n"


def _cached(folder: Path, paths: list[str]) -> None:
    """Let DVC track the files, so that `dvc push` sends them to whoever clones the project."""
    if not paths:
        return
    command = [sys.executable, "-P", "-m", "dvc", "add", *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or "it says nothing"
        reason = next((line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")), said.splitlines()[0])
        raise GitError(f"dvc cannot track {paths[0]}: {reason}", f"mend that, and run in {folder}: dvc add {paths[0]}")


def _pin(project: Path, name: str, specs: Mapping[str, Mapping[str, Any]]) -> None:
    """Pin the sources of the use case `name`, which is not the one that params.yaml names."""
    import msgspec

    from interlock.contracts import accepted
    from interlock.sources import pins
    from interlock.sources.spec import Tables

    with chdir(project), TemporaryDirectory() as scratch:
        tables = msgspec.convert(specs, Tables)
        pins.save(name, {table: pins.examine(table, spec, Path(scratch))[0] for table, spec in tables.items()})
        accepted.begin(name)


def _ignored(project: Path, path: str) -> bool:
    try:
        return bool(git.git("check-ignore", path, cwd=project).strip())
    except GitError:
        return False
