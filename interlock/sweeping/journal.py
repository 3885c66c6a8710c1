"""The journal of a sweep: what it is of, then a line for each trial that has ended. A break loses no line that was written."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from interlock import conf
from interlock.errors import ArtifactError, printable, shown
from interlock.project import SCRATCH
from interlock.sweeping.trial import Trial

FOLDER = SCRATCH / "sweep"
JOURNAL = FOLDER / "journal.jsonl"
AGAIN = "run: interlock sweep --new"
NAMED = 5


class Journal:
    """The file, held against other processes as long as it is open."""

    def __init__(self, path: Path, trials: dict[int, Trial], handle: int) -> None:
        self.path, self.trials, self._handle = path, trials, handle

    @classmethod
    @contextmanager
    def open(cls, about: Mapping[str, Any], *, new: bool, path: Path = JOURNAL) -> Iterator["Journal"]:
        """The journal of a sweep of these settings, begun where there is none, or a `new` one is asked.

        Raises ArtifactError where another process writes it, or it is of other settings: with what differs.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _hold(handle, path)
            if new:
                os.ftruncate(handle, 0)
                shutil.rmtree(path.parent / "scores", ignore_errors=True)
            found = cls(path, {}, handle)
            found._begin(json.loads(json.dumps(about)))
            yield found
        finally:
            os.close(handle)

    def add(self, trial: Trial) -> None:
        """Write a trial, to stay."""
        self._write(msgspec.json.encode(trial))
        self.trials[trial.number] = trial

    def _begin(self, about: Mapping[str, Any]) -> None:
        whole = self._whole()
        if not whole:
            self._write(msgspec.json.encode(about))
            return
        said, trials = parsed(self.path, whole)
        if differs := different(said, about):
            raise ArtifactError(f"{self.path} holds a sweep of other settings: {differs}", f"go back to those, or begin anew; {AGAIN}")
        self.trials.update(trials)

    def _whole(self) -> bytes:
        """What the file says, less a last line that was not finished, which is cut off."""
        found = self.path.read_bytes()
        kept = found[: found.rfind(b"\n") + 1]
        if len(kept) < len(found):
            os.ftruncate(self._handle, len(kept))
        return kept

    def _write(self, line: bytes) -> None:
        line += b"\n"
        while line:
            line = line[os.write(self._handle, line) :]
        os.fsync(self._handle)


def read(path: Path = JOURNAL) -> tuple[dict[str, Any], dict[int, Trial]]:
    """What the last sweep was of, and its trials; raises ArtifactError where there was none."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist: there was no sweep here", "run: interlock sweep") from None
    if not (whole := found[: found.rfind(b"\n") + 1]):
        raise ArtifactError(f"{path} holds no trial", "run: interlock sweep")
    return parsed(path, whole)


def parsed(path: Path, whole: bytes) -> tuple[dict[str, Any], dict[int, Trial]]:
    """The first line, and the trials by number; raises ArtifactError on a line that is none."""
    about: dict[str, Any] = {}
    trials: dict[int, Trial] = {}
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            if number == 1:
                about = msgspec.json.decode(line, type=dict[str, Any])
            else:
                trial = msgspec.json.decode(line, type=Trial)
                trials[trial.number] = trial
        except (msgspec.DecodeError, RecursionError) as error:
            raise ArtifactError(f"{path}: line {number} is damaged: {error}", AGAIN) from None
    return about, trials


def different(said: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """What differs between two settings, in words; empty where nothing does."""
    old, new = (dict(conf.leaves(dict(each))) for each in (said, about))
    keys = [key for key in [*new, *(key for key in old if key not in new)] if old.get(key) != new.get(key)]
    told = [f"{printable(key)} was {_short(old.get(key))}, is {_short(new.get(key))}" for key in keys[:NAMED]]
    return "; ".join(told) + (f"; and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


def _short(value: Any) -> str:
    return "nothing" if value is None else f"{value[:8]}…" if isinstance(value, str) and len(value) == 64 else shown(value)


def _hold(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ArtifactError(f"another process is writing {path}", "wait until that sweep has ended") from None
