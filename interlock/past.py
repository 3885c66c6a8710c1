"""Files as they were at a commit: from git, or by the hash in its dvc.lock from the DVC cache or remote, each checked.

What this clone's cache has is copied without DVC, whose import takes longer than most questions.
"""

import functools
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from interlock import cache, git, lock
from interlock.errors import ArtifactError, GitError
from interlock.files import replacing, whole, write_text
from interlock.lock import LOCK
from interlock.params import PARAMS
from interlock.project import SCRATCH

KEPT = SCRATCH / "past"
DEEPEN = "git fetch --unshallow --tags"


@dataclass(frozen=True)
class Past:
    """The project at a commit."""

    commit: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The hash of each output, as the commit's dvc.lock has it; raises GitError where the commit is not in this clone."""
        if not self.here:
            raise self.missing
        content, place = git.committed(LOCK, self.commit), f"commit {self.commit[:12]}"
        return _outputs(content) if content else lock.outputs(content, place)

    @property
    def here(self) -> bool:
        """Whether this clone has the commit, whole."""
        try:
            return git.git("cat-file", "-t", self.commit).strip() == "commit"
        except GitError:
            return False

    @property
    def missing(self) -> GitError:
        """That this clone has not got the commit, and the way to it."""
        way = "git fetch --all --tags; if no remote has it, push it from the clone in which it was made, or restore that"
        return GitError(f"commit {self.commit[:12]} is not in this clone", f"run: {DEEPEN if git.shallow() else way}")

    def output(self, path: str) -> str:
        """The hash under which DVC keeps an output of the graph; raises GitError where the commit's dvc.lock has none."""
        if path not in self.outputs:
            raise GitError(f"dvc.lock of commit {self.commit[:12]} has no output {path}", "the commit is of another graph than this one")
        return self.outputs[path]

    def folder(self, path: str) -> Path:
        """A folder that the graph wrote at this commit, under its hash in the project's scratch folder.

        Fetched where it is not there yet. Raises ArtifactError where neither cache nor remote have it, or a file of it is
        not what its hash says.
        """
        found, told = self.output(path), f"of commit {self.commit[:12]}"
        kept = KEPT / found.removesuffix(".dir")
        index = kept.with_name(f"{kept.name}.json")
        if not kept.is_dir():
            with whole(kept) as new:
                if not _cached(f"{path} {told}", found, new):
                    self._fetch(path, new)
                write_text(index, cache.listing(new))
        listed = _listed(index, found)
        if wrong := next(
            (name for name, md5 in listed.items() if not (kept / name).is_file() or cache.hashed_file(kept / name) != md5), None
        ):
            shutil.rmtree(kept)
            raise _altered(f"{path}/{wrong} {told}", listed[wrong])
        if cache.hashed(kept) != found:
            shutil.rmtree(kept)
            raise _altered(f"{path} {told}", found)
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

    def _fetch(self, path: str, new: Path) -> None:
        """Put the files of an output into the folder `new`, from the cache or the remote that DVC finds."""
        from dvc.api import DVCFileSystem
        from dvc.exceptions import DvcException
        from dvc.repo import Repo
        from dvc_data.index import DataIndexDirError

        try:
            with Repo(rev=self.commit) as repo:
                files = DVCFileSystem(repo=repo)
                for name in files.find(path):
                    target = new / Path(name).relative_to(path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    files.get_file(name, str(target))
                    if cache.hashed_file(target) != (md5 := files.info(name).get("md5")):
                        raise _altered(f"{name} of commit {self.commit[:12]}", str(md5))
        except (DvcException, DataIndexDirError, OSError) as error:
            raise ArtifactError(
                f"{path} of commit {self.commit[:12]} is neither in the DVC cache nor on a remote: {error}",
                f"where it was made: dvc push; or rebuild it: git checkout {self.commit[:12]} && make",
            ) from None


@functools.cache
def _outputs(content: bytes) -> dict[str, str]:
    """The outputs of a dvc.lock, read once: many commits have the same one."""
    return lock.outputs(content, "the commit")


def _listed(path: Path, found: str) -> dict[str, str]:
    """The hash of each file of a kept folder, by its listing; none where that is not the one that has the hash `found`."""
    return cache.files(path) if path.is_file() and f"{cache.hashed_file(path)}.dir" == found else {}


def _cached(told: str, found: str, new: Path) -> bool:
    """Copy a folder out of the cache of this clone into `new`, if all of it is there.

    Raises ArtifactError for the first file that is not what its hash says.
    """
    listed = cache.place(found)
    if not listed.is_file():
        return False
    if f"{cache.hashed_file(listed)}.dir" != found:
        raise _altered(told, found)
    files = cache.files(listed)
    if not all(cache.place(md5).is_file() for md5 in files.values()):
        return False
    for name, md5 in files.items():
        target = new / name
        if not target.resolve().is_relative_to(new.resolve()):
            raise _altered(f"{told} lists {name}: it", found)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cache.place(md5), target)
        if cache.hashed_file(target) != md5:
            raise _altered(told.replace(" of ", f"/{name} of ", 1), md5)
    return True


def _altered(told: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{told} was altered, in the DVC cache or on the remote: it is not what its hash {found} says",
        f"take it from elsewhere: rm {cache.place(found)} && dvc fetch, or restore the cache from a backup",
    )
