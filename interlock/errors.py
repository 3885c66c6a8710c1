"""The error tree, and how an error ends a process.

InterlockError          1  anything below
├── ConfigError         2  a key, group or value in conf/ or params.yaml
├── DeclarationError    3  a mistake in a use case's Python files
├── SourceError         4  a source that is missing, moved or cannot be read
├── ContractError       5  data that breaks its contract
├── ArtifactError       6  a file of the project that is missing, damaged or altered
└── GitError            7  the state of git or DVC does not allow the step

Any error carries what was found and where, and the next thing to do.
"""

import errno
import os
import re
import sys
from collections.abc import Callable

TRACEBACK = "INTERLOCK_TRACEBACK"
UNEXPECTED, INTERRUPTED = 70, 130


class InterlockError(Exception):
    """An error that a user can mend: `found` says what and where, `remedy` the next step."""

    exit_code = 1

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(f"{found}\n  → {remedy}" if remedy else found)
        self.found = found
        self.remedy = remedy


class ConfigError(InterlockError):
    exit_code = 2


class DeclarationError(InterlockError):
    exit_code = 3


class SourceError(InterlockError):
    exit_code = 4


class ContractError(InterlockError):
    exit_code = 5


class ArtifactError(InterlockError):
    exit_code = 6


class GitError(InterlockError):
    exit_code = 7


def explain(error: BaseException) -> tuple[str, int]:
    """The text and the exit code with which a process ends on `error`."""
    if isinstance(error, InterlockError):
        return str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: run the same command again, finished stages are kept", INTERRUPTED
    if not isinstance(error, OSError) and (inner := re.search(r"\(os error (\d+)\)", str(error))):
        error = OSError(int(inner[1]), os.strerror(int(inner[1])))  # Polars words errors of the system as its own
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no space left for {error.filename or 'a file'}\n  → free some disk space and run the same command again", 1
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}\n  → mend the file or its permissions, and run again", 1
    kind = type(error).__name__
    return f"unexpected {kind}: {error}\n  → a defect of interlock; {TRACEBACK}=1 shows where", UNEXPECTED


def guard(main: Callable[[], None]) -> None:
    """Run `main`, and end the process with a message instead of a traceback where it fails."""
    try:
        main()
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(TRACEBACK):
            raise
        text, code = explain(error)
        print(f"error: {text}", file=sys.stderr)
        sys.exit(code)
