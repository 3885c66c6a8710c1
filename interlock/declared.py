"""What dvc.yaml declares of its stages' code, beside what they import; and what they read that git does not track."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from interlock import git
from interlock.closure import Code
from interlock.errors import ArtifactError
from interlock.params import load, read_yaml
from interlock.project import GRAPH

MISSING, VAIN = "imported and not declared", "declared and not imported"
NAME = "${usecase.name}"


Entries: TypeAlias = list[str | dict[str, Any]]


class _Stage(msgspec.Struct):
    deps: Entries = []
    outs: Entries = []
    metrics: Entries = []
    plots: Entries = []


class _Graph(msgspec.Struct):
    stages: dict[str, _Stage] = {}


def wrong() -> list[tuple[str, str, str]]:
    """The code files that a stage imports and does not declare, or the other way round: stage, path, and which of both."""
    code, usecase = Code.here(), load("usecase.name", str)
    return [(stage, *each) for stage, deps in _stages(usecase).items() for each in sorted(_apart(code, stage, deps, usecase))]


def untracked() -> list[str]:
    """The files here that stages read and neither git nor DVC tracks, and that no stage writes."""
    usecase = load("usecase.name", str)
    stages = _graph()
    outs = [Path(path) for stage in stages.values() for each in (stage.outs, stage.metrics, stage.plots) for path in _names(each)]
    paths = {path for deps in _stages(usecase).values() for path in deps} | set(_sources())
    tracked = {Path(name) for name in git.git("ls-files", "-z").split("\0")[:-1]}
    read = [Path(path) for path in sorted(paths) if not any(Path(path).is_relative_to(out) for out in outs)]
    return [path.as_posix() for path in read if path.is_file() and path not in tracked and not _by_dvc(path, tracked)]


def _by_dvc(path: Path, tracked: Collection[Path]) -> bool:
    """Whether DVC tracks a file, or a folder above it, by a `.dvc` that git has."""
    return any(Path(f"{each}.dvc") in tracked for each in (path, *path.parents))


def _apart(code: Code, stage: str, deps: set[str], usecase: str) -> Iterator[tuple[str, str]]:
    file = Path("stages", f"{stage}.py")
    if not file.is_file():
        return
    imported = {path.as_posix() for path in code.closure(file, usecase) if code.can_matter(path)} - set(code.library)
    yield from ((path, MISSING) for path in imported - deps)
    yield from ((path, VAIN) for path in deps - imported if path.endswith(".py"))


def _stages(usecase: str) -> dict[str, set[str]]:
    """The deps of each stage of dvc.yaml, the use case's name put in."""
    return {name: {path.replace(NAME, usecase) for path in _names(stage.deps)} for name, stage in _graph().items()}


def _graph() -> Mapping[str, _Stage]:
    """The stages of dvc.yaml; raises ArtifactError where it holds none that DVC could run."""
    found = read_yaml(GRAPH)
    try:
        return msgspec.convert(found, _Graph).stages
    except msgspec.ValidationError as error:
        raise ArtifactError(f"{GRAPH} is no graph of stages: {error}", f"mend it, or take it from git: git checkout -- {GRAPH}") from None


def _names(entries: Entries) -> Iterator[str]:
    yield from (entry if isinstance(entry, str) else next(iter(entry), "") for entry in entries)


def _sources() -> Iterator[str]:
    """The files of the project that the tables come from."""
    from interlock.errors import SourceError
    from interlock.sources import files
    from interlock.sources.spec import FilesTable, Tables

    for spec in load("usecase.tables", Tables).values():
        if isinstance(spec, FilesTable) and "://" not in spec.path:
            try:
                yield from (path.as_posix() for path in files.matching(spec.path))
            except SourceError:  # what the sources are is another check's to say
                continue
