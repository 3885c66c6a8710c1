"""Wheels of the library with something changed, as a newer version would have it."""

from collections.abc import Mapping
from pathlib import Path

from interlock.scaffold import running
from interlock.scaffold.wheel import Wheel, pack

BOOSTER = "interlock/modeling/booster.py"  # reached by stages from train on, and by none before


def changed(edits: Mapping[str, bytes | None], version: str = "") -> Wheel:
    """The running library's wheel with other files (None: without them), and another version where one is said."""
    own = running.wheel()
    files = {name: content for name, content in (dict(own.files) | dict(edits)).items() if content is not None}
    if not version:
        return pack(files)
    old, new = (f"interlock-{each}.dist-info/" for each in (own.version, version))
    files = {name.replace(old, new): content for name, content in files.items()}
    files[f"{new}METADATA"] = files[f"{new}METADATA"].replace(f"Version: {own.version}".encode(), f"Version: {version}".encode())
    return pack(files)


def newer(version: str = "9.1.0") -> Wheel:
    """A newer version in which the code of boosters has one comment more."""
    return changed({BOOSTER: running.wheel().files[BOOSTER] + b"\n# newer\n"}, version)


def saved(wheel: Wheel, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / wheel.file).write_bytes(wheel.content)
    return folder / wheel.file
