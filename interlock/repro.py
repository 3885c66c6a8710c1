"""`dvc repro` in this process, told stage by stage."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from interlock.errors import ArtifactError, InterlockError

RUNNING, RESTORED = "Running stage '%s':", "Stage '%s' is cached - skipping run, checking out outputs"
STATUS = re.compile(r"exited with (-?\d+)")


class StageError(InterlockError):
    """A stage that failed; the process ends with the stage's own exit code."""

    def __init__(self, stage: str, status: int) -> None:
        ended = f"was ended by signal {-status}" if status < 0 else f"failed with exit code {status}"
        super().__init__(f"stage {stage} {ended}", "mend what it says above, and run again: finished stages are kept")
        self.exit_code = status if status > 0 else 128 - status


@dataclass
class Rerun(logging.Handler):
    """What ran, with the seconds it took, and what was restored from DVC's cache of runs; listens to DVC's log."""

    say: Callable[[str], None]
    ran: dict[str, float] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.INFO)
        self.begun = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg in {RUNNING, RESTORED} and isinstance(record.args, tuple):
            name = str(record.args[0])
            self.finish()
            if record.msg == RUNNING:
                self.ran[name] = 0.0
                self.say(name)
            else:
                self.restored.append(name)

    def finish(self) -> None:
        """Take the time of the stage that ran last."""
        now = time.monotonic()
        if self.ran and (last := next(reversed(self.ran))) and not self.ran[last]:
            self.ran[last] = now - self.begun
        self.begun = now


def repro(say: Callable[[str], None]) -> Rerun:
    """Bring every stage up to date; `say` is told the name of each one that runs.

    Raises StageError where a stage fails, ArtifactError for anything else that DVC refuses.
    """
    from dvc.exceptions import DvcException, ReproductionError
    from dvc.repo import Repo

    rerun = Rerun(say)
    log = logging.getLogger("dvc")
    log.addHandler(rerun)
    try:
        with _quiet(log), Repo() as repo:
            repo.reproduce()
    except ReproductionError as error:
        if rerun.ran and (status := STATUS.search(str(error.__cause__))):
            raise StageError(next(reversed(rerun.ran)), int(status[1])) from None
        raise ArtifactError(f"{error}: {error.__cause__}", "mend that, and run again") from None
    except DvcException as error:
        raise ArtifactError(f"dvc: {error}", "mend that, and run again") from None
    finally:
        log.removeHandler(rerun)
    rerun.finish()
    return rerun
