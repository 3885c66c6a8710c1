"""Scored requests into the prediction log, many at a time."""

import time
from dataclasses import dataclass

import msgspec
import polars as pl

from interlock.features import payloads
from interlock.features.eventlog import EventLog
from interlock.serving import made, predictions
from interlock.serving.made import Made
from interlock.serving.model import Scored
from interlock.serving.record import Snapshot


class Stamp(msgspec.Struct, frozen=True):
    """What all predictions of a run share."""

    channel: str
    version: str
    commit: str
    bundle: str
    features: str
    snapshot: Snapshot
    watermarks: dict[str, int | None]


class _Encoded(msgspec.Struct, frozen=True):
    """A prediction whose parts are JSON already: its fields are those of `record.Prediction`, in their order."""

    time: int
    channel: str
    version: str
    commit: str
    bundle: str
    features: str
    request: msgspec.Raw
    values: msgspec.Raw
    scores: msgspec.Raw
    snapshot: msgspec.Raw
    watermarks: msgspec.Raw


@dataclass
class Journal:
    """A run that writes predictions: those that are in the log already keep the ids that they have there."""

    log: EventLog
    stamp: Stamp
    known: Made
    new: int = 0

    @classmethod
    def of(cls, log: EventLog, stamp: Stamp) -> "Journal":
        return cls(log, stamp, Made.of(log.folder, stamp.version, stamp.snapshot))

    def write(self, scored: Scored) -> pl.Series:
        """The id of each row's prediction; what was not in the log is, and on disk."""
        requests = payloads.encoded(scored.requests)
        asked = made.digests(requests)
        ids = pl.Series("prediction", self.known.ids(asked), dtype=pl.String)
        fresh = pl.Series(asked).is_first_distinct() & ids.is_null()
        rows = fresh.arg_true().to_list()
        if rows:
            given = self._append([requests[row] for row in rows], scored.values[rows], scored.scores[rows])
            told = [identity.partition("-") for identity in given]
            self.known.add(asked[rows], [int(position) for position, _, _ in told], [sha for _, _, sha in told])
            self.new += len(rows)
            ids = pl.Series("prediction", self.known.ids(asked), dtype=pl.String)
        return ids

    def _append(self, requests: list[bytes], values: pl.DataFrame, scores: pl.DataFrame) -> list[str]:
        now, stamp, raw = time.time_ns() // 1000, self.stamp, msgspec.Raw
        snapshot, watermarks = raw(msgspec.json.encode(stamp.snapshot)), raw(msgspec.json.encode(stamp.watermarks))
        encode = msgspec.json.Encoder().encode
        parts = zip(requests, payloads.encoded(values), payloads.encoded(scores), strict=True)
        lines = [
            encode(
                _Encoded(
                    now, stamp.channel, stamp.version, stamp.commit, stamp.bundle, stamp.features,
                    raw(request), raw(value), raw(score), snapshot, watermarks,
                )
            )
            for request, value, score in parts
        ]  # fmt: skip
        return predictions.written(self.log, [now] * len(lines), lines)
