"""From a source row forwards: the predictions whose features counted it, and the releases that were trained with it.

The offline executor says itself what a row does to the features of all predictions of a version and snapshot at once: it is
asked with that row alone in the source, or, for the last row of an entity, which row that is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from interlock.errors import ArtifactError, ConfigError, InterlockError
from interlock.features import featureset, payloads
from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.lineage import counting
from interlock.lineage.kept import Kept
from interlock.lineage.tree import Told
from interlock.params import load
from interlock.releases import versions
from interlock.releases.registry import Registry, Release
from interlock.serving import predictions

BUNDLE, RAW, QUARANTINE, FEATURES = "models/bundle", "data/raw", "data/quarantine", "data/features"
ORIGINS = "origins.parquet"
FEW = 5


class ReachedRelease(Told, frozen=True):
    """A release, and whether the row was among the valid rows that it was made from; `why` where it was not."""

    tag: str
    trained: bool
    why: str


class Use(Told, frozen=True):
    """How many predictions of a version counted the row in a feature, and the ids of the first."""

    version: str
    feature: str
    part: str
    predictions: int
    first: tuple[str, ...]


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


@dataclass
class Group:
    """The predictions of one version over one snapshot: their ids and requests, and how many knew events of the log too."""

    version: str
    commit: str
    snapshot: str
    events: int = 0
    ids: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


def forwards(table: str, row: int, version: str | None, log: Path, most: int | None = FEW) -> Forwards:
    """What the row of a table has reached; its number is that of a release, or of data/raw as it is now.

    Of each use the first `most` ids are told, None for all. Raises ConfigError where there is no such table, ArtifactError where it has no such row or the log is damaged.
    """
    registry = Registry(load("usecase.name", str))
    meant = registry.one(versions.asked(registry.usecase, version)) if version else None
    values = _row((Kept(meant.commit).folder(RAW) if meant else Path(RAW)), table, row)
    notes: list[str] = []
    releases = [_release(each, table, row, values) for each in registry.all()]
    groups, looked, erased = _groups(log)
    uses = [use for group in groups for use in _uses(group, table, row, values, notes)]
    told = {name: value for name, value in values.row(0, named=True).items() if name != ROW}
    place = meant.tag if meant else "data/raw, as it is now"
    return Forwards(table, row, place, told, tuple(releases), tuple(_summed(uses, most)), looked, erased, tuple(dict.fromkeys(notes)))


def _row(folder: Path, table: str, row: int) -> pl.DataFrame:
    path = folder / f"{table}.parquet"
    known = sorted(each.stem for each in folder.glob("*.parquet"))
    if table not in known:
        raise ConfigError(
            f"there is no table {table} in {folder}", f"tables are: {', '.join(known)}" if known else "run: make, or dvc pull"
        )
    found = pl.scan_parquet(path, glob=False).filter(pl.col(ROW) == row).collect()
    if not found.height:
        raise ArtifactError(f"{table} has no row {row}", "rows are numbered from 0 on, as in the source; a trace names them")
    return found


def _release(release: Release, table: str, row: int, values: pl.DataFrame) -> ReachedRelease:
    kept = Kept(release.commit)
    try:
        theirs = _row(kept.folder(RAW), table, row)
        if not _same(theirs, values):
            return ReachedRelease(release.tag, False, f"its row {row} is another one; name the numbering by --at")
        aside = pl.read_parquet(kept.folder(QUARANTINE) / f"{table}.parquet", glob=False).filter(pl.col(ROW) == row)
    except InterlockError as error:
        return ReachedRelease(release.tag, False, f"{error.found}; {error.remedy}")
    broken = [f"{rule} ({column}: {value})" for rule, column, value in aside.select("rule", "column", "value").iter_rows()]
    return ReachedRelease(release.tag, not broken, f"set aside by {', '.join(broken)}" if broken else "")


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two rows say the same."""
    return one.schema == other.schema and one.equals(other, null_equal=True)


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


def _uses(group: Group, table: str, row: int, values: pl.DataFrame, notes: list[str]) -> Iterator[Use]:
    """What the predictions of a group made of the row; where they cannot be looked at, a note."""
    try:
        declared = featureset.read(Kept(group.commit).folder(BUNDLE) / "featureset.json")
        kept = Kept(group.snapshot)
        raw, aside = kept.folder(RAW), kept.folder(QUARANTINE)
        if why := _hidden(raw, aside, table, row, values):
            notes.append(f"{group.version}: {why}")
            return
        requests = payloads.decoded(group.requests, declared.request.types)
        notes += _noted(group, declared, table)
        found = counting.reads(declared, table, row, raw, aside, requests) if table in declared.tables else iter(())
        for feature, part, reads in (*found, ("", "the request", _asked(kept, table, row, requests))):
            if many := int(reads.sum()):
                yield Use(group.version, feature, part, many, tuple(group.ids[i] for i in reads.arg_true()))
    except InterlockError as error:
        notes.append(f"{group.version}: {len(group.ids):,} predictions were not looked at: {error.found}; {error.remedy}")


def _asked(kept: Kept, table: str, row: int, requests: pl.DataFrame) -> pl.Series:
    """Whether each request is the one that `events.py` made of the row."""
    folder = kept.folder(FEATURES)
    none = pl.repeat(False, requests.height, dtype=pl.Boolean, eager=True)
    if not (folder / ORIGINS).is_file() or table not in (numbers := pl.scan_parquet(folder / ORIGINS, glob=False)).collect_schema():
        return none
    places = numbers.select(mine=pl.col(table) == row).collect()["mine"].fill_null(False).arg_true()
    if not places.len():
        return none
    made = pl.read_parquet(folder / "requests.parquet", glob=False)[places]
    columns = [name for name in requests.columns if name in made.columns]
    return requests.select(mine=pl.struct(columns).is_in(made.select(pl.struct(columns)).to_series().implode()))["mine"]


def _hidden(raw: Path, aside: Path, table: str, row: int, values: pl.DataFrame) -> str:
    """Why no feature of a snapshot could read the row; empty where some could."""
    if not _same(_row(raw, table, row), values):
        return f"row {row} of {table} was another one; name the numbering by --at"
    out = pl.read_parquet(aside / f"{table}.parquet", columns=[ROW], glob=False)[ROW]
    return "the row was in quarantine, and no feature could read it" if row in out else ""


def _noted(group: Group, declared: FeatureSet, table: str) -> Iterator[str]:
    """What is not followed."""
    through = [name for name, history in declared.histories.items() if any(look.reference == table for look in history.lookups.values())]
    if through:
        yield f"{', '.join(through)} looks up {table}: rows derived with this one are not followed further"
    if group.events and any(history.source == table for history in declared.histories.values()):
        yield f"{group.version}: {group.events:,} predictions knew events of the log too; one that came later may have been the last row instead"


def _summed(uses: Iterable[Use], most: int | None) -> list[Use]:
    """The uses of one feature of a version over all its snapshots."""
    found: dict[tuple[str, str, str], list[Use]] = defaultdict(list)
    for use in uses:
        found[use.version, use.feature, use.part].append(use)
    return [
        Use(*key, sum(use.predictions for use in alike), tuple(each for use in alike for each in use.first)[:most])
        for key, alike in found.items()
    ]
