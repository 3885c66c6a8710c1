"""What a verdict or a bundle is bound to: hashes of files and of configuration."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from interlock.errors import ArtifactError
from interlock.files import sha256


def folder(path: Path) -> dict[str, str]:
    """The SHA-256 of each file below `path`, by its path from there; raises ArtifactError where there is none."""
    found = {file.relative_to(path).as_posix(): sha256(file) for file in sorted(path.rglob("*")) if file.is_file()}
    if not found:
        raise ArtifactError(f"{path} holds no file", "run: make")
    return found


def files(paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each of `paths`; raises ArtifactError where one is missing."""
    return {path.as_posix(): _hash(path) for path in paths}


def configuration(section: Any) -> str:
    """The SHA-256 of a section of params.yaml, whatever the order of its keys."""
    text = json.dumps(section, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(path: Path) -> str:
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist", "run: make")
    return sha256(path)
