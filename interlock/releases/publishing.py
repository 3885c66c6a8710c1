"""Telling others: a push that somebody else's may come before. Who comes second is told, and left as before."""

from collections.abc import Callable

from interlock.errors import GitError
from interlock.git import git

LATE = ("non-fast-forward", "fetch first", "already exists", "stale info", "cannot lock ref")


def publish(ref: str, undo: Callable[[], object]) -> None:
    """Push a ref to the repository's remote; where that is refused take it back by `undo`, and raise GitError."""
    remotes = git("remote").split()
    if not remotes:
        undo()
        raise GitError("there is no git remote to push to", "git remote add origin …; or run again without --push")
    remote = "origin" if "origin" in remotes else remotes[0]
    try:
        git("push", "--quiet", remote, ref)
    except GitError as error:
        undo()
        late = any(sign in error.found for sign in LATE)
        first = "somebody else was first; it is taken back here: git pull --tags, look at interlock deployed --history, and run again"
        raise GitError(
            f"{remote} refuses {ref}: {error.found}", first if late else "it is taken back here: mend that, and run again"
        ) from None
