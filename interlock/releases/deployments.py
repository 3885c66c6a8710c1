"""What runs where: `deployed.yaml`, one entry a stage of life, written in commits of its own, so that git log is its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from interlock import git
from interlock.errors import GitError
from interlock.files import write_text
from interlock.params import Section
from interlock.releases.registry import Release

DEPLOYED = Path("deployed.yaml")
HEAD = "# What runs where. `interlock promote` and `interlock rollback` write it, each in a commit: git log is its history.\n"
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{40,64}$")]


class Deployment(Section, frozen=True):
    """The version that a stage of life runs: its commit, the hash of its bundle, and why it was put there."""

    version: str
    commit: Hash
    bundle: Hash
    reason: Annotated[str, Meta(min_length=1)]

    @classmethod
    def of(cls, release: Release, reason: str) -> "Deployment":
        return cls(release.tag, release.commit, release.bundle, reason)


@dataclass(frozen=True)
class Change:
    """A commit that changed what runs where, and what ran after it."""

    commit: str
    at: datetime
    by: str
    subject: str
    deployed: dict[str, Deployment]


def read(content: bytes | None, place: str) -> dict[str, Deployment]:
    """The deployments by stage of life; none where there is no file. Raises GitError where it is not what was written."""
    try:
        found = YAML(typ="safe").load(content.decode()) if content else None
        return msgspec.convert({} if found is None else found, dict[str, Deployment])
    except (YAMLError, UnicodeError, msgspec.ValidationError) as error:
        raise GitError(
            f"{place} is not what promote and rollback write: {error}", f"git checkout {DEPLOYED}, or git revert the commit"
        ) from None


def now() -> dict[str, Deployment]:
    """What runs where, by the commit that is checked out."""
    return read(git.committed(DEPLOYED), f"{DEPLOYED} of HEAD")


def history() -> list[Change]:
    """Every change, the latest first, along the first parents of what is checked out."""
    told = git.git("log", "--first-parent", "--format=%H%x1f%cI%x1f%an%x1f%s", "--", DEPLOYED.as_posix())
    return [_change(*line.split("\x1f")) for line in told.splitlines()]


def at(moment: datetime) -> dict[str, Deployment]:
    """What ran where at a moment."""
    return next((change.deployed for change in history() if change.at <= moment), {})


def before(stage: str, current: Deployment) -> Iterator[Deployment]:
    """What a stage ran before, each version once, the latest first."""
    seen = {current.version}
    for change in history():
        found = change.deployed.get(stage)
        if found and found.version not in seen:
            seen.add(found.version)
            yield found


def write(deployed: dict[str, Deployment], stages: Sequence[str], message: str, *also: Path) -> None:
    """Write what runs where, in the order of `stages`, and commit it with the files `also`, and nothing else."""
    ordered = {name: msgspec.to_builtins(deployed[name]) for name in (*stages, *sorted(deployed.keys() - set(stages))) if name in deployed}
    text = StringIO()
    yaml = YAML()
    yaml.width = 1000
    yaml.dump(ordered, text)
    write_text(DEPLOYED, HEAD + text.getvalue())
    paths = [DEPLOYED.as_posix(), *(path.as_posix() for path in also)]
    git.git("add", "--", *paths)
    if git.git("status", "--porcelain", "--", *paths):
        git.git("commit", "--quiet", "--only", "--message", message, "--", *paths)


def settled(wanted: dict[str, Deployment]) -> None:
    """Raise GitError where deployed.yaml was edited and not committed, unless it says what is `wanted`: a move that was cut short."""
    if not git.git("status", "--porcelain", "--", DEPLOYED.as_posix()):
        return
    if read(DEPLOYED.read_bytes() if DEPLOYED.is_file() else None, str(DEPLOYED)) != wanted:
        raise GitError(f"{DEPLOYED} has changes that are not committed", f"commit them, or take them back: git checkout HEAD -- {DEPLOYED}")


def _change(commit: str, at: str, by: str, subject: str) -> Change:
    return Change(commit, datetime.fromisoformat(at), by, subject, read(git.committed(DEPLOYED, commit), f"{DEPLOYED} of {commit[:12]}"))
