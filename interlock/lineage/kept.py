"""Folders of a commit without waiting for DVC: those that are here, or in the cache of this clone, each file checked."""

import hashlib
import json
import shutil
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from interlock import git, lock
from interlock.errors import ArtifactError, GitError
from interlock.files import whole
from interlock.lock import LOCK
from interlock.past import KEPT, Past

DVC = Path(".dvc")


@dataclass(frozen=True)
class Kept:
    """The folders that the graph wrote at a commit."""

    commit: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The hash of each output, as the commit's dvc.lock has it; raises GitError where the commit is not in this clone."""
        if not here(self.commit):
            raise GitError(
                f"commit {self.commit[:12]} is not in this clone", "run: git fetch --unshallow --tags, or git fetch --all --tags"
            )
        stages = lock.read(git.committed(LOCK, self.commit), f"commit {self.commit[:12]}")
        return {path: found for stage in stages.values() for path, found in stage.outputs.items()}

    def folder(self, path: str) -> Path:
        """A folder as `Past.folder` gives it, without importing DVC where this clone has it."""
        found = self.outputs.get(path, "")
        kept = KEPT / found.removesuffix(".dir")
        if not found.endswith(".dir"):
            return Past(self.commit).folder(path)
        if not kept.is_dir():
            _cached(path, found, kept)
        if not kept.is_dir() or _listing(kept) != found:
            shutil.rmtree(kept, ignore_errors=True)
            Past(self.commit).folder(path)
            if _listing(kept) != found:
                shutil.rmtree(kept, ignore_errors=True)
                raise ArtifactError(f"{path} of commit {self.commit[:12]} is not here as {found}", "run: dvc fetch --all-commits")
        return kept


def here(commit: str) -> bool:
    """Whether this clone has a commit, whole."""
    try:
        return git.git("cat-file", "-t", commit).strip() == "commit"
    except GitError:
        return False


def _cached(path: str, found: str, kept: Path) -> None:
    """Copy a folder out of the cache of this clone, if all of it is there; raises ArtifactError for a file that was altered."""
    listing = _place(found)
    if not listing.is_file():
        return
    if f"{_md5(listing)}.dir" != found:
        raise _altered(path, found)
    files = {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_bytes())}
    if all(_place(md5).is_file() for md5 in files.values()):
        with whole(kept) as new:
            for name, md5 in files.items():
                if not (new / name).resolve().is_relative_to(new.resolve()):
                    raise _altered(f"{path}/{name}", found)
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(_place(md5), new / name)
                if _md5(new / name) != md5:
                    raise _altered(f"{path}/{name}", md5)


def _altered(path: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{path} was altered in the DVC cache: it is not what its hash {found} says",
        f"take it from the remote: rm {_place(found)} && dvc fetch, or restore the cache from a backup",
    )


def _place(found: str) -> Path:
    return _cache() / "files/md5" / found[:2] / found[2:]


def _cache() -> Path:
    """The folder of the cache, where DVC's configuration puts it: `cache.dir`, relative to .dvc."""
    read = ConfigParser(interpolation=None)
    try:
        read.read([DVC / "config", DVC / "config.local"], encoding="utf-8")
    except (ConfigError, UnicodeError):
        return DVC / "cache"
    return DVC / read.get("cache", "dir", fallback="cache")


def _listing(folder: Path) -> str:
    """The hash under which DVC keeps a folder: of the sorted list of its files and their hashes."""
    names = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    listing = [{"md5": _md5(folder / name), "relpath": name.as_posix()} for name in names]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _md5(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
