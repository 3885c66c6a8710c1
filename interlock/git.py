"""Git, as far as the project needs it."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from interlock.errors import GitError

START = 'run: git init && git add -A && git commit -m "start"'


def git(*arguments: str, cwd: Path | None = None) -> str:
    """What `git …` prints; raises GitError with git's own words where it fails."""
    try:
        # NOTE: some of git's words are looked for, so they must be English
        done = subprocess.run(["git", *arguments], cwd=cwd, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise GitError("git is not installed", "install git, and run again") from error
    if done.returncode:
        raise GitError(f"git {arguments[0]}: {done.stderr.strip() or 'failed'}", "mend that, and run again")
    return done.stdout


def head() -> str:
    """The hash of the commit that is checked out; raises GitError where there is no repository or no commit yet."""
    try:
        git("rev-parse", "--git-dir")
    except GitError as error:
        if "not a git repository" not in error.found:
            raise
        raise GitError(f"{Path.cwd()} is not in a git repository", START) from None
    try:
        return git("rev-parse", "--verify", "--quiet", "HEAD").strip()
    except GitError:
        raise GitError("the git repository has no commit yet", 'run: git add -A && git commit -m "start"') from None


def shallow() -> bool:
    """Whether this is a shallow clone, which lacks commits and tags."""
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def changed() -> list[str]:
    """The files that differ from the commit, new ones included, as git lists them."""
    return git("status", "--porcelain", "--", ".").splitlines()


def committed(path: Path, commit: str = "HEAD") -> bytes | None:
    """The content of `path` in `commit`, or None where the commit does not have it."""
    done = subprocess.run(["git", "show", f"{commit}:./{path.as_posix()}"], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def contents(names: Iterable[str]) -> dict[str, bytes]:
    """The files of commits, each named as `commit:./path`, by one process of git; those that are not there are left out."""
    if not (asked := list(dict.fromkeys(names))):
        return {}
    ran = subprocess.run(["git", "cat-file", "--batch"], input="\n".join(asked).encode(), capture_output=True, check=False)
    if ran.returncode:
        raise GitError(f"git cat-file: {ran.stderr.decode(errors='replace').strip() or 'failed'}", "mend that, and run again")
    done, found, at = ran.stdout, {}, 0
    for name in asked:
        head = done[at : done.index(b"\n", at)]
        at += len(head) + 1
        if head.endswith(b" missing"):
            continue
        size = int(head.rsplit(b" ", 1)[1])
        if b" blob " in head:
            found[name] = done[at : at + size]
        at += size + 1
    return found
