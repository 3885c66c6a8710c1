"""Whether dvc.lock and the reports of a commit are of its own files, told from git alone, so that no data need be here."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from interlock import git, lock
from interlock.conf import leaves
from interlock.lock import Stage
from interlock.params import UNREADABLE
from interlock.project import GRAPH
from interlock.reporting.side import Side


@dataclass(frozen=True)
class Declared:
    """What dvc.yaml says that a stage reads and runs, and what dvc.lock says that it `ran`."""

    reads: set[str]
    command: Any = None
    ran: Any = None


def stale(side: Side) -> dict[str, str]:
    """The stages that `dvc repro` would run at the commit, each with the first thing that it recorded otherwise."""
    declared = _declared(side)
    read = {path for stage in side.stages.values() for path in stage.inputs if not lock.produced(side.stages, path)}
    reports = {path for path in side.outputs if path.startswith("reports/")}
    hashes = _hashes(side.commit, sorted(read | reports))
    found = {name: next(_differences(stage, declared.get(name), side, hashes), "") for name, stage in side.stages.items()}
    found |= {name: f"{lock.LOCK} has no entry of it" for name in declared if name not in side.stages}
    return {name: why for name, why in found.items() if why}


def _differences(stage: Stage, declared: Declared | None, side: Side, hashes: Mapping[str, str]) -> Iterator[str]:
    if declared is None:
        yield f"{GRAPH} has no such stage"
        return
    if declared.ran != declared.command:
        yield "its command is not what it ran"
    yield from (f"reads {path}, which {lock.LOCK} does not know" for path in sorted(declared.reads - stage.inputs.keys()))
    yield from (f"{path} is not there" for path in sorted(declared.reads & stage.inputs.keys() - hashes.keys()) if path.endswith(".py"))
    for path, recorded in {**stage.inputs, **stage.outputs}.items():
        if path in hashes and hashes[path] != recorded:
            yield f"{path} is not what it {'read' if path in stage.inputs else 'wrote'}"
        other = side.outputs.get(path, recorded)
        if path in stage.inputs and other != recorded:
            yield f"{path} is not what it read"
    for file, of in (("params.yaml", side.params), ("pins.yaml", side.pins)):
        for key, recorded in ((stage.params or {}).get(file) or {}).items():
            if dict(leaves(_at(of, key), key)) != dict(leaves(recorded, key)):
                yield f"{file}: {key} is not what it ran with"


def _at(value: Any, key: str) -> Any:
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _declared(side: Side) -> dict[str, Declared]:
    """The stages of dvc.yaml; those of dvc.lock where it cannot be read."""
    ran = {name: said.get("cmd") for name, said in _stages(side.past.text(lock.LOCK.as_posix())).items()}
    text = (side.past.text(GRAPH.as_posix()) or "").replace("${usecase.name}", side.usecase)
    try:
        return {name: Declared(set(said.get("deps") or ()), said.get("cmd"), ran.get(name)) for name, said in _stages(text).items()}
    except (*UNREADABLE, AttributeError, TypeError):
        return {name: Declared(set(stage.inputs)) for name, stage in side.stages.items()}


def _stages(text: str | None) -> dict[str, Any]:
    return (YAML(typ="safe").load(text or "") or {}).get("stages") or {}


def _hashes(commit: str, paths: list[str]) -> dict[str, str]:
    """The MD5 of each of these files that a commit has."""
    named = {f"{commit}:./{path}": path for path in paths}
    return {named[name]: hashlib.md5(content, usedforsecurity=False).hexdigest() for name, content in git.contents(named).items()}
