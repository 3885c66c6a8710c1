"""What runs again after a change of a project's generated files, and at which versions: its pins.yaml and dvc.yaml compared."""

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from interlock import library, pins
from interlock.errors import ArtifactError
from interlock.params import UNREADABLE
from interlock.scaffold.edits import content

PINS, GRAPH = "pins.yaml", "dvc.yaml"
READ = ("stages", "usecases", "requirements.txt", "vendor")  # what pins.yaml is made from
Changes = Mapping[str, bytes | None]


def pinned(changes: Changes) -> bytes:
    """pins.yaml as it is to be after `changes`, by the modules of the wheel that they vendor."""
    with tempfile.TemporaryDirectory() as place:
        for name in READ[:2]:
            shutil.copytree(name, Path(place, name))
        for name, new in changes.items():
            target = Path(place, name)
            target.unlink(missing_ok=True)
            if new is not None and name.startswith(READ):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(new)
        with chdir(place):
            return pins.text().encode()


def stages(changes: Changes) -> list[str]:
    """The stages whose code, packages or declaration are others after `changes`, in the order of the graph."""
    before, after = _versions(changes, PINS)
    graph, new = (each.get("stages") or {} for each in _versions(changes, GRAPH))
    return [
        name
        for name, declared in new.items()
        if declared != graph.get(name)
        or f"stages/{name}.py" in changes
        or (before != after if PINS in _whole_files(declared) else before.get(name) != after.get(name))
    ]


def packages(changes: Changes) -> dict[str, tuple[str, str]]:
    """The packages that some stage uses and whose version is another, from and to."""
    old, new = (_flat(each) for each in _versions(changes, PINS))
    return {name: (old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def _versions(changes: Changes, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    before, after = content(name), changes.get(name, content(name))
    return _parsed(before, name), _parsed(after, name)


def _parsed(text: bytes | None, name: str) -> Mapping[str, Any]:
    try:
        return YAML(typ="safe").load(io.BytesIO(text or b"")) or {}
    except UNREADABLE as error:
        raise ArtifactError(
            f"{name} is not YAML, before or after: {error}", f"run: git checkout -- {name}; or take another wheel"
        ) from None


def _flat(found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {name: version for section in found.values() for name, version in section.items() if name != library.NAME}


def _whole_files(declared: Mapping[str, Any]) -> Iterator[str]:
    """The files of parameters that a stage declares as a whole."""
    for item in declared.get("params", ()):
        if not isinstance(item, str):
            yield from (file for file, sections in item.items() if sections is None)
