"""Copies of an online store, its event log and the log of predictions, and back.

What follows from the event log is copied before it: so the log has all that the state and the predictions count.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
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

MANIFEST, STATE, LOG, PREDICTIONS = "backup.json", "state", "log", "predictions"
EVERYTHING = (b"", b"\xff" * 3)


@dataclass(frozen=True)
class Held:
    """How many records a log of predictions has, and the chain they end in."""

    records: int
    chain: str


@dataclass(frozen=True)
class Backup:
    """What a backup holds: the feature set, the position of the state, the records of the log with the chain they end in.

    And the predictions; None where it has none of these.
    """

    fingerprint: str
    position: int
    records: int
    chain: str
    predictions: Held | None = None


def backup(features: FeatureSet, store: Store, log: Path, folder: Path, predictions: Path | None = None) -> Backup:
    """Copy the state in `store`, the log, and that of predictions if it has any, to a new `folder`.

    An LMDB store is copied as it is at one moment, while others read and write; for any other the log is locked, so that
    nothing is written meanwhile. Raises ArtifactError where `folder` is there already, or a record of a log is damaged.
    """
    if folder.exists():
        raise ArtifactError(f"{folder} is there already", "give the backup a name of its own")
    with whole(folder) as new:
        if predictions and records.segments(predictions):
            _copy_log(predictions, new / PREDICTIONS)
        if isinstance(store, Lmdb):
            store.backup(new / STATE)
        else:
            with closing(EventLog(log)), closing(Lmdb(new / STATE)) as state:
                _copy(store, state)
        _copy_log(log, new / LOG)
        try:
            made = _described(features, new)
        except ArtifactError as error:
            raise ArtifactError(f"nothing was copied: {error.found}".replace(f"{new}/", f"{folder}/"), records.RESTORE) from None
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
    with _held(log):
        held = store.read(Reads(gets=[MARK])).gets[0] is not None or records.segments(log)
        if held and not replace:
            raise ArtifactError(f"the online store holds a state, or {log} a log", "to give them up for the backup, add --replace")
        store.clear()
        _put(folder / LOG, log)
        with closing(Lmdb(folder / STATE)) as state:
            _copy(state, store)
    return made


def restore_predictions(folder: Path, log: Path, *, replace: bool = False) -> Held:
    """Put the predictions that a backup holds in the place of the log, after they were checked.

    Raises ArtifactError where the backup has none or is damaged, and, without `replace`, where the log has a record. Killed
    halfway, the log lacks records or holds none: restore again.
    """
    made, found = _manifest(folder).predictions, _predicted(folder)
    if made is None:
        raise ArtifactError(f"{folder} holds no predictions", "use another backup")
    if found != made:
        raise ArtifactError(f"{folder} says that it holds {made}, and holds {found}", "use another backup")
    with _held(log):
        if records.segments(log) and not replace:
            raise ArtifactError(f"{log} holds a log", "to give it up for the backup, add --replace")
        _put(folder / PREDICTIONS, log)
    return made


@contextmanager
def _held(log: Path) -> Iterator[None]:
    """A log that nobody writes, and that need not be sound."""
    lock = eventlog.locked(log)
    try:
        yield
    finally:
        eventlog.unlock(lock)


def _put(kept: Path, log: Path) -> None:
    for path in records.segments(log):
        path.unlink()
    _copy_log(kept, log)


def _manifest(folder: Path) -> Backup:
    try:
        return msgspec.convert(read_json(folder / MANIFEST), Backup)
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no backup: it has no {MANIFEST}", "name a folder that interlock store backup made") from None


def _described(features: FeatureSet, folder: Path) -> Backup:
    """What lies in a backup, every record of the log looked at."""
    log = _log(folder / LOG)
    with closing(Lmdb(folder / STATE)) as state:
        meta = State.of(features, state).meta()
    if meta.position > log.records:
        raise ArtifactError(f"{folder}: the state is at position {meta.position}, the log ends at {log.records}", "use another backup")
    return Backup(meta.fingerprint, meta.position, log.records, log.chain, _predicted(folder))


def _predicted(folder: Path) -> Held | None:
    return _log(folder / PREDICTIONS) if (folder / PREDICTIONS).is_dir() else None


def _log(folder: Path) -> Held:
    """What a copy of a log holds; raises ArtifactError where a record of it is damaged."""
    verdict = eventlog.verify(folder)
    if verdict.broken is not None:
        raise ArtifactError(f"{folder}: the record at position {verdict.broken} is damaged: {verdict.reason}", "use another backup")
    last = records.last(folder)
    return Held(verdict.records, last.chain if last else records.GENESIS)


def _copy(source: Store, target: Store) -> None:
    """Every entry of a store, the one that makes it a state last."""
    mark = source.read(Reads(gets=[MARK])).gets[0]
    for page in walk(source, *EVERYTHING):
        target.write([entry for entry in page if entry[0] != MARK])
    if mark is not None:
        target.write([(MARK, mark)])


def _copy_log(log: Path, folder: Path) -> None:
    """Each segment as it is: a last line that is being written comes along, and counts for nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in records.segments(log):
        copy = folder / path.name
        copy.write_bytes(path.read_bytes())
        eventlog.synced(copy)
    eventlog.synced(folder)
