"""What is kept of a prediction: enough to find everything that made it, and to make it again to the same bits."""

from typing import Any

import msgspec


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was known when a prediction was made: the source rows of a commit, and the event log up to a position.

    `raw` and `quarantine` are the hashes under which DVC keeps the folders of the commit; `position` is that of the last
    record of the log that counted (0: none), `chain` the hash that the log had come to there.
    """

    commit: str
    raw: str
    quarantine: str
    position: int
    chain: str


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scored request.

    `time` is when it was made, in microseconds; `version` the release with its `commit` and the hash of its `bundle`,
    `features` the fingerprint of the feature set. `request` and `values` are the fields of the request and every public
    feature, as `features.payloads` writes them; `scores` has the columns that the task's scoring adds. `watermarks` say up
    to when each history was complete, `channel` how the request came: batch, http or stream.
    """

    time: int
    channel: str
    version: str
    commit: str
    bundle: str
    features: str
    request: dict[str, Any]
    values: dict[str, Any]
    scores: dict[str, float]
    snapshot: Snapshot
    watermarks: dict[str, int | None]
