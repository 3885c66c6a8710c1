"""A sweep comes out the same, whoever finishes first, however many trials run at once, and after a break."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interlock.errors import ArtifactError
from interlock.sweeping import results
from interlock.sweeping.declared import Pruner
from interlock.sweeping.journal import JOURNAL
from interlock.sweeping.results import RESULT, TRIALS
from interlock.sweeping.trial import PRUNED, best
from tests.sweeping.swept import SEARCH, begun, project, say, swept

ROOT = Path(__file__).parents[2]
HALVING = msgspec.structs.replace(SEARCH, pruner=Pruner("halving", startup=3, warmup=5, every=5), trials=9)
PROGRAM = "from tests.sweeping.swept import swept; swept(workers=2)"


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """What an unbroken sweep writes, one trial at a time."""
    with pytest.MonkeyPatch.context() as patch:
        folder = project(tmp_path_factory.mktemp("unbroken"), patch)
        _, trials, _ = swept()
        assert any(trial.state == PRUNED for trial in trials)
        return (folder / TRIALS).read_bytes(), (folder / RESULT).read_bytes()


def written() -> tuple[bytes, bytes]:
    return TRIALS.read_bytes(), RESULT.read_bytes()


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(
    workers: int, unbroken: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two or four trials at once, sharing their bins, write the same bytes as one at a time, trials that ended early included."""
    project(tmp_path, monkeypatch)
    swept(workers=workers)
    assert written() == unbroken


def test_halving_depends_on_finished_batches_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Successive halving ends the same trials at the same rounds with one worker as with three."""
    project(tmp_path, monkeypatch)
    _, one, _ = swept(HALVING)
    _, three, _ = swept(HALVING, workers=3, new=True)
    assert any(trial.state == PRUNED for trial in one)
    assert [msgspec.structs.replace(each, seconds=0) for each in one] == [msgspec.structs.replace(each, seconds=0) for each in three]


def test_a_killed_sweep_goes_on_to_the_same_end(unbroken: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 between two batches' trials loses none that ended, and the same sweep then writes the bytes of an unbroken one."""
    project(tmp_path, monkeypatch)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and (not JOURNAL.exists() or JOURNAL.read_bytes().count(b"\n") < 6):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    kept = JOURNAL.read_bytes()
    assert 6 <= kept.count(b"\n") < 11
    assert not TRIALS.exists()
    swept()
    assert JOURNAL.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
    assert written() == unbroken


def test_a_half_written_line_is_trained_again(unbroken: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that ends within a line loses that trial alone, and lost scores of a winner are computed again."""
    project(tmp_path, monkeypatch)
    _, trials, _ = swept()
    JOURNAL.write_bytes(JOURNAL.read_bytes()[:-20])
    (JOURNAL.parent / "scores" / f"{best(trials).number}.npy").unlink()
    with begun() as (_, journal):
        assert len(journal.trials) == len(trials) - 1
    swept()
    assert written() == unbroken


def test_more_trials_go_on_from_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of five trials that is then asked for ten gives the ten that it would have given at once."""
    project(tmp_path, monkeypatch)
    swept(msgspec.structs.replace(SEARCH, trials=5))
    _, further, _ = swept()
    _, whole, _ = swept(new=True)
    assert [(each.point, each.values, each.rounds) for each in further] == [(each.point, each.values, each.rounds) for each in whole]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learning_rate": 0.2}, "model.learning_rate was 0.1, is 0.2"),
        ({"exclude": ["air"]}, "model.exclude"),
    ],
)
def test_a_journal_of_other_settings_is_refused(change: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is named, `--new` is what mends it, and nothing of it is lost until then; nor is its winner given away."""
    folder = project(tmp_path, monkeypatch)
    few = msgspec.structs.replace(SEARCH, trials=4, space={"num_leaves": [3, 20, 30]})
    swept(few)
    before = JOURNAL.read_bytes()
    say(folder, **change)
    with pytest.raises(ArtifactError, match=said) as refused, begun(few):
        pass
    assert "interlock sweep --new" in str(refused.value)
    with pytest.raises(ArtifactError, match=said):
        results.winner(1)
    with pytest.raises(ArtifactError, match=r"search\.seed was 7, is 8"), begun(msgspec.structs.replace(few, seed=8)):
        pass
    assert JOURNAL.read_bytes() == before


def test_a_damaged_journal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in the middle that is none is named, and two sweeps at once are not let write one journal."""
    project(tmp_path, monkeypatch)
    few = msgspec.structs.replace(SEARCH, trials=3)
    with begun(few), pytest.raises(ArtifactError, match="another process"), begun(few):
        pass
    swept(few)
    lines = JOURNAL.read_bytes().splitlines(keepends=True)
    JOURNAL.write_bytes(b"".join([lines[0], b'{"number": "one"}\n', *lines[2:]]))
    with pytest.raises(ArtifactError, match="line 2 is damaged"), begun(few):
        pass
