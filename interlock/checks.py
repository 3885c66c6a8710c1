"""What a project is checked for: that what is generated, pinned, locked and pushed is up to date. Writes nothing.

A check is quiet where all is well, returns a remark where there is something to know, and raises what is wrong with its remedy.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interlock import compose, declared, git, pins
from interlock.errors import ArtifactError, GitError, InterlockError, SourceError, listed
from interlock.params import load
from interlock.repro import stale

DOCS = Path("tools/docs")
NO_REMOTE = "no DVC remote is set: the outputs are in the caches of clones alone. One is made by: dvc remote add -d NAME URL"


@dataclass(frozen=True)
class Check:
    """What is claimed, and what looks whether it is so; `fast` where neither data nor a network is needed, in a second or two."""

    name: str
    claim: str
    look: Callable[[], str | None]
    fast: bool = False
    here: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Found:
    """What a check came to: its error, or else its remark, or neither."""

    check: Check
    error: InterlockError | None = None
    remark: str | None = None


def found(check: Check) -> Found:
    """Look."""
    try:
        return Found(check, remark=check.look())
    except InterlockError as error:
        return Found(check, error)


def every(*, fast: bool = False) -> list[Check]:
    """The checks that make sense in this project, in order."""
    return [check for check in CHECKS if check.here() and (check.fast or not fast)]


def _params() -> None:
    compose.check()


def _pins() -> None:
    pins.check()


def _dependencies() -> None:
    wrong = declared.wrong()
    ways = {"add to": declared.MISSING, "take from": declared.VAIN}
    paths = {way: sorted({path for _, path, other in wrong if other == word}) for way, word in ways.items()}
    if wrong:
        said = [f"{way} the deps of the stage {listed(names)}" for way, names in paths.items() if names]
        raise ArtifactError("\n".join(f"stage {stage}: {path} is {word}" for stage, path, word in wrong), f"in dvc.yaml {'; '.join(said)}")


def _sources() -> str | None:
    from interlock.sources import looks
    from interlock.sources import pins as pinned
    from interlock.sources.spec import Tables

    findings = looks.look(load("usecase.tables", Tables), pinned.load(load("usecase.name", str)), memory=None)
    if serious := [finding for finding in findings if finding.kind not in {"note", "absent"}]:
        raise SourceError("\n".join(finding.found for finding in serious), serious[0].remedy)
    return "\n".join(finding.found for finding in findings) or None


def _ages() -> str | None:
    from interlock.contracts import freshness

    findings = freshness.look(datetime.now(UTC))
    if serious := [finding for finding in findings if finding.kind != "note"]:
        raise SourceError("\n".join(finding.found for finding in serious), serious[0].remedy)
    return "\n".join(finding.found for finding in findings) or None


def _lock() -> None:
    if stages := stale():
        raise ArtifactError(
            f"dvc.lock is older than what it was made from; to run are: {', '.join(stages)}", "run: make, then commit dvc.lock"
        )


def _pushed() -> str | None:
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            if not repo.config["core"].get("remote"):
                return NO_REMOTE
            states = repo.status(cloud=True)
            nowhere = sorted(str(out) for out in repo.index.outs if _unlisted(out))
    except Exception as error:  # NOTE: each kind of storage has errors of its own
        raise ArtifactError(f"the DVC remote cannot be asked: {type(error).__name__}: {error}", "look at: dvc status --cloud") from error
    if absent := sorted(name for name, state in states.items() if state in {"new", "missing"}):
        raise ArtifactError(f"not on the DVC remote: {listed([*absent, *nowhere])}", "run: dvc push")
    if nowhere:
        raise ArtifactError(f"neither here nor on the DVC remote: {listed(nowhere)}", "run where they were made: dvc push")
    return None


def _unlisted(out: Any) -> bool:
    """Whether an output of DVC is a folder whose listing is not here after its status was asked, which fetches what the remote has.

    DVC's status leaves such a folder out.
    """
    kept = out.use_cache and out.can_push and out.hash_info and not out.stage.is_repo_import
    return bool(kept and out.is_dir_checksum and not out.cache.exists(out.hash_info.value))


def _experiments() -> str | None:
    """What a queued or temporary experiment would not find: what git does not track, and a path that DVC cannot write."""
    try:
        unknown = declared.untracked()
    except GitError:
        return f"they need a commit to start from; {git.START}"
    lines = [f"git does not track {listed(unknown)}: git add -f takes it along"] if unknown else []
    if not str(Path.cwd()).isascii():
        lines.append("DVC cannot run them in a folder whose path is not plain ASCII: move the project")
    return "\n".join(lines) or None


def _docs() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.docs", "--check"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line and not line.startswith("  →")]
        raise ArtifactError(said[-1] if said else "docs/ cannot be generated", "run: python -m tools.docs")


CHECKS = (
    Check("params", "params.yaml is what conf/ composes to", _params, fast=True),
    Check("pins", "pins.yaml is what requirements.txt says", _pins, fast=True),
    Check("dependencies", "dvc.yaml declares what the stages import", _dependencies, fast=True),
    Check("docs", "docs/ says what commands and stages are", _docs, fast=True, here=DOCS.is_dir),
    Check("sources", "the sources are as pinned", _sources),
    Check("ages", "no table is older than it may be", _ages),
    Check("lock", "dvc.lock is fresh", _lock),
    Check("experiments", "queued and temporary experiments find what stages read", _experiments, fast=True),
    Check("pushed", "the outputs are on the DVC remote", _pushed),
)
