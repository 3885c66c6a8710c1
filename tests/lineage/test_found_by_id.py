"""One record of a log by its position, held against reading the whole log."""

from pathlib import Path

import pytest

from interlock.errors import ArtifactError
from interlock.features import records
from interlock.features.eventlog import EventLog
from interlock.features.records import Flaw, Record
from interlock.serving import predictions
from interlock.serving.record import Prediction, Snapshot

MADE = [Prediction(i, "batch", "v", "", "", "", {"k": i}, {}, {"score": i / 7}, Snapshot("", "", "", 0, ""), {}) for i in range(12)]


@pytest.fixture
def ids(tmp_path: Path) -> list[str]:
    """Twelve predictions over several segments, the fifth erased."""
    log = EventLog(tmp_path, segment=900)
    found = [each for made in MADE for each in predictions.append(log, [made])]
    log.erase([5])
    log.close()
    assert len(records.segments(tmp_path)) > 3
    return found


def test_each_is_the_one_that_the_whole_log_has(tmp_path: Path, ids: list[str]) -> None:
    """In the first and any other place of a segment, erased or not; where there is none, none is found."""
    for position, record in enumerate(records.checked(tmp_path), start=1):
        assert records.one(tmp_path, position) == record
    assert [predictions.one(each, tmp_path).prediction for each in ids] == [*MADE[:4], None, *MADE[5:]]
    for none in (0, 13, 10**17):
        assert records.one(tmp_path, none) is None
        with pytest.raises(ArtifactError, match="has no prediction"):
            predictions.one(f"{none}-0123456789ab", tmp_path)


def test_any_flipped_bit_of_the_record_that_is_read_is_found(tmp_path: Path, ids: list[str]) -> None:
    """In each byte of its line: never is another prediction told, and the position is named."""
    for position in (1, 2, 7):
        line = records.one(tmp_path, position)
        assert isinstance(line, Record)
        path = max(path for path in records.segments(tmp_path) if records.first(path) <= position)
        whole, at = path.read_bytes(), path.read_bytes().index(line.line)
        for byte in range(at, at + len(line.line)):
            path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 1]) + whole[byte + 1 :])
            with pytest.raises(ArtifactError, match=rf"the record at position {position} is damaged|has no prediction"):
                predictions.one(ids[position - 1], tmp_path)
        path.write_bytes(whole)
        assert predictions.one(ids[position - 1], tmp_path).id == ids[position - 1]


def test_a_record_that_does_not_follow_is_found_and_the_first_that_is_damaged_named(tmp_path: Path, ids: list[str]) -> None:
    """The one before it was taken out, or written anew with a chain of its own."""
    path = records.segments(tmp_path)[0]
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) >= 2
    path.write_bytes(lines[0].replace(records.parsed(lines[0]).chain.encode(), b"0" * 64) + b"".join(lines[1:]))
    assert isinstance(records.one(tmp_path, 2), Flaw)
    with pytest.raises(ArtifactError, match="the record at position 1 is damaged"):
        predictions.one(ids[1], tmp_path)
    path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(ArtifactError, match="the record at position 1 is damaged: it says that its position is 2"):
        predictions.one(ids[0], tmp_path)


def test_no_other_record_is_parsed(tmp_path: Path, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the one that is asked for and the one before it, however many there are."""
    real, seen = records.parsed, list[bytes]()

    def parsed(line: bytes) -> Record:
        seen.append(line)
        return real(line)

    monkeypatch.setattr(records, "parsed", parsed)
    for each in ids:
        seen.clear()
        assert predictions.one(each, tmp_path).id == each
        assert len(seen) <= 2
