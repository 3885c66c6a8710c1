"""The prediction log: every prediction of a release, append-only and chained, in segments of JSON lines, as the event log.

An id is the position of a record and the beginning of its hash: the first finds it at once, the second tells whether this
is the log that it was made in. Erasing what a record holds keeps both, and the chain.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from interlock.errors import ArtifactError, ConfigError
from interlock.features import eventlog, records
from interlock.features.eventlog import EventLog
from interlock.features.records import Event, Flaw, Record
from interlock.serving.record import Prediction

PREDICTIONS = Path("online/predictions")
TABLE = "predictions"
DIGITS = 12
FOUND = "interlock trace --list shows the last ones"


@dataclass(frozen=True)
class Logged:
    """A prediction in its place."""

    id: str
    position: int
    record: Record

    @cached_property
    def prediction(self) -> Prediction | None:
        """What was asked and answered, read when it is asked for; None where it was erased."""
        return None if self.record.erased else msgspec.json.decode(bytes(self.record.payload), type=Prediction)


@contextmanager
def writer(folder: Path = PREDICTIONS) -> Iterator[EventLog]:
    """The one writer of the log, closed at the end."""
    log = EventLog(folder)
    try:
        yield log
    finally:
        log.close()


def append(log: EventLog, predictions: Sequence[Prediction]) -> list[str]:
    """Write predictions, and return their ids; when this returns they are on disk."""
    return written(log, [prediction.time for prediction in predictions], [msgspec.json.encode(made) for made in predictions])


def written(log: EventLog, times: Sequence[int], payloads: Sequence[bytes]) -> list[str]:
    """Write predictions that are JSON already, and return their ids."""
    first = log.end + 1
    log.append([Event(TABLE, time, None, payload) for time, payload in zip(times, payloads, strict=True)])
    return [identity(first + i, records.sha(payload)) for i, payload in enumerate(payloads)]


def identity(position: int, sha: str) -> str:
    """The id of the record at a position whose payload has this hash."""
    return f"{position}-{sha[:DIGITS]}"


def one(asked: str, folder: Path = PREDICTIONS) -> Logged:
    """The prediction of an id; raises ConfigError where it is none, ArtifactError where the log has it not, or damaged.

    What is verified is its record, and that it follows from the one before it.
    """
    number, dash, digits = asked.partition("-")
    if not (dash and number.isascii() and number.isdigit() and len(number) < 19 and len(digits) == DIGITS):
        raise ConfigError(f"{asked!r} is no id of a prediction", f"an id is 12-0123456789ab; {FOUND}")
    position = int(number)
    logged = _logged(_at(folder, position, asked))
    if logged.id != asked:
        raise ArtifactError(f"prediction {number} of {folder} is {logged.id}, not {asked}", "it was made in another log: name it by --log")
    return logged


def every(folder: Path = PREDICTIONS, after: int = 0) -> Iterator[Logged]:
    """The predictions after a position, in order; raises ArtifactError at the first record that is damaged."""
    return (_logged(record) for record in eventlog.read(folder, after))


def count(folder: Path = PREDICTIONS) -> int:
    """How many predictions the log has, erased ones included."""
    found = records.last(folder)
    return found.position if found else 0


def _at(folder: Path, position: int, asked: str) -> Record:
    """The record at a position; where it does not hold, the first of its segment that does not is named."""
    found = records.one(folder, position)
    if isinstance(found, Record):
        return found
    for each in records.checked(folder, position - 1):
        if isinstance(each, Flaw):
            raise records.damaged(folder, each)
    raise ArtifactError(f"{folder} has no prediction {asked}", FOUND)


def _logged(record: Record) -> Logged:
    return Logged(identity(record.position, record.sha), record.position, record)
