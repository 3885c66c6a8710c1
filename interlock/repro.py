"""`dvc repro` in this process, told stage by stage."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interlock.errors import INTERRUPTED, ArtifactError, InterlockError
from interlock.files import replacing
from interlock.lock import LOCK
from interlock.project import GRAPH

RUNNING, RESTORED = "Running stage '%s':", "Stage '%s' is cached - skipping run, checking out outputs"
LOCKS = Path(".dvc/tmp/rwlock")
REFRESHED = {Path("data/sources"), Path("data/accepted")}
STATUS = re.compile(r"exited with (-?\d+)")


class StageError(InterlockError):
    """A stage that failed; the process ends with the stage's own exit code."""

    def __init__(self, stage: str, status: int) -> None:
        # NOTE: a signal's number is negative, or above 128 where a shell stands in between
        signal = -status if status < 0 else status - 128 if status > 128 else 0
        ended = f"was ended by signal {signal}" if signal else f"failed with exit code {status}"
        super().__init__(f"stage {stage} {ended}", "mend what it says above, and run again: finished stages are kept")
        self.exit_code = status if status > 0 else 128 - status


@dataclass(frozen=True)
class Rerun:
    """The stages that ran, with the seconds each took, and those whose outputs came from DVC's cache of earlier runs."""

    ran: dict[str, float] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)


class Listener(logging.Handler):
    """Hears from DVC's log which stage starts, and takes the time between."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self.say = say
        self.heard = Rerun()
        self.running: str | None = None
        self.since = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg in {RUNNING, RESTORED} and isinstance(record.args, tuple):
            name = str(record.args[0])
            self.finish()
            if record.msg == RESTORED:
                self.heard.restored.append(name)
            else:
                self.running, self.since = name, time.monotonic()
                self.say(name)

    def finish(self) -> None:
        """Note the time of the stage that was running, if one was."""
        if self.running:
            self.heard.ran[self.running] = time.monotonic() - self.since
        self.running = None


def repro(say: Callable[[str], None]) -> Rerun:
    """Bring every stage up to date; `say` is told the name of each one that runs.

    Raises StageError where a stage fails, ArtifactError for anything else that DVC refuses; exits where a stage was
    interrupted, which has said so.
    """
    from dvc.exceptions import DvcException, ReproductionError
    from dvc.repo import Repo

    _mended()
    listener = Listener(say)
    try:
        with _listening(listener), Repo() as repo:
            repo.reproduce()
    except ReproductionError as error:
        if listener.running and (status := STATUS.search(str(error.__cause__))):
            if int(status[1]) == INTERRUPTED:
                sys.exit(INTERRUPTED)
            raise StageError(listener.running, int(status[1])) from None
        if (lost := _lost(error.__cause__)) is not None:
            raise ArtifactError(f"{lost} does not exist", "run: interlock refresh") from None
        raise ArtifactError(f"{error}: {error.__cause__}", "mend that, and run again") from None
    except DvcException as error:
        raise ArtifactError(f"dvc: {error}", "mend that, and run again") from None
    listener.finish()
    return listener.heard


def _lost(cause: BaseException | None) -> Path | None:
    """The file that DVC did not find, where it is one that `interlock refresh` writes."""
    name = cause.filename if isinstance(cause, FileNotFoundError) else None
    path = Path(os.path.relpath(name)) if name else None
    return path if path and path.parent in REFRESHED else None


def stale() -> list[str]:
    """The stages that `dvc repro` would run; outputs that are merely absent here do not count."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with _listening(Listener(lambda _: None)), Repo() as repo:
            return [stage.addressing for stage in repo.reproduce(dry=True, allow_missing=True)]
    except DvcException as error:
        raise ArtifactError(f"dvc: {error}", "where dvc.lock is damaged: git checkout dvc.lock") from None


def _mended() -> None:
    """Undo what a DVC that was interrupted has left half-written, which it would stop at: its list of paths in use, and dvc.lock."""
    for wait in (0.2, 0.0):
        try:
            json.loads(LOCKS.read_bytes())
        except FileNotFoundError:
            break
        except ValueError:
            time.sleep(wait)  # another process may be about to write the rest
        else:
            break
    else:
        LOCKS.unlink(missing_ok=True)
    _mended_lock()


def _mended_lock() -> None:
    """Take out of dvc.lock the stages whose entry ends before its outputs, or all of it where it is no YAML: what is there runs again."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not LOCK.is_file():
        return
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    try:
        found, declared = yaml.load(LOCK.read_bytes()), yaml.load(GRAPH.read_bytes())["stages"]
        whole = {name: entry for name, entry in found["stages"].items() if not _writes(declared.get(name)) or "outs" in entry}
    except (YAMLError, UnicodeError, TypeError, KeyError, AttributeError):
        LOCK.unlink()
        return
    if len(whole) < len(found["stages"]):
        with replacing(LOCK) as new, new.open("w", encoding="utf-8") as opened:
            yaml.dump({**found, "stages": whole}, opened)


def _writes(stage: Any) -> bool:
    """Whether a stage of dvc.yaml declares an output."""
    return isinstance(stage, dict) and any(stage.get(part) for part in ("outs", "metrics", "plots"))


@contextmanager
def _listening(listener: Listener) -> Iterator[None]:
    """Let `listener` hear DVC's log, of which only warnings and errors are printed meanwhile."""
    log = logging.getLogger("dvc")
    console = list(log.handlers)
    for handler in console:
        handler.addFilter(_serious)
    log.addHandler(listener)
    try:
        yield
    finally:
        log.removeHandler(listener)
        for handler in console:
            handler.removeFilter(_serious)


def _serious(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
