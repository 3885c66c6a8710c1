"""What the predictions of one version over one snapshot made of a source row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from interlock.errors import ArtifactError, ConfigError, InterlockError
from interlock.features import featureset, payloads
from interlock.features.featureset import FeatureSet
from interlock.frames import ROW
from interlock.lineage import counting
from interlock.lineage.tree import Told
from interlock.past import Past

BUNDLE, RAW, QUARANTINE, FEATURES = "models/bundle", "data/raw", "data/quarantine", "data/features"
ORIGINS = "origins.parquet"


class Use(Told, frozen=True):
    """How many predictions of a version counted the row in a feature, and the ids of the first."""

    version: str
    feature: str
    part: str
    predictions: int
    first: tuple[str, ...]


@dataclass
class Group:
    """The predictions of one version over one snapshot: their ids and requests, and how many knew events of the log too."""

    version: str
    commit: str
    snapshot: str
    events: int = 0
    ids: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


def uses(group: Group, table: str, row: int, values: pl.DataFrame, notes: list[str]) -> Iterator[Use]:
    """What the predictions of a group made of the row; where they cannot be looked at, a note."""
    try:
        declared = featureset.read(Past(group.commit).folder(BUNDLE) / "featureset.json")
        kept = Past(group.snapshot)
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


def _asked(kept: Past, table: str, row: int, requests: pl.DataFrame) -> pl.Series:
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
    if not same(row_of(raw, table, row), values):
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


def row_of(folder: Path, table: str, row: int) -> pl.DataFrame:
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


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two rows say the same."""
    return one.schema == other.schema and one.equals(other, null_equal=True)
