"""Which predictions are in a log already, held against a dictionary."""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ArtifactError
from interlock.features import eventlog
from interlock.features.eventlog import EventLog
from interlock.serving import made, predictions
from interlock.serving.journal import Journal, Stamp
from interlock.serving.made import Made
from interlock.serving.model import Scored
from interlock.serving.record import Prediction, Snapshot

SNAPSHOT = Snapshot("c" * 40, "r.dir", "q.dir", 7, "h" * 64)
STAMP = Stamp("batch", "churn@v1.0.0", "d" * 40, "b" * 64, "f" * 64, SNAPSHOT, {"Events": None})


def scored(keys: list[int]) -> Scored:
    """Requests of some keys with features and scores that follow from them."""
    frame = pl.DataFrame({"key": pl.Series(keys, dtype=pl.Int64)})
    values = frame.select(pl.when(pl.col("key") > 3).then(pl.col("key") * 0.37).alias("x"), pl.lit("é\n").alias("text"))
    return Scored(frame, values, frame.select(pl.col("key").cast(pl.Float64).alias("score") * 0.1), {})


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=8), min_size=1, max_size=6), st.integers(200, 3000), st.booleans())
def test_each_request_is_one_prediction_however_it_is_asked(runs: list[list[int]], segment: int, others: bool) -> None:
    """In parts and runs, twice in one and again in another, over segments of any size: as many records as there are requests, each
    row with the id of its own, and a record that says what was asked; those of another version and snapshot stand apart."""
    with TemporaryDirectory() as place:
        told: dict[int, str] = {}
        for run in runs:
            with closing(EventLog(Path(place), segment=segment)) as log:
                journal = Journal.of(log, STAMP)
                for part in (run[:3], run[3:]):
                    ids = journal.write(scored(part)).to_list()
                    for key, identity in zip(part, ids, strict=True):
                        assert told.setdefault(key, identity) == identity
                if others:
                    other = msgspec.structs.replace(STAMP, version="churn@v1.0.1")
                    assert not set(Journal.of(log, other).write(scored([99])).to_list()) & set(told.values())
        log_of = {each.id: each.prediction for each in predictions.every(Path(place))}
        mine = {identity: each for identity, each in log_of.items() if each and each.version == STAMP.version}
        assert {identity: each.request for identity, each in mine.items()} == {identity: {"key": key} for key, identity in told.items()}
        for each in mine.values():
            again = scored([each.request["key"]])
            assert each.values == again.values.row(0, named=True)
            assert each.scores == again.scores.row(0, named=True)


def test_a_damaged_log_is_not_written_on(tmp_path: Path) -> None:
    """Whatever version the damaged record is of, and wherever it stands: it is named by its position, before anything is appended."""
    with closing(EventLog(tmp_path)) as log:
        Journal.of(log, msgspec.structs.replace(STAMP, version="churn@v0.9.0")).write(scored([1, 2, 3]))
    (path,) = tmp_path.glob("*.jsonl")
    damaged = path.read_bytes().replace(b'"request":{"key":2}', b'"request":{"key":4}')
    path.write_bytes(damaged)
    with closing(EventLog(tmp_path)) as log, pytest.raises(ArtifactError, match="the record at position 2 is damaged"):
        Journal.of(log, STAMP)
    assert path.read_bytes() == damaged


def test_a_record_is_the_json_of_a_prediction(tmp_path: Path) -> None:
    """What is put together from parts that are JSON already is, byte for byte, what the record itself would be."""
    with closing(EventLog(tmp_path)) as log:
        Journal.of(log, STAMP).write(scored([5]))
        payload = bytes(next(eventlog.read(tmp_path)).payload)
    assert msgspec.json.encode(msgspec.json.decode(payload, type=Prediction)) == payload


@given(st.lists(st.lists(st.integers(0, 30), max_size=10), max_size=5), st.lists(st.integers(0, 40)))
def test_ids_are_those_that_were_noted(parts: list[list[int]], asked: list[int]) -> None:
    """The first that was noted of a request counts; a position and a hash become an id with all of their digits."""
    known: dict[int, str] = {}
    found = Made(*(np.empty(0, np.uint64) for _ in range(3)))
    for start, part in enumerate(parts):
        new = [key for key in dict.fromkeys(part) if key not in known]
        shas = [f"{key:012x}" + "f" * 52 for key in new]
        found.add(made.digests([str(key).encode() for key in new]), [start * 100 + key for key in new], shas)
        known |= {key: f"{start * 100 + key}-{key:012x}" for key in new}
    assert found.ids(made.digests([str(key).encode() for key in asked])) == [known.get(key) for key in asked]
