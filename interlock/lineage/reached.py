"""Which releases hold rows of an entity: in the source rows, features and golden vectors that git and DVC keep of their commits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlock.errors import InterlockError
from interlock.past import Past
from interlock.releases.registry import Release
from interlock.serving.entity import Columns, Entity

KEPT = {"data/raw": "source rows", "data/features": "requests and features", "models/bundle": "golden vectors of the bundle"}


@dataclass(frozen=True)
class Held:
    """How many rows of an entity a release's commit has, by folder and table; `unseen` says of folders why they could not be looked at."""

    tag: str
    rows: Mapping[str, Mapping[str, int]]
    unseen: Mapping[str, str]

    @property
    def learned(self) -> bool:
        """Whether its model may have learned from the entity."""
        return any(self.rows.get(path) for path in ("data/raw", "data/features"))


def held(releases: Iterable[Release], entity: Entity, called: Mapping[str, Columns]) -> list[Held]:
    """What each release's commit has of an entity; `called` says by source table what its columns are called there."""
    known: dict[tuple[str, str], Mapping[str, int] | InterlockError] = {}
    found = []
    for release in releases:
        rows: dict[str, Mapping[str, int]] = {}
        unseen: dict[str, str] = {}
        for path in KEPT:
            told = _looked(release.commit, path, entity, called if path == "data/raw" else {}, known)
            if isinstance(told, InterlockError):
                unseen[path] = told.found
            elif told:
                rows[path] = told
        found.append(Held(release.tag, rows, unseen))
    return found


def _looked(
    commit: str, path: str, entity: Entity, called: Mapping[str, Columns], known: dict[tuple[str, str], Mapping[str, int] | InterlockError]
) -> Mapping[str, int] | InterlockError:
    past = Past(commit)
    try:
        key = (path, past.output(path))
        if key not in known:
            known[key] = _counted(past.folder(path), entity, called)
        return known[key]
    except InterlockError as error:
        return error


def _counted(folder: Path, entity: Entity, called: Mapping[str, Columns]) -> dict[str, int]:
    """The rows of an entity in each Parquet file of a folder that has any."""
    found = {}
    for file in sorted(folder.rglob("*.parquet")):
        frame = pl.scan_parquet(file, glob=False)
        own = entity.rows(frame.collect_schema(), called.get(file.stem))
        if own is not None and (rows := frame.filter(own).select(pl.len()).collect().item()):
            found[file.relative_to(folder).with_suffix("").as_posix()] = rows
    return found
