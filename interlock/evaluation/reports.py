"""The reports that stages write, read back whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from interlock.errors import ArtifactError
from interlock.files import read_json

REPORTS = Path("reports")


def path(name: str) -> Path:
    """Where the report called `name` lies."""
    return REPORTS / f"{name}.json"


def read(names: Iterable[str]) -> dict[str, Any]:
    """The reports of these names that are there; raises ArtifactError where one is damaged."""
    return {name: _json(path(name)) for name in names if path(name).is_file()}


def _json(file: Path) -> Any:
    try:
        return read_json(file)
    except ValueError as error:
        raise ArtifactError(f"{file} is not JSON: {error}", f"delete {file} and run: make") from error
