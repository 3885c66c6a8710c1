"""Copies of an online store and its event log, and back: the state first, so that the log has all that the state counts."""

from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError
from interlock.features import eventlog, records
from interlock.features.eventlog import EventLog
from interlock.features.featureset import FeatureSet
from interlock.features.state import MARK, State
from interlock.features.stores.lmdb import Lmdb
from interlock.features.stores.store import Reads, Store, walk
from interlock.files import read_json, whole, write_json

MANIFEST, STATE, LOG = "backup.json", "state", "log"
EVERYTHING = (b"", b"\xff" * 3)


@dataclass(frozen=True)
class Backup:
    """What a backup holds: the feature set, the position of the state, and the records of the log with the chain they end in."""

    fingerprint: str
    position: int
    records: int
    chain: str


def backup(features: FeatureSet, store: Store, log: Path, folder: Path) -> Backup:
    """Copy the state in `store` and the log to a new `folder`.

    An LMDB store is copied as it is at one moment, while others read and write; for any other the log is locked, so that
    nothing is written meanwhile. Raises ArtifactError where `folder` is there already.
    """
    if folder.exists():
        raise ArtifactError(f"{folder} is there already", "give the backup a name of its own")
    with whole(folder) as new:
        if isinstance(store, Lmdb):
            store.backup(new / STATE)
        else:
            with closing(EventLog(log)), closing(Lmdb(new / STATE)) as state:
                _copy(store, state)
        _copy_log(log, new / LOG)
        made = _described(features, new)
        write_json(new / MANIFEST, asdict(made))
    return made


def restore(features: FeatureSet, folder: Path, store: Store, log: Path, *, replace: bool = False) -> Backup:
    """Put what a backup holds in the place of `store` and the log, after it was checked.

    Raises ArtifactError where the backup is damaged or of another feature set, and, without `replace`, where the store
    holds a state or the log a record. Killed halfway, the store holds no state: restore again.
    """
    made = _manifest(folder)
    found = _described(features, folder)
    if found != made:
        raise ArtifactError(f"{folder} says that it holds {made}, and holds {found}", "use another backup")
    lock = eventlog.locked(log)
    try:
        held = store.read(Reads(gets=[MARK])).gets[0] is not None or records.segments(log)
        if held and not replace:
            raise ArtifactError(f"the online store holds a state, or {log} a log", "to give them up for the backup, add --replace")
        store.clear()
        for path in records.segments(log):
            path.unlink()
        _copy_log(folder / LOG, log)
        with closing(Lmdb(folder / STATE)) as state:
            _copy(state, store)
    finally:
        eventlog.unlock(lock)
    return made


def _manifest(folder: Path) -> Backup:
    try:
        return msgspec.convert(read_json(folder / MANIFEST), Backup)
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no backup: it has no {MANIFEST}", "name a folder that interlock store backup made") from None


def _described(features: FeatureSet, folder: Path) -> Backup:
    """What lies in a backup, every record of the log looked at."""
    verdict = eventlog.verify(folder / LOG)
    if verdict.broken is not None:
        raise ArtifactError(f"{folder}: the record at position {verdict.broken} is damaged: {verdict.reason}", "use another backup")
    with closing(Lmdb(folder / STATE)) as state:
        meta = State.of(features, state).meta()
    last = records.last(folder / LOG)
    if meta.position > verdict.records:
        raise ArtifactError(f"{folder}: the state is at position {meta.position}, the log ends at {verdict.records}", "use another backup")
    return Backup(meta.fingerprint, meta.position, verdict.records, last.chain if last else records.GENESIS)


def _copy(source: Store, target: Store) -> None:
    """Every entry of a store, the one that makes it a state last."""
    mark = source.read(Reads(gets=[MARK])).gets[0]
    for page in walk(source, *EVERYTHING):
        target.write([entry for entry in page if entry[0] != MARK])
    if mark is not None:
        target.write([(MARK, mark)])


def _copy_log(log: Path, folder: Path) -> None:
    """The whole lines of each segment."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in records.segments(log):
        data = path.read_bytes()
        copy = folder / path.name
        copy.write_bytes(data[: data.rfind(b"\n") + 1])
        eventlog.synced(copy)
    eventlog.synced(folder)
