"""The event log: what was acknowledged is there, in order and unaltered, or its place is named."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from interlock.dtypes import dtype_of
from interlock.errors import ArtifactError, ContractError
from interlock.features import eventlog, payloads, records
from interlock.features.eventlog import EventLog
from interlock.features.records import Event
from interlock.files import sha256

ROOT = Path(__file__).parents[2]


def event(number: int, text: str = "x") -> Event:
    return Event("events", number, None, msgspec.json.encode({"id": number, "text": text}))


def written(folder: Path, count: int = 20, segment: int = 900) -> Path:
    log = EventLog(folder, segment)
    for number in range(0, count, 5):
        log.append([event(each) for each in range(number, number + 5)])
    log.close()
    return folder


def test_records_come_back_in_order(tmp_path: Path) -> None:
    """From the beginning or from any position, over segments, and again after the log was opened anew."""
    written(tmp_path)
    assert len(records.segments(tmp_path)) > 2
    for after in range(21):
        assert [record.position for record in eventlog.read(tmp_path, after)] == list(range(after + 1, 21))
    log = EventLog(tmp_path)
    assert log.append([event(20), Event("other", -1, ("A", "B"), b"null")]) == 22
    log.close()
    last = list(eventlog.read(tmp_path))[-1]
    assert (last.position, last.table, last.arrived, last.histories) == (22, "other", -1, ("A", "B"))
    assert eventlog.verify(tmp_path) == eventlog.Verdict(22, 1)


def test_a_chain_depends_on_everything_before_it(tmp_path: Path) -> None:
    """Two logs that differ in one payload have other chains from there on, and the same before."""
    one, two = EventLog(tmp_path / "one"), EventLog(tmp_path / "two")
    for log in (one, two):
        log.append([event(1), event(2, "x" if log is one else "y"), event(3)])
    chains = [[record.chain for record in eventlog.read(log.folder)] for log in (one, two)]
    assert chains[0][0] == chains[1][0]
    assert not set(chains[0][1:]) & set(chains[1][1:])


def test_any_flipped_bit_is_named_by_its_position(tmp_path: Path) -> None:
    """Each byte of the log, one bit changed: verify names the record that it belongs to, and reading stops there."""
    for number in range(5):
        log = EventLog(tmp_path, 400)
        log.append([event(number)])
        log.close()
    chance = random.Random(0)  # noqa: S311 - bits to flip, not secrets
    position = 0
    for path in records.segments(tmp_path):
        data = path.read_bytes()
        for at, byte in enumerate(data):
            position += at == 0 or data[at - 1 : at] == b"\n"
            broken = data[:at] + bytes([byte ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            path.write_bytes(broken)
            verdict = eventlog.verify(tmp_path)
            assert (verdict.records, verdict.broken) == (position - 1, position), (at, data[at - 20 : at + 1])
        path.write_bytes(data)
    assert position == 5
    assert eventlog.verify(tmp_path).broken is None


def test_a_damaged_log_is_not_read_on(tmp_path: Path) -> None:
    """Reading stops at the damaged record with its position, and what lies before it was read."""
    (path,) = records.segments(written(tmp_path, segment=10**6))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b'"text":"x"', b'"text":"y"'), *lines[3:]]))
    found: list[int] = []
    with pytest.raises(ArtifactError, match="position 3 is damaged: its payload is not the one that was written"):
        found.extend(record.position for record in eventlog.read(tmp_path))
    assert found == [1, 2]


@pytest.mark.parametrize("which", [0, 1])
def test_a_segment_that_is_gone_is_named(tmp_path: Path, which: int) -> None:
    """Where a whole file was taken away, its first position is the one that does not hold."""
    path = records.segments(written(tmp_path))[which]
    path.unlink()
    assert eventlog.verify(tmp_path).broken == records.first(path)


def test_records_that_were_swapped_or_dropped_are_named(tmp_path: Path) -> None:
    """Lines in another order, or one taken out, break the chain where they stand."""
    (path,) = records.segments(written(tmp_path, segment=10**6))
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in ([*lines[:4], lines[5], lines[4], *lines[6:]], lines[:4] + lines[5:], [*lines[:4], lines[3], *lines[4:]]):
        path.write_bytes(b"".join(changed))
        assert eventlog.verify(tmp_path).broken == 5


def test_erasing_a_payload_keeps_the_chain(tmp_path: Path) -> None:
    """What is erased is nowhere in the folder, everything else holds, and the log goes on."""
    log = EventLog(tmp_path, 1500)
    log.append([event(number, f"secret-{number}") for number in range(30)])
    log.erase([1, 17, 30])
    log.append([event(30)])
    log.close()
    assert eventlog.verify(tmp_path) == eventlog.Verdict(31, 3)
    assert [record.position for record in eventlog.read(tmp_path) if record.erased] == [1, 17, 30]
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all((f'"secret-{number}"'.encode() in everything) == (number + 1 not in {1, 17, 30}) for number in range(30))


@pytest.mark.parametrize("torn", [1, 60, 200, 70_000])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: int) -> None:
    """A line that was being written when the writer died is no record; the next one takes its place."""
    written(tmp_path, 5)
    path = records.segments(tmp_path)[-1]
    whole = path.read_bytes()
    line = records.record(6, event(6, "z" * 100_000), "00" * 32).line
    path.write_bytes(whole + line[:torn])
    assert eventlog.verify(tmp_path) == eventlog.Verdict(5, 0)
    assert len(list(eventlog.read(tmp_path))) == 5
    log = EventLog(tmp_path)
    assert path.read_bytes() == whole
    assert log.append([event(6)]) == 6
    log.close()
    assert eventlog.verify(tmp_path) == eventlog.Verdict(6, 0)


def test_a_flipped_end_of_the_last_line_is_named_and_nothing_is_cut(tmp_path: Path) -> None:
    """The record was acknowledged: whichever bit of its newline turned, reader and writer refuse by position, and its bytes stay."""
    written(tmp_path, 5)
    path = records.segments(tmp_path)[-1]
    whole = path.read_bytes()
    for bit in range(8):
        path.write_bytes(flipped := whole[:-1] + bytes([whole[-1] ^ 1 << bit]))
        assert eventlog.verify(tmp_path).broken == 5
        for used in (lambda: list(eventlog.read(tmp_path)), lambda: EventLog(tmp_path)):
            with pytest.raises(ArtifactError, match="position 5 is damaged: the end of its line was altered"):
                used()
        assert path.read_bytes() == flipped
    path.write_bytes(whole)
    EventLog(tmp_path).close()


def test_a_damaged_last_line_is_named_by_its_position_to_a_writer(tmp_path: Path) -> None:
    """Whatever is wrong with it; and the lock is free again."""
    written(tmp_path, 5)
    path = records.segments(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:-5] + b"!!!!\n")
    for _ in range(2):
        with pytest.raises(ArtifactError, match="the record at position 5 is damaged"):
            EventLog(tmp_path)


def test_wherever_a_write_is_torn_no_acknowledged_record_is_lost(tmp_path: Path) -> None:
    """A batch of two after one that was acknowledged, cut at every byte: what is whole stays, a piece goes, and the log goes on.

    A record that lacks its newline alone is ended: it is the one that an acknowledged record would be whose last byte was lost.
    """
    log = EventLog(tmp_path)
    log.append([event(1)])
    (path,) = records.segments(tmp_path)
    first = path.stat().st_size
    log.append([event(2), event(3)])
    log.close()
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == 10]
    for size in range(first, len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = sum(end <= size for end in ends)
        assert eventlog.verify(tmp_path) == eventlog.Verdict(whole[:size].count(b"\n"), 0)
        log = EventLog(tmp_path)
        assert (log.end, path.read_bytes()) == (kept, whole[: ends[kept - 1] + 1])
        log.append([event(9)])
        log.close()
        assert eventlog.verify(tmp_path) == eventlog.Verdict(kept + 1, 0)


def test_a_torn_first_line_of_a_segment_is_cut_off(tmp_path: Path) -> None:
    """The writer died at the first record of a new file."""
    written(tmp_path, 5)
    (tmp_path / f"{6:020}.jsonl").write_bytes(b'{"position":6')
    log = EventLog(tmp_path, 10)
    assert log.append([event(6)]) == 6
    log.close()
    assert eventlog.verify(tmp_path) == eventlog.Verdict(6, 0)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """In this process or another; it is told which process writes. When the first is done, the next may."""
    log = EventLog(tmp_path)
    with pytest.raises(ArtifactError, match=rf"is being written by another process \({os.getpid()}\)"):
        EventLog(tmp_path)
    code = "import sys; from pathlib import Path; from interlock.features.eventlog import EventLog; EventLog(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "is being written by another process" in other.stderr
    log.close()
    EventLog(tmp_path).close()


def test_a_write_that_fails_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the disk full after half a line: no record of the batch is there, and this writer writes no more."""
    log = EventLog(tmp_path)
    log.append([event(1)])
    before, write = sha256(records.segments(tmp_path)[0]), os.write

    def full(handle: int, data: memoryview) -> int:
        if len(data) < 300:
            raise OSError(28, "No space left on device")
        return write(handle, data[:300])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            log.append([event(2), event(3)])
    assert sha256(records.segments(tmp_path)[0]) == before
    with pytest.raises(ArtifactError, match="an earlier write failed"):
        log.append([event(2)])
    log.close()
    again = EventLog(tmp_path)
    assert again.append([event(2)]) == 2


def test_a_batch_is_on_disk_before_it_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fsync of the file a batch, and one of the folder when a segment is new."""
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink().name))
    log = EventLog(tmp_path)
    log.append([event(number) for number in range(100)])
    log.append([event(100)])
    file = f"{1:020}.jsonl"
    assert synced == [file, tmp_path.name, file]
    assert log.append([]) == 101
    assert len(synced) == 3


KILLED = """
import sys
from pathlib import Path
from interlock.features.eventlog import EventLog
from interlock.features.records import Event
log = EventLog(Path(sys.argv[1]), 100_000)
for number in range(10**6):
    print(log.append([Event("t", number, None, b'{"x":"%s"}' % (b"y" * 400))] * 37), flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """After kill -9 at any moment every acknowledged record is there, whole, and the next writer goes on."""
    for pause in (0.01, 0.13):
        place = tmp_path / str(pause)
        with subprocess.Popen([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            told = int(process.stdout.read().split()[-1])
        log = EventLog(place)
        assert log.end >= told
        assert log.append([event(0)]) == log.end
        log.close()
        assert eventlog.verify(place) == eventlog.Verdict(log.end, 0)


YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
COLUMNS: dict[str, st.SearchStrategy[object]] = {
    "String": st.text(), "Boolean": st.booleans(), "Int8": st.integers(-128, 127), "Int64": st.integers(-(1 << 63), (1 << 63) - 1),
    "UInt64": st.integers(0, (1 << 64) - 1), "Int128": st.integers(-(1 << 127), (1 << 127) - 1), "Float64": st.floats(),
    "Float32": st.floats(width=32), "Date": st.integers(-719_162, 2_932_896), "Time": st.integers(0, 86_399_999_999_999),
    "Datetime[us,UTC]": st.integers(YEAR_1, YEAR_9999), "Datetime[us,America/New_York]": st.integers(YEAR_1, YEAR_9999),
    "Datetime[ns]": st.integers(-(1 << 62), 1 << 62), "Datetime[ms]": st.integers(-(1 << 45), 1 << 45), "Duration[us]": st.integers(-(1 << 62), 1 << 62),
}  # fmt: skip


@given(st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in COLUMNS.items()}), max_size=5))
def test_every_type_comes_back_from_a_payload(rows: list[dict[str, object]]) -> None:
    """Floats to the last bit, times to the unit of their column, nulls, and text with anything in it."""
    types = {name: dtype_of(name) for name in COLUMNS}
    plain = [
        pl.Series(name, [row[name] for row in rows], dtype=pl.Int64 if dtype.is_temporal() else dtype) for name, dtype in types.items()
    ]
    frame = pl.DataFrame([column.cast(types[column.name]) for column in plain])
    found = payloads.decoded(payloads.encoded(frame), {name: name for name in COLUMNS})
    assert found.schema == frame.schema
    assert_frame_equal(found, frame, check_exact=True)


def test_columns_that_no_table_can_have_are_refused() -> None:
    """A list in a row is named; categories are text; a column that came later is null in earlier rows."""
    with pytest.raises(ContractError, match="tags: 'List"):
        payloads.encoded(pl.DataFrame({"tags": [["a"]]}))
    assert payloads.encoded(pl.DataFrame({"c": pl.Series(["a"], dtype=pl.Categorical)})) == [b'{"c":"a"}']
    assert payloads.decoded([b'{"a":1}'], {"a": "Int64", "b": "Date"}).to_dicts() == [{"a": 1, "b": None}]


def test_segments_change_nothing(tmp_path: Path) -> None:
    """However the log is cut into files, its records are the same."""
    found = []
    for size in (1, 300, 1000, 10**9):
        log = EventLog(tmp_path / str(size), size)
        for number in range(40):
            log.append([event(number)])
        log.close()
        found.append([record.line for record in eventlog.read(log.folder)])
    assert len(found[0]) == 40
    assert all(lines == found[0] for lines in found)
