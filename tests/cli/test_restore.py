"""Both logs and the store kept and put back, as the runbook has it typed."""

import re
import shlex
import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from interlock.features import eventlog
from interlock.features.eventlog import EventLog
from interlock.serving import predictions
from tests.conftest import ROOT
from tests.serving.released import Done, add, came, deployed, interlock, requests

__all__ = ["deployed"]
LOG, EVENTS = Path("online/predictions"), Path("online/log")
RUNBOOK = ROOT / "docs/runbooks/restore-from-backup.md"
KEPT, NEXT = "backups/2030-01-31", "backups/2030-02-01"


def typed(part: str) -> list[list[str]]:
    """The words of each command that stands under a heading of the runbook."""
    text = RUNBOOK.read_text(encoding="utf-8").partition(f"## {part}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line.removeprefix("$ ")) for block in blocks for line in block.splitlines()]


def done(*words: str) -> Done:
    found = interlock(*words)
    assert found.code == 0, (words, found)
    return found


@pytest.fixture
def kept(deployed: Path) -> dict[Path, bytes]:
    """A project with events and predictions, and a backup of it; what its logs held then."""
    add(came(20, datetime(2025, 2, 1, tzinfo=UTC)), "available")
    requests(30).write_parquet("a.parquet")
    done("score", "a.parquet", "o.parquet")
    done("store", "backup", KEPT)
    assert deployed == Path.cwd()
    return held()


def held() -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in (LOG, EVENTS) for path in sorted(folder.glob("*.jsonl"))}


def flipped(folder: Path, at: int) -> None:
    (path,) = folder.glob("*.jsonl")
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_the_runbook_restores_a_damaged_prediction_log(kept: dict[Path, bytes]) -> None:
    """Each of its commands in its order, with both logs damaged: they hold what the backup held, and scoring goes on from there."""
    ids = pl.read_parquet("o.parquet")["prediction"].to_list()
    requests(5, 30).write_parquet("b.parquet")
    done("score", "b.parquet", "later.parquet")
    flipped(LOG, 40)
    flipped(EVENTS, 40)
    refused = interlock("score", "a.parquet", "o.parquet")
    assert (refused.code, "restore-from-backup.md" in refused.err) == (6, True)
    refused = interlock("store", "verify")
    assert (refused.code, "online/log: the record at position 1 is damaged" in refused.err) == (6, True)
    for words in typed("What to type"):
        match words:
            case ["interlock", "store", "add", *_]:
                assert "landed.parquet" in words
            case ["interlock", *rest]:
                done(*rest)
            case _:
                subprocess.run(words, check=True)
    assert held() == kept
    assert [eventlog.verify(folder).broken for folder in (LOG, EVENTS)] == [None, None]
    assert eventlog.verify(Path("online.damaged/predictions")).broken == 1
    assert [each.id for each in predictions.every(LOG)] == ids
    done("score", "a.parquet", "o.parquet")
    assert pl.read_parquet("o.parquet")["prediction"].to_list() == ids
    assert eventlog.verify(Path(NEXT, "predictions")) == eventlog.verify(LOG)


def test_what_is_whole_stays_when_the_other_is_restored(kept: dict[Path, bytes]) -> None:
    """Predictions that came after the backup are there after the events were restored, and the other way round."""
    requests(5, 30).write_parquet("b.parquet")
    done("score", "b.parquet", "later.parquet")
    now = held()
    done("store", "restore", KEPT, "--replace")
    assert held() == now
    refused = interlock("store", "restore", KEPT, "predictions")
    assert (refused.code, "add --replace" in refused.err, held()) == (6, True, now)
    with closing(EventLog(LOG)):
        refused = interlock("store", "restore", KEPT, "predictions", "--replace")
    assert (refused.code, "is being written by another process" in refused.err, held()) == (6, True, now)
    done("store", "restore", KEPT, "predictions", "--replace")
    assert held() == kept


@pytest.mark.usefixtures("kept")
def test_a_damaged_log_is_not_kept_and_a_damaged_copy_not_put_back() -> None:
    """A backup of it would be none, and is not there; a copy is looked at before anything is given up."""
    now = held()
    flipped(Path(KEPT, "predictions"), 40)
    flipped(LOG, 40)
    refused = interlock("store", "verify")
    assert (refused.code, "online/predictions: the record at position 1" in refused.err, "predictions --replace" in refused.err) == (
        6,
        True,
        True,
    )
    flipped(LOG, 40)
    refused = interlock("store", "restore", KEPT, "predictions", "--replace")
    assert (refused.code, "position 1 is damaged" in refused.err, held()) == (6, True, now)
    (path,) = LOG.glob("*.jsonl")
    for at in (40, path.stat().st_size - 1):
        flipped(LOG, at)
        refused = interlock("store", "backup", NEXT)
        assert (refused.code, "nothing was copied" in refused.err, "restore-from-backup.md" in refused.err) == (6, True, True)
        assert not Path(NEXT).exists()
        flipped(LOG, at)
    shutil.rmtree(LOG)
    done("store", "backup", NEXT)
    refused = interlock("store", "restore", NEXT, "predictions")
    assert (refused.code, "holds no predictions" in refused.err) == (6, True)
