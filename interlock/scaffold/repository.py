"""Git around a new project: a repository of its own with a first commit, or the one that it lies in, left as it is."""

import subprocess
from pathlib import Path

from interlock.errors import GitError
from interlock.git import git

# Who made the first commit, where git has not been told who works here.
NOBODY = {"user.name": "interlock", "user.email": "interlock@localhost"}
HINT = """\
git does not know you: the first commit names nobody. Before the next one:
  git config --global user.name "Your Name"
  git config --global user.email you@example.com"""


def begin(new: Path, folder: Path, name: str) -> list[str]:
    """Make the repository and the first commit in `new`, which becomes `folder`, unless it lies in a repository already.

    Returns what a person should be told.
    """
    if inside(new.parent):
        return [f"{folder.name} lies in a git repository, which is left as it is: git add {folder.name} && git commit"]
    git("init", "--quiet", cwd=new)
    # NOTE: what somebody ignores everywhere, such as vendor/, is part of this
    git("-c", "core.excludesFile=/dev/null", "add", "--all", cwd=new)
    known = _knows(new)
    said = [] if known else [part for name, value in NOBODY.items() for part in ("-c", f"{name}={value}")]
    off = ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]
    git(*said, *off, "commit", "--quiet", "--message", f"Begin {name}", cwd=new)
    return [] if known else [HINT]


def inside(folder: Path) -> bool:
    """Whether a folder lies in the work tree of a git repository."""
    try:
        return git("rev-parse", "--is-inside-work-tree", cwd=folder).strip() == "true"
    except GitError as error:
        if "not a git repository" not in error.found:
            raise
        return False


def _knows(folder: Path) -> bool:
    """Whether git has a name and an address for who commits here, rather than a guess of them."""
    command = ["git", "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
