"""Files as they were at a commit: from git, or by the hash in its dvc.lock from the DVC cache or remote, each checked."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock import git, lock
from interlock.errors import ArtifactError, GitError
from interlock.files import replacing, whole
from interlock.lock import LOCK
from interlock.params import PARAMS
from interlock.project import SCRATCH

KEPT = SCRATCH / "past"


@dataclass(frozen=True)
class Past:
    """The project at a commit."""

    commit: str

    def output(self, path: str) -> str:
        """The hash under which DVC keeps an output of the graph; raises GitError where the commit's dvc.lock has none."""
        stages = lock.read(git.committed(LOCK, self.commit), f"commit {self.commit[:12]}")
        found = next((stage.outputs[path] for stage in stages.values() if path in stage.outputs), None)
        if found is None:
            raise GitError(f"dvc.lock of commit {self.commit[:12]} has no output {path}", "the commit is of another graph than this one")
        return found

    def folder(self, path: str) -> Path:
        """A folder that the graph wrote at this commit, under its hash in the project's scratch folder.

        Fetched where it is not there yet. Raises ArtifactError where neither cache nor remote have it, or a file of it is
        not what its hash says.
        """
        kept = KEPT / self.output(path).removesuffix(".dir")
        with self._opened() as files:
            if not kept.is_dir():
                with whole(kept) as new:
                    self._fetch(files, path, new)
            self._check(files, path, kept)
        return kept

    def text(self, path: str) -> str | None:
        """A file that git has, None where the commit has it not."""
        found = git.committed(Path(path), self.commit)
        return None if found is None else found.decode("utf-8", errors="replace")

    def params(self) -> Path:
        """The params.yaml of the commit, as a file of its own; raises GitError where it has none."""
        found = git.committed(PARAMS, self.commit)
        if found is None:
            raise GitError(f"commit {self.commit[:12]} has no {PARAMS}", "the commit is of another graph than this one")
        kept = KEPT / f"{self.commit}.{PARAMS.name}"
        with replacing(kept) as new:
            new.write_bytes(found)
        return kept

    def _fetch(self, files: Any, path: str, new: Path) -> None:
        from dvc.exceptions import DvcException
        from dvc_data.index import DataIndexDirError

        try:
            for name in files.find(path):
                target = new / Path(name).relative_to(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(name, str(target))
        except (DvcException, DataIndexDirError, OSError) as error:
            raise ArtifactError(
                f"{path} of commit {self.commit[:12]} is neither in the DVC cache nor on a remote: {error}",
                f"where it was made: dvc push; or rebuild it: git checkout {self.commit[:12]} && make",
            ) from None

    def _check(self, files: Any, path: str, kept: Path) -> None:
        """Raise ArtifactError for the first file that is not what its hash says."""
        for name in files.find(path):
            file, told = kept / Path(name).relative_to(path), files.info(name)
            expected = told.get("md5") or (told.get("dvc_info") or {}).get("md5")
            if not file.is_file() or expected is None or _md5(file) != expected:
                shutil.rmtree(kept)
                raise ArtifactError(
                    f"{name} of commit {self.commit[:12]} is not what its hash {expected} says: the DVC cache, the remote or {kept} was altered",
                    "run again; where it stays: restore the cache from the remote (delete the file there and dvc fetch), or from a backup",
                )

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """The file system of the commit, as DVC shows it."""
        from dvc.api import DVCFileSystem
        from dvc.repo import Repo

        with Repo(rev=self.commit) as repo:
            yield DVCFileSystem(repo=repo)


def _md5(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
