"""A newer library for a team's own project: what that changes, and the change itself, all of it or nothing.

The new wheel is read, never run: its templates and its modules are data here. Its code runs in the environment that `make`
sets up from it afterwards.
"""

import platform
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from interlock import library, swaps
from interlock.errors import ArtifactError, ConfigError
from interlock.scaffold import edits, manifest, requirements, reruns, templates, wheel
from interlock.scaffold.wheel import Wheel

REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True)
class Upgrade:
    """What a wheel makes of the project: the content of each file that changes, None where it goes.

    `edited` says of each generated file that somebody changed what overwriting it would do, as a diff; `kept` are those that
    are left as they are. `reruns` are the stages whose code, packages or declaration are others, `packages` those of other
    versions, `own` those that the project locks beside the library's.
    """

    before: str
    after: str
    sha256: str
    changes: dict[str, bytes | None]
    edited: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    reruns: list[str] = field(default_factory=list)
    packages: dict[str, tuple[str, str]] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)


def plan(path: Path, *, overwrite: Collection[str] = (), keep: Collection[str] = (), downgrade: bool = False) -> Upgrade:
    """What the wheel at `path` changes in the project in the current folder; nothing is written.

    Raises ArtifactError where it is no wheel that fits, or the project's own is not as it was; ConfigError where `overwrite`
    or `keep` name a file that the library does not write.
    """
    known, old, new = manifest.read(), _current(), wheel.read(path)
    _fits(old, new, downgrade=downgrade)
    fresh = templates.files(new, templates.GENERATED, known.about)
    if unknown := sorted({*overwrite, *keep} - {*known.files, *fresh}):
        raise ConfigError(f"{unknown[0]} is no file that interlock writes", f"those are listed in {manifest.PLACE}")
    edited = {name: diff for name, diff in edits.edited(known, fresh).items() if name not in {*overwrite, *keep}}
    written = {**dict(edits.generated(known, fresh, keep)), **_vendored(old, new)}
    written[manifest.PLACE.as_posix()] = manifest.text(manifest.of(new.version, known.about, fresh)).encode()
    written[reruns.PINS] = reruns.pinned(written)
    changes = {name: content for name, content in written.items() if content != edits.content(name)}
    return Upgrade(
        old.version, new.version, new.sha256, changes, edited, sorted(keep), reruns.stages(changes), reruns.packages(changes),
        requirements.own(_text(REQUIREMENTS), templates.lock(old)),
    )  # fmt: skip


def apply(upgrade: Upgrade) -> None:
    """Write what an upgrade changes; raises ArtifactError, and writes nothing, where files were edited."""
    if upgrade.edited:
        name = next(iter(upgrade.edited))
        raise ArtifactError(
            f"edited since interlock wrote them: {', '.join(upgrade.edited)}; nothing is changed",
            f"make the changes above by hand; or say --overwrite {name}, and your edit is lost; or --keep {name}, and it stays as it is",
        )
    # NOTE: requirements.txt last: `make` sets the environment up anew for it
    ordered = sorted(upgrade.changes.items(), key=lambda item: item[0] == REQUIREMENTS)
    swaps.swap({Path(name): content for name, content in ordered})


def _current() -> Wheel:
    """The wheel that the project has; raises ArtifactError where that is not the one that its requirements.txt names."""
    found = library.vendored()
    if found is None:
        raise ArtifactError(f"{REQUIREMENTS} names no wheel in {requirements.VENDOR}/", f"run: git checkout -- {REQUIREMENTS}")
    found.files()
    return wheel.read(found.path)


def _fits(old: Wheel, new: Wheel, *, downgrade: bool) -> None:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    if not templates.lock(new):
        raise ArtifactError(f"{new.file} carries nothing to make a project from", "take a wheel that was built from the whole repository")
    if new.sha256 == old.sha256:
        raise ArtifactError(f"{new.file} is the wheel that the project has", "name another")
    if Version(new.version) < Version(old.version) and not downgrade:
        raise ArtifactError(f"{new.file} is older than {old.version}, which the project has", "say --downgrade if that is meant")
    if not SpecifierSet(new.python).contains(platform.python_version(), prereleases=True):
        raise ArtifactError(f"{new.file} needs Python {new.python}; this is {platform.python_version()}", "rm -r .venv && make PYTHON=…")


def _vendored(old: Wheel, new: Wheel) -> dict[str, bytes | None]:
    """The wheel itself, and what names it."""
    before, after = (requirements.vendored(each).path.as_posix() for each in (old, new))
    asked = _text(requirements.ASKED.as_posix())
    databases = any(name in asked.split() for name in requirements.DRIVERS)
    text = requirements.text(new, databases=databases, before=_text(REQUIREMENTS), known=templates.lock(old))
    return {
        before: None,
        after: new.content,
        requirements.ASKED.as_posix(): asked.replace(before, after).encode(),
        REQUIREMENTS: text.encode(),
    }


def _text(name: str) -> str:
    return (edits.content(name) or b"").decode(errors="replace")
