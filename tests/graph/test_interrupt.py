"""A run that is interrupted, at whatever point, is completed by the next one, to the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.graph.clone import RAN, Clone, stages

STAGES = stages()
KILLER = Path(__file__).parent / "killer"
WRITTEN = ("data", "models", "reports")
INTERRUPTIONS = 4
WITHIN = 0.3  # seconds after its beginning no stage has ended: it takes longer to import what it needs


def outputs(clone: Clone) -> dict[str, bytes]:
    """Every file that the stages wrote, hidden ones too."""
    places = [clone.folder / out for stage in STAGES.values() for out in stage.outs]
    files = (file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file())
    return {file.relative_to(clone.folder).as_posix(): file.read_bytes() for file in files}


def hidden(clone: Clone) -> list[str]:
    """What a stage left of a file or folder that it was writing."""
    found = (path for name in WRITTEN for path in (clone.folder / name).rglob(".*") if path.name != ".gitignore")
    return [path.relative_to(clone.folder).as_posix() for path in found]


def interrupt(clone: Clone, seconds: float, sign: signal.Signals) -> str:
    """Start `dvc repro`, and send it and what it started `sign` so many seconds after its first stage began; what it said."""
    with subprocess.Popen(
        [sys.executable, "-u", "-P", "-m", "dvc", "repro"], cwd=clone.folder, env=clone.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    ) as running:  # fmt: skip
        said = next((line for line in running.stdout or () if RAN.match(line)), "")
        time.sleep(seconds)
        os.killpg(running.pid, sign)
        return said + running.communicate(timeout=60)[0]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_an_interrupted_run_is_completed(sign: signal.Signals, finished: Clone, clone: Clone) -> None:
    """From nothing, interrupted four times, surely within a stage and then at random moments: whatever file is in its place is whole, and in
    the end every hash is that of the run that nothing disturbed."""
    expected = outputs(finished)
    clone.run("git", "rm", "-r", "--quiet", "--cached", "reports", "dvc.lock")
    clone.run("rm", "-rf", "dvc.lock", ".dvc/cache", ".dvc/tmp", *(out for stage in STAGES.values() for out in stage.outs))
    begun, chosen = [], random.Random(2013)  # noqa: S311 - nothing secret, and the same in each run of the tests
    for seconds in (WITHIN, *(chosen.uniform(0, 3) for _ in range(INTERRUPTIONS - 1))):
        begun += RAN.findall(interrupt(clone, seconds, sign))
        found = outputs(clone)
        assert {path for path in found if not Path(path).name.startswith(".") and found[path] != expected[path]} == set()
        assert sign == signal.SIGKILL or hidden(clone) == []
    assert len(begun) > len(set(begun)), "no stage was interrupted"
    clone.interlock("run")
    assert clone.hashes() == finished.hashes()
    assert outputs(clone) == expected
    assert hidden(clone) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_cut_off_before_its_file_is_in_place(stage: str, finished: Clone, clone: Clone) -> None:
    """A stage that dies without a word when its first file is written, and not yet in its place, leaves nothing that the next run
    takes for whole, and the next run leaves nothing of it."""
    clone.run("rm", "-rf", *STAGES[stage].outs)
    clone.run(sys.executable, "-m", f"stages.{stage}", fails=True, PYTHONPATH=str(KILLER), KILLED=stage)
    assert outputs(clone) != outputs(finished)
    clone.run(sys.executable, "-m", f"stages.{stage}")
    assert outputs(clone) == outputs(finished)
    assert hidden(clone) == []


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_half_a_lock_is_completed(kept: float, finished: Clone, clone: Clone) -> None:
    """Of a dvc.lock that was being written, which DVC writes in place, the next run takes what is whole, and completes the rest."""
    lock = clone.folder / "dvc.lock"
    text = lock.read_text(encoding="utf-8")
    cut = text.rindex("    outs:", 0, int(len(text) * kept))
    lock.write_text(text[:cut], encoding="utf-8")
    clone.interlock("run")
    assert clone.hashes() == finished.hashes()
