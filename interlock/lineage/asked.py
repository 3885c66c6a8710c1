"""What git and configuration say of a commit, and times as they are told."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from interlock import git
from interlock.errors import GitError
from interlock.lineage.tree import Commit
from interlock.params import PARAMS, UNREADABLE


def commit(found: str) -> Commit:
    """What git says of a commit."""
    return Commit(*git.git("show", "--no-patch", "--format=%H%x1f%an%x1f%cI%x1f%s", found).rstrip("\n").split("\x1f", 3))


def moment(micros: int) -> str:
    """Microseconds as a time in UTC."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000).isoformat().replace("+00:00", "Z")


@cache
def yaml(commit: str, path: Path = PARAMS) -> dict[str, Any]:
    """A YAML file of git at a commit; raises GitError where the commit has none."""
    found = git.committed(path, commit)
    try:
        read = YAML(typ="safe").load(found.decode()) if found else None
    except UNREADABLE as error:
        raise GitError(f"{path} of commit {commit[:12]} is not YAML: {error}", "see: git show") from None
    if not isinstance(read, dict):
        raise GitError(f"commit {commit[:12]} has no {path}", "the commit is of another graph than this one")
    return read


def usecase(commit: str) -> str:
    """The use case of a commit."""
    return str(yaml(commit)["usecase"]["name"])
