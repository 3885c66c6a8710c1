"""The snapshot that a prediction is made from: the commit that is checked out, and the source rows that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlock import cache, frames, git
from interlock.contracts import ledger
from interlock.contracts.ledger import QUARANTINE, RAW
from interlock.dtypes import dtype_of
from interlock.errors import ContractError, GitError
from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.past import Past


@dataclass(frozen=True)
class Rows:
    """The source rows of a commit: the hashes of their folders, and where these lie."""

    commit: str
    raw: str
    quarantine: str
    folders: tuple[Path, Path]

    @classmethod
    def checked_out(cls) -> "Rows":
        """Those of HEAD, as they lie in the work tree; raises GitError where these are not what its dvc.lock says."""
        commit = git.head()
        found = []
        for folder in (RAW, QUARANTINE):
            wanted = Past(commit).output(folder.as_posix())
            if (here := cache.hashed(folder) if folder.is_dir() else None) != wanted:
                raise GitError(
                    f"{folder} is not that of commit {commit[:12]} ({here or 'it is missing'}, dvc.lock says {wanted})",
                    f"bring back what the commit has: {_fetch(wanted)}; after a run: commit dvc.lock",
                )
            found.append(wanted)
        return cls(commit, found[0], found[1], (RAW, QUARANTINE))

    @classmethod
    def at(cls, commit: str) -> "Rows":
        """Those of a commit, fetched where they are not there; raises ArtifactError where they cannot be had, or were altered.

        Raises GitError where the clone has no such commit.
        """
        past = Past(commit)
        names = [folder.as_posix() for folder in (RAW, QUARANTINE)]
        raw, quarantine = (past.folder(name) for name in names)
        return cls(commit, past.output(names[0]), past.output(names[1]), (raw, quarantine))

    def valid(self, features: FeatureSet) -> dict[str, pl.LazyFrame]:
        """The valid rows of each table that features read.

        Raises ContractError where these source rows lack what the features read, or have it in another type.
        """
        return {name: self._table(name, features.reads_of(name)) for name in features.tables}

    def _table(self, name: str, read: Mapping[str, str]) -> pl.LazyFrame:
        raw, quarantine = (folder / f"{name}.parquet" for folder in self.folders)
        rows = frames.scan(raw)
        there = rows.collect_schema()
        if unfit := [column for column, text in read.items() if there.get(column) != dtype_of(text)]:
            raise ContractError(
                f"{name}.{unfit[0]} of commit {self.commit[:12]} is {there.get(unfit[0], 'not there')}, this version reads {read[unfit[0]]}",
                "check out a commit whose source rows are as they were for this version, or release a version for these",
            )
        return ledger.less(rows, frames.read(quarantine, [ROW]))


def _fetch(wanted: str) -> str:
    """What brings the source rows here: they are in the cache of this clone, or on a remote alone."""
    return "dvc checkout" if cache.has(wanted) else f"dvc pull {RAW} {QUARANTINE}"
