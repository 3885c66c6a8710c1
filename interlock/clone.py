"""A clean clone of a commit, in which its graph is run from nothing: no cache, no outputs, no settings of this machine."""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from interlock import git, lock, params
from interlock.errors import ArtifactError, GitError
from interlock.lock import Stage
from interlock.params import PARAMS

RUNNING = re.compile(r"Running stage '(.+)':")
FOREIGN = ("GIT_", "DVC_", "PYTHONPATH", "PYTHONSAFEPATH")
LAST_LINES = 20


def rebuilt(place: Path, commit: str, stages: dict[str, Stage], say: Callable[[str], None]) -> Path:
    """The project's folder in a clone of `commit` under `place`, after every stage ran there; `say` is told each as it starts.

    `stages` is what the commit's dvc.lock holds. Raises ArtifactError where a stage fails.
    """
    clone = _clone(place, commit)
    _forget_outputs(clone, stages)
    _link_sources(clone, stages)
    _rebuild(clone, place, say)
    return clone


def _clone(place: Path, commit: str) -> Path:
    top, prefix = git.git("rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
    git.git("clone", "--quiet", "--no-checkout", top, str(place / "clone"))
    git.git("checkout", "--quiet", "--detach", commit, cwd=place / "clone")
    clone = place / "clone" / prefix
    if not (clone / ".dvc").is_dir():
        raise GitError(f"commit {commit[:12]} holds no .dvc folder", "run: git add .dvc && git commit")
    (clone / ".dvc" / "config.local").write_text("[cache]\n    dir = cache\n", encoding="utf-8")
    return clone


def _forget_outputs(clone: Path, stages: dict[str, Stage]) -> None:
    for path in [clone / output for stage in stages.values() for output in stage.outputs]:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def _link_sources(clone: Path, stages: dict[str, Stage]) -> None:
    """Link what the graph reads and git does not carry: files that a stage depends on, and files that conf names."""
    inputs = {path for stage in stages.values() for path in stage.inputs if not lock.produced(stages, path)}
    for path in sorted({Path(path) for path in inputs} | set(_local_files(clone))):
        if path.exists() and not path.is_absolute() and not (clone / path).exists():
            _link(path, clone / path)


def _local_files(clone: Path) -> Iterator[Path]:
    from interlock.sources.connectors import locate
    from interlock.sources.spec import Tables

    if (clone / PARAMS).is_file():
        for name, spec in params.load("usecase.tables", Tables, clone / PARAMS).items():
            yield from (file.path for file in locate(name, spec).files if file.path)


def _link(path: Path, target: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            _link(inner, target / inner.name)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(path.resolve())
        except OSError:  # NOTE: another disk; a symbolic link would lead out of the clone, which its sources must not
            shutil.copyfile(path, target)


def _rebuild(clone: Path, place: Path, say: Callable[[str], None]) -> None:
    last: deque[str] = deque(maxlen=LAST_LINES)
    command = [sys.executable, "-P", "-m", "dvc", "repro", "--force"]
    with subprocess.Popen(
        command, cwd=clone, env=_environment(place), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as running:
        for line in running.stdout or ():
            last.append(line.rstrip())
            if match := RUNNING.match(line):
                say(match[1])
    if running.returncode:
        raise ArtifactError("the commit does not rebuild in a clean clone:\n" + "\n".join(last), "mend that, commit, and run again")


def _environment(place: Path) -> dict[str, str]:
    """The environment of this process, less what points into the project, with its interpreter first and no cache to find."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    own = {f"DVC_{kind}": str(place / kind.lower()) for kind in ("GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR", "SITE_CACHE_DIR")}
    return kept | own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"}
