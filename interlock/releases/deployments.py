"""What runs where: `deployed.yaml`, one entry a stage of life, written in commits of its own, so that git log is its history."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from interlock.project import SCRATCH
from interlock.releases.registry import Release

DEPLOYED = Path("deployed.yaml")
LOCK = SCRATCH / "moves.lock"
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

    @property
    def same(self) -> tuple[str, str, str]:
        """What it runs, whatever the reason."""
        return self.version, self.commit, self.bundle


@dataclass(frozen=True)
class Change:
    """A commit that changed what runs where, and what ran after it; None where its file cannot be read."""

    commit: str
    at: datetime
    by: str
    subject: str
    deployed: dict[str, Deployment] | None


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
    told = git.git("log", "--first-parent", "--format=%H%x00%cI%x00%an%x00%s", "--", DEPLOYED.as_posix())
    return [_change(*line.split("\0", 3)) for line in told.split("\n") if line]


def at(moment: datetime) -> dict[str, Deployment]:
    """What ran where at a moment; raises GitError where the file of that time cannot be read."""
    change = next((change for change in history() if change.at <= moment), None)
    return read(git.committed(DEPLOYED, change.commit), f"{DEPLOYED} of {change.commit[:12]}") if change else {}


def ran(stage: str) -> Iterator[Deployment]:
    """What a stage ran at any time, each version once, the latest first."""
    seen = set()
    for change in history():
        found = (change.deployed or {}).get(stage)
        if found and found.version not in seen:
            seen.add(found.version)
            yield found


def before(stage: str) -> list[Deployment]:
    """What a stage ran before what it runs now, the latest first, without what it was rolled back from since."""
    stack: list[Deployment] = []
    for change in reversed(history()):
        found = (change.deployed or {}).get(stage)
        if found is None or (stack and stack[-1].version == found.version):
            continue
        places = [place for place, each in enumerate(stack) if each.version == found.version]
        stack = [*stack[: places[0]], found] if places else [*stack, found]
    return stack[-2::-1]


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
        try:
            git.git("commit", "--quiet", "--only", "--message", message, "--", *paths)
        except GitError:
            _back(also)
            raise


def settled(wanted: dict[str, Deployment]) -> None:
    """Raise GitError where deployed.yaml was edited and not committed, unless it says what is `wanted`: a move that was cut short."""
    if not git.git("status", "--porcelain", "--", DEPLOYED.as_posix()):
        return
    found = read(DEPLOYED.read_bytes() if DEPLOYED.is_file() else None, str(DEPLOYED))
    if {name: each.same for name, each in found.items()} != {name: each.same for name, each in wanted.items()}:
        raise GitError(f"{DEPLOYED} has changes that are not committed", f"commit them, or take them back: git checkout HEAD -- {DEPLOYED}")


@contextmanager
def alone() -> Iterator[None]:
    """One move at a time in this clone; raises GitError while another one is being made."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GitError(
                "another promotion or rollback is being made in this clone", "wait for it, look at interlock deployed, and run again"
            ) from None
        yield


def _back(also: Sequence[Path]) -> None:
    """Take back what a commit was refused of."""
    for path in (DEPLOYED, *also):
        if git.committed(path) is None:
            git.git("rm", "--quiet", "--cached", "--force", "--", path.as_posix())
            path.unlink(missing_ok=True)
        else:
            git.git("checkout", "--quiet", "HEAD", "--", path.as_posix())


def _change(commit: str, at: str, by: str, subject: str) -> Change:
    try:
        found = read(git.committed(DEPLOYED, commit), f"{DEPLOYED} of {commit[:12]}")
    except GitError:
        return Change(commit, datetime.fromisoformat(at), by, subject, None)
    return Change(commit, datetime.fromisoformat(at), by, subject, found)
