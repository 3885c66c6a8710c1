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
    """From nothing, interrupted four times at random moments, within stages too: whatever file is in its place is whole, and in
    the end every hash is that of the run that nothing disturbed."""
    expected = outputs(finished)
    clone.run("git", "rm", "-r", "--quiet", "--cached", "reports", "dvc.lock")
    clone.run("rm", "-rf", "dvc.lock", ".dvc/cache", ".dvc/tmp", *(out for stage in STAGES.values() for out in stage.outs))
    begun, chosen = [], random.Random(2013)  # noqa: S311 - nothing secret, and the same in each run of the tests
    for _ in range(INTERRUPTIONS):
        seconds = chosen.uniform(0, 3)
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
    """A stage that dies without a word when its first file is written, and not yet in its place, fails the run. The next run takes
    nothing of it for whole, and leaves nothing of it."""
    said = clone.dvc("repro", "--force", "--single-item", stage, fails=True, PYTHONPATH=str(KILLER), KILLED=stage)
    assert f"failed to reproduce '{stage}'" in said
    assert outputs(clone) != outputs(finished)
    clone.dvc("repro", "--force", "--single-item", stage)
    assert outputs(clone) == outputs(finished)
    assert hidden(clone) == []
    assert "up to date" in clone.dvc("status")
