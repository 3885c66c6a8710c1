"""dvc.lock as a graph: what each stage read and wrote, and in which order the stages run."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from interlock.errors import GitError

LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Stage:
    """A stage's entry: the hash of each file or folder that it read and wrote, and the parameters it ran with."""

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    params: Any


def read(content: bytes | None, place: str) -> dict[str, Stage]:
    """The stages of a dvc.lock in the order they run; raises GitError where `place` has none."""
    stages = _parsed(content, place)
    before = {name: list(_upstream(stage, stages)) for name, stage in stages.items()}
    return {name: stages[name] for name in TopologicalSorter(before).static_order()}


def outputs(content: bytes | None, place: str) -> dict[str, str]:
    """The hash of each output of a dvc.lock; raises GitError where `place` has none."""
    return {path: found for stage in _parsed(content, place).values() for path, found in stage.outputs.items()}


def produced(stages: dict[str, Stage], path: str) -> bool:
    """Whether a stage writes `path`, as a whole or as a part of a folder."""
    return any(_touch(path, output) for stage in stages.values() for output in stage.outputs)


def _parsed(content: bytes | None, place: str) -> dict[str, Stage]:
    found = YAML(typ="safe").load(content) if content else None
    if not found or not found.get("stages"):
        raise GitError(f"{place} holds no {LOCK}", "run: make, then commit dvc.lock and what git shows beside it")
    return {name: _stage(name, entry) for name, entry in found["stages"].items()}


def _stage(name: str, entry: Any) -> Stage:
    inputs, outputs = ({item["path"]: str(item.get("md5", "")) for item in entry.get(kind, [])} for kind in ("deps", "outs"))
    return Stage(name, inputs, outputs, entry.get("params"))


def _upstream(stage: Stage, stages: dict[str, Stage]) -> Iterator[str]:
    for other in stages.values():
        if other is not stage and any(_touch(path, output) for path in stage.inputs for output in other.outputs):
            yield other.name


def _touch(path: str, output: str) -> bool:
    one, other = PurePosixPath(path), PurePosixPath(output)
    return one.is_relative_to(other) or other.is_relative_to(one)
