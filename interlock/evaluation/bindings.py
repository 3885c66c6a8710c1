"""What a verdict or a bundle is bound to: hashes of files and of configuration."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from interlock.errors import ArtifactError
from interlock.files import by_name, sha256

FEATURES = Path("data/features")
MODEL = Path("models/model")


def folder(path: Path) -> dict[str, str]:
    """The SHA-256 of each file below `path`, by its path from there; raises ArtifactError where there is none."""
    found = {file.relative_to(path).as_posix(): sha256(file) for file in sorted(path.rglob("*")) if file.is_file()}
    if not found:
        raise ArtifactError(f"{path} holds no file", "run: make")
    return found


def files(paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each of `paths`; raises ArtifactError where one is missing."""
    return {path.as_posix(): _hash(path) for path in paths}


def candidate(gates: Any, reports: Iterable[Path]) -> dict[str, Any]:
    """The hashes of what a verdict speaks of: the model, the features, the `reports` that were judged and the section of the gates."""
    return {"model": folder(MODEL), "features": folder(FEATURES), "reports": files(reports), "gates": configuration(gates)}


def differing(verdict: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What a verdict (reports/gates.json) was bound to and is another now, or is not bound to at all; empty where it is of this candidate."""
    then = bound(verdict)
    return [name for name in now if then.get(name) != now[name]]


def bound(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict is bound to by name: the hashes; empty where it does not say it in the form that the stage writes."""
    try:
        return {name: one["sha256"] for name, one in by_name(verdict["binds"]).items()}
    except (KeyError, TypeError, AttributeError):
        return {}


def configuration(section: Any) -> str:
    """The SHA-256 of a section of params.yaml, whatever the order of its keys."""
    text = json.dumps(section, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(path: Path) -> str:
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist", "run: make")
    return sha256(path)
