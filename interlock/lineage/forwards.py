"""From a source row forwards: the predictions whose features counted it, and the releases whose raw data held it.

The offline executor says itself what a row does to the features of all predictions of a version and snapshot at once: it is
asked with that row alone in the source, or, for the last row of an entity, which row that is.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.errors import InterlockError
from interlock.frames import ROW
from interlock.lineage.dated import Dated, dated
from interlock.lineage.tree import Told
from interlock.lineage.uses import QUARANTINE, RAW, Group, Use, row_of, same, uses
from interlock.params import load
from interlock.past import Past
from interlock.releases import versions
from interlock.releases.registry import Registry, Release
from interlock.serving import predictions

FEW = 5


class ReachedRelease(Told, frozen=True):
    """A release, and whether the row was among the valid rows that it was made from; `why` where it was not.

    `dated` says whether it lies in the training period; None where it has no time, or `why` it could not be told.
    """

    tag: str
    held: bool
    why: str
    dated: Dated | None = None


class Forwards(Told, frozen=True):
    """What a source row has reached; `meant` says by whose numbering, `looked` at how many predictions was looked."""

    table: str
    row: int
    meant: str
    values: dict[str, Any]
    releases: tuple[ReachedRelease, ...]
    uses: tuple[Use, ...]
    looked: int
    erased: int
    notes: tuple[str, ...]


def forwards(table: str, row: int, version: str | None, log: Path, most: int | None = FEW) -> Forwards:
    """What the row of a table has reached; its number is that of a release, or of data/raw as it is now.

    Of each use the first `most` ids are told, None for all. Raises ConfigError where there is no such table, ArtifactError where it has no such row or the log is damaged.
    """
    registry = Registry(load("usecase.name", str))
    meant = registry.one(versions.asked(registry.usecase, version)) if version else None
    values = row_of((Past(meant.commit).folder(RAW) if meant else Path(RAW)), table, row)
    sound, notes = registry.sound()
    releases = [_release(each, table, row, values) for each in sound]
    groups, looked, erased = _groups(log)
    found = [use for group in groups for use in uses(group, table, row, values, notes)]
    told = {name: value for name, value in values.row(0, named=True).items() if name != ROW}
    place = meant.tag if meant else "data/raw, as it is now"
    return Forwards(table, row, place, told, tuple(releases), tuple(_summed(found, most)), looked, erased, tuple(dict.fromkeys(notes)))


def _release(release: Release, table: str, row: int, values: pl.DataFrame) -> ReachedRelease:
    kept = Past(release.commit)
    try:
        theirs = row_of(kept.folder(RAW), table, row)
        if not same(theirs, values):
            return ReachedRelease(release.tag, False, f"its row {row} is another one; name the numbering by --at")
        aside = pl.read_parquet(kept.folder(QUARANTINE) / f"{table}.parquet", glob=False).filter(pl.col(ROW) == row)
    except InterlockError as error:
        return ReachedRelease(release.tag, False, f"{error.found}; {error.remedy}")
    broken = [f"{rule} ({column}: {value})" for rule, column, value in aside.select("rule", "column", "value").iter_rows()]
    if broken:
        return ReachedRelease(release.tag, False, f"set aside by {', '.join(broken)}")
    try:
        return ReachedRelease(release.tag, True, "", dated(kept, table, row))
    except InterlockError as error:
        return ReachedRelease(release.tag, True, f"{error.found}; {error.remedy}")


def _groups(log: Path) -> tuple[list[Group], int, int]:
    """The predictions of the log by version and snapshot, how many there are, and how many of them are erased."""
    found: dict[tuple[str, str, str], Group] = {}
    looked = erased = 0
    for each in predictions.every(log) if log.is_dir() else ():
        looked, erased = looked + 1, erased + (each.prediction is None)
        if (made := each.prediction) is not None:
            key = made.version, made.commit, made.snapshot.commit
            group = found.setdefault(key, Group(*key))
            group.events += made.snapshot.position > 0
            group.ids.append(each.id)
            group.requests.append(msgspec.json.encode(made.request))
    return list(found.values()), looked, erased


def _summed(uses: Iterable[Use], most: int | None) -> list[Use]:
    """The uses of one feature of a version over all its snapshots."""
    found: dict[tuple[str, str, str], list[Use]] = defaultdict(list)
    for use in uses:
        found[use.version, use.feature, use.part].append(use)
    return [
        Use(*key, sum(use.predictions for use in alike), tuple(each for use in alike for each in use.first)[:most])
        for key, alike in found.items()
    ]
