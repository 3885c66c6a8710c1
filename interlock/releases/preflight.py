"""What must hold before a commit's bundle becomes a version: each check by name, all of them looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interlock import bundle, git
from interlock.errors import ArtifactError, GitError, InterlockError
from interlock.past import Past
from interlock.releases import registry
from interlock.releases.bundles import BUNDLE

SHOWN = 5


@dataclass(frozen=True)
class Check:
    """What came of a check: its name, what there is to say, the failure where it failed; `loud` is what must be seen though it passed."""

    name: str
    words: str
    error: InterlockError | None = None
    loud: bool = False


def look(name: str, work: Callable[[], str]) -> Check:
    """Run a check, which gives what there is to say or raises."""
    try:
        return Check(name, work())
    except InterlockError as error:
        return Check(name, error.found, error)


def clone() -> str:
    """Every tag and commit is there."""
    registry.whole()
    return "all history is here"


def tree() -> str:
    """Nothing differs from the commit."""
    if changed := git.changed():
        shown = ", ".join(line[3:] for line in changed[:SHOWN]) + (f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
        raise GitError(f"the work tree differs from the commit: {shown}", "git add -A && git commit, or git stash; then run again")
    return f"commit {git.head()[:12]}"


def lock() -> str:
    """dvc.lock is of this code, configuration and data."""
    from interlock.repro import stale

    if stages := stale():
        raise ArtifactError(
            f"dvc.lock is older than what it was made from; to run are: {', '.join(stages)}", "make, then commit dvc.lock and reports/"
        )
    return "every stage is as its inputs are"


def proven(commit: str) -> tuple[Path, str]:
    """The folder of the commit's bundle, fetched by its hash, and the bundle's own hash: golden vectors reproduced by the real scoring path."""
    folder = Past(commit).folder(BUNDLE)
    return folder, bundle.verify(folder)


def remote(commit: str) -> tuple[str | None, str]:
    """The DVC remote that has the bundle, and what to say of it; None where it is only in the cache of this machine."""
    from dvc.config import NoRemoteError
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            name = repo.config["core"].get("remote")
            missing = repo.status(targets=[BUNDLE], cloud=True)
    except (NoRemoteError, DvcException, OSError) as error:
        return None, f"ONLY LOCAL: no DVC remote has the bundle of {commit[:12]} ({error}); nobody else can fetch it"
    if missing:
        return None, f"ONLY LOCAL: the bundle is not on the DVC remote {name}; nobody else can fetch it: dvc push"
    return str(name), f"the DVC remote {name} has the bundle"
