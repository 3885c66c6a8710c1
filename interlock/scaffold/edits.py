"""The files of a project that the library writes: what a wheel would write, and what somebody has edited since."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from interlock.errors import ArtifactError
from interlock.scaffold import manifest
from interlock.scaffold.manifest import Manifest

# What git, the environment, the team and the data own.
FOREIGN = frozenset({".git", ".interlock", ".venv", "conf", "data", "interlock", "models", "reports", "usecases", "vendor"})


def generated(known: Manifest, fresh: Mapping[str, str], keep: Collection[str]) -> Iterator[tuple[str, bytes | None]]:
    """Each file that was or is written, less those to `keep`, with its `fresh` content; None where it is written no more.

    Raises ArtifactError where a wheel would write outside of the project, or what is not the library's there.
    """
    for name in sorted({*known.files, *fresh} - set(keep)):
        _allowed(name)
        yield name, fresh[name].encode() if name in fresh else None


def _allowed(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts or not name.isprintable():
        raise ArtifactError(f"the wheel would write {name}, outside of the project", "do not use it")
    if path.parts[0].lower() in FOREIGN:
        said = f"the wheel, or {manifest.PLACE}, names {name}: files in {path.parts[0]}/ are not the library's to write"
        raise ArtifactError(said, f"do not use that wheel; where the project is damaged: git checkout -- {manifest.PLACE}")


def edited(known: Manifest, fresh: Mapping[str, str]) -> dict[str, str]:
    """The files that are neither what the library wrote nor what it would write now, with what that would change, as a diff."""
    return {name: _difference(name, fresh.get(name)) for name in sorted({*known.files, *fresh}) if _is_edited(name, known, fresh)}


def content(name: str) -> bytes | None:
    """What a file of the project in the current folder holds, None where it is not there."""
    return Path(name).read_bytes() if Path(name).is_file() else None


def _is_edited(name: str, known: Manifest, fresh: Mapping[str, str]) -> bool:
    here = content(name)
    written = known.files.get(name)
    return here != (fresh[name].encode() if name in fresh else None) and written != (None if here is None else manifest.hashed(here))


def _difference(name: str, fresh: str | None) -> str:
    old, new = (text.splitlines() for text in ((content(name) or b"").decode(errors="replace"), fresh or ""))
    return "\n".join(difflib.unified_diff(old, new, f"{name} (as it is)", f"{name} (as interlock writes it)", lineterm="", n=2))
