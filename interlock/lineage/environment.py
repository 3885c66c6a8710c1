"""The environment that a bundle was made in against the one here: the versions that can change a bit of a score."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from interlock import bundle, library, pins
from interlock.closure import Code
from interlock.errors import ArtifactError
from interlock.files import read_json

STAGE = "score"


def differences(folder: Path) -> list[str]:
    """What is installed in another version than the bundle in `folder` was made with, in words."""
    said: Mapping[str, Mapping[str, str]] = read_json(folder / bundle.PROVENANCE)["environment"]
    made = said.get(STAGE) or {name: pin for stage in said.values() for name, pin in stage.items()}
    found = {name: _installed(name) for name in made}
    return [f"{name} {found[name] or 'is missing'}, made with {pin}" for name, pin in made.items() if found[name] not in allowed(pin)]


def check(folder: Path) -> None:
    """Raise ArtifactError where something is installed in another version."""
    if found := differences(folder):
        raise ArtifactError(
            f"this environment is not the one that the bundle was made with: {'; '.join(found)}",
            "check out the commit of the version and run make, or go on --anyway: then a difference may be the environment's",
        )


def allowed(pin: str) -> set[str]:
    """The versions that a pin names: one, or one for each marker."""
    return {part.partition(";")[0].strip() for part in pin.split(", ")}


def _installed(name: str) -> str | None:
    if name == library.NAME:
        return _modules()
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _modules() -> str | None:
    """The library's part of a stage as the project here pins it: of modules, whatever their version is called."""
    file = Path("stages", f"{STAGE}.py")
    return pins.modules(file, Code.here()).get(library.NAME) if file.is_file() else None
