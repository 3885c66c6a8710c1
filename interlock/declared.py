"""What dvc.yaml declares of its stages' code, beside what they import; and what they read that git does not track."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock import git
from interlock.closure import Code
from interlock.params import load, read_yaml
from interlock.project import GRAPH

MISSING, VAIN = "imported and not declared", "declared and not imported"
NAME = "${usecase.name}"


def wrong() -> list[tuple[str, str, str]]:
    """The code files that a stage imports and does not declare, or the other way round: stage, path, and which of both."""
    code, usecase = Code.here(), load("usecase.name", str)
    return [(stage, *each) for stage, deps in _stages(usecase).items() for each in sorted(_apart(code, stage, deps, usecase))]


def untracked() -> list[str]:
    """The files here that stages read and git does not track, and that no stage writes."""
    usecase = load("usecase.name", str)
    stages = read_yaml(GRAPH).get("stages", {})
    outs = [Path(path) for stage in stages.values() for kind in ("outs", "metrics", "plots") for path in _names(stage.get(kind, ()))]
    paths = {path for deps in _stages(usecase).values() for path in deps} | set(_sources())
    tracked = {Path(name) for name in git.git("ls-files", "-z").split("\0")[:-1]}
    read = [Path(path) for path in sorted(paths) if not any(Path(path).is_relative_to(out) for out in outs)]
    return [path.as_posix() for path in read if path.is_file() and path not in tracked]


def _apart(code: Code, stage: str, deps: set[str], usecase: str) -> Iterator[tuple[str, str]]:
    file = Path("stages", f"{stage}.py")
    if not file.is_file():
        return
    imported = {path.as_posix() for path in code.closure(file, usecase) if code.can_matter(path)} - set(code.library)
    yield from ((path, MISSING) for path in imported - deps)
    yield from ((path, VAIN) for path in deps - imported if path.endswith(".py"))


def _stages(usecase: str) -> dict[str, set[str]]:
    """The deps of each stage of dvc.yaml, the use case's name put in."""
    stages: Mapping[str, Any] = read_yaml(GRAPH).get("stages", {})
    return {name: {path.replace(NAME, usecase) for path in _names(stage.get("deps", ()))} for name, stage in stages.items()}


def _names(entries: Any) -> Iterator[str]:
    yield from (entry if isinstance(entry, str) else str(next(iter(entry))) for entry in entries)


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
