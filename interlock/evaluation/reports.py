"""The reports that stages write, read back whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from interlock.errors import ArtifactError
from interlock.files import read_json

REPORTS = Path("reports")
LARGEST = 2**26


def path(name: str) -> Path:
    """Where the report called `name` lies."""
    return REPORTS / f"{name}.json"


def read(names: Iterable[str]) -> dict[str, Any]:
    """The reports of these names that are there; raises ArtifactError where one is damaged, or larger than any stage writes."""
    return {name: _json(path(name)) for name in names if path(name).exists()}


def _json(file: Path) -> Any:
    remedy = f"delete {file} and run: make"
    if not file.is_file():
        raise ArtifactError(f"{file} is no file", remedy)
    if (size := file.stat().st_size) > LARGEST:
        raise ArtifactError(f"{file} has {size} bytes, which no stage writes", remedy)
    try:
        return read_json(file)
    except ValueError as error:
        raise ArtifactError(f"{file} is not JSON: {error}", remedy) from error
