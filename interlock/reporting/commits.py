"""The two commits that a report compares: what is checked out, and where it left the base."""

from dataclasses import dataclass

from interlock import git
from interlock.errors import GitError
from interlock.past import DEEPEN

OTHER = "name another: interlock report --base REV"


@dataclass(frozen=True)
class Ends:
    """`head` is the commit that is checked out, `merge` the last one that it shares with the base of that `name`."""

    name: str
    merge: str
    head: str


def ends(base: str | None = None) -> Ends:
    """The commits between which the change lies; without `base` it is the default branch of the remote, or the local main.

    Raises GitError where the base is unknown, or shares no commit with what is checked out, or the clone is too shallow to tell.
    """
    head = git.head()
    name, tip = _named(base) if base is not None else _default()
    try:
        merge = git.git("merge-base", tip, head).strip()
    except GitError:
        raise _apart(f"{name} and HEAD share no commit", "the histories are unrelated: " + OTHER) from None
    return Ends(name, merge, head)


def _default() -> tuple[str, str]:
    remote = _said("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    for name in filter(None, (remote, "origin/main", "origin/master", "main", "master")):
        if commit := _commit(name):
            return name, commit
    raise _apart("there is neither a default branch of origin, nor a branch main or master, to compare with", OTHER)


def _named(base: str) -> tuple[str, str]:
    """A revision of this name, else a branch of origin."""
    for name in (base, f"origin/{base}"):
        if commit := _commit(name):
            return name, commit
    raise _apart(f"there is no commit called {base!r}", f"run: git fetch; or {OTHER}")


def _commit(name: str) -> str:
    return "" if name.startswith("-") else _said("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def _said(*words: str) -> str:
    try:
        return git.git(*words).strip()
    except GitError:
        return ""


def _apart(found: str, remedy: str) -> GitError:
    """That two commits cannot be brought together: in a shallow clone for that reason first."""
    return GitError(f"{found}, and this clone is shallow", f"run: {DEEPEN}") if git.shallow() else GitError(found, remedy)
