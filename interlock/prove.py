"""The proof of "same inputs, same bytes": the commit, rebuilt from nothing in a clean clone, hash for hash."""

import hashlib
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from interlock import git, library, lock
from interlock.clone import rebuilt
from interlock.differences import ABSENT, Detail, details
from interlock.lock import LOCK, Stage
from interlock.originals import changes


@dataclass(frozen=True)
class Difference:
    """A file of a stage that came out otherwise, and where in it."""

    stage: str
    file: str
    details: list[Detail]


@dataclass(frozen=True)
class Proof:
    """What was rebuilt on what platform, and how it compares.

    `stages` says of each, in the order they run, how many outputs it has; `diverged` names those with another hash,
    `differences` explains the first of them. `moved` are inputs that are not what the commit's dvc.lock says.
    """

    commit: str
    platform: dict[str, str]
    stages: dict[str, int]
    diverged: list[str]
    differences: list[Difference]
    moved: list[str]

    @property
    def holds(self) -> bool:
        return not self.diverged


def prove(place: Path, say: Callable[[str], None]) -> Proof:
    """Rebuild the commit in the new folder `place`, and compare; `say` is told each stage as it starts.

    Raises GitError where there is no commit with a dvc.lock, ArtifactError where the graph does not run there.
    """
    commit = git.head()
    library.fits((git.committed(library.REQUIREMENTS) or b"").decode())
    expected = lock.read(git.committed(LOCK), f"commit {commit[:12]}")
    clone = rebuilt(place, commit, expected, say)
    found = lock.read((clone / LOCK).read_bytes(), str(clone))
    edited = git.git("diff", "--name-only", "--relative", "-z", cwd=clone).split("\0")[:-1]
    diverged = [stage.name for stage in found.values() if any(_diverging(stage, expected, edited))]
    first = found[diverged[0]] if diverged else None
    return Proof(
        commit=commit,
        platform=described(clone),
        stages={stage.name: len(stage.outputs) for stage in found.values()},
        diverged=diverged,
        differences=_explained(first, expected, _diverging(first, expected, edited), clone) if first else [],
        moved=sorted(_moved(found, expected)),
    )


def described(folder: Path) -> dict[str, str]:
    """The class of platform that a proof speaks for."""
    requirements = folder / "requirements.txt"
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "requirements": hashlib.sha256(requirements.read_bytes()).hexdigest()[:16] if requirements.is_file() else "none",
        "POLARS_MAX_THREADS": os.environ.get("POLARS_MAX_THREADS", f"not set, {os.cpu_count()} cores"),
    }


def _diverging(stage: Stage, expected: dict[str, Stage], edited: list[str]) -> Iterator[str]:
    """The outputs of a rebuilt stage that have another hash, or other bytes than git has of them."""
    before = expected[stage.name].outputs if stage.name in expected else {}
    for path, md5 in stage.outputs.items():
        if before.get(path) != md5 or any(Path(name).is_relative_to(path) for name in edited):
            yield path


def _moved(found: dict[str, Stage], expected: dict[str, Stage]) -> Iterator[str]:
    for name, stage in found.items():
        if name in expected:
            inputs = [path for path in stage.inputs if not lock.produced(found, path)]
            yield from (f"{path} ({name})" for path in inputs if expected[name].inputs.get(path) != stage.inputs[path])
            if expected[name].params != stage.params:
                yield f"parameters ({name})"


def _explained(stage: Stage, expected: dict[str, Stage], outputs: Iterable[str], clone: Path) -> list[Difference]:
    if stage.name not in expected:
        return [Difference(stage.name, str(LOCK), [Detail("entry of", stage.name, 1, None, ABSENT, "one of a new stage")])]
    known = expected[stage.name].outputs
    changed = (change for path in outputs for change in changes(path, known.get(path, ""), clone))
    return [Difference(stage.name, file, _places(file, before, after)) for file, before, after in changed]


def _places(file: str, before: Path | None, after: Path | None) -> list[Detail]:
    if before is None or after is None:
        return [Detail("file", file, 1, None, *("another hash" if path else "not to be found" for path in (before, after)))]
    return details(before, after, file)
