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
import select
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path

TRACEBACK = "INTERLOCK_TRACEBACK"
UNEXPECTED, INTERRUPTED, UNREAD = 70, 130, 141
WIDTH, NAMES = 80, 20
FULL = {errno.ENOSPC, errno.EDQUOT}

# Where DVC copies a project to run a queued or temporary experiment, and what it copies.
ELSEWHERE = "/.dvc/tmp/exps/"
ONLY_TRACKED = "queued and temporary experiments hold only what git tracks: git add -f it, or run without --queue and --temp"

# What can say more of an error of another library than its text does: the error to end with, or None.
DIAGNOSES: list[Callable[[BaseException], "InterlockError | None"]] = []


class InterlockError(Exception):
    """An error that a user can mend: `found` says what and where, `remedy` the next step, both safe to print."""

    exit_code = 1

    def __init__(self, found: str, remedy: str = "") -> None:
        self.found, self.remedy = printable(found), printable(remedy)
        super().__init__(f"{self.found}\n  → {self.remedy}" if remedy else self.found)


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


def printable(text: str) -> str:
    """`text` with each character that a terminal would obey, or not show, written as its escape; line ends stay."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def shown(value: object) -> str:
    """A value from the data as a message shows it: quoted, in one line, its beginning only where it is long."""
    text = repr(value[: WIDTH + 1] if isinstance(value, str | bytes) else value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def listed(names: Iterable[str]) -> str:
    """Names from the data as a message lists them: quoted where they are not plain, the first only where there are many."""
    texts = [name if name == name.strip() and name.isprintable() and 0 < len(name) < WIDTH else shown(name) for name in names]
    more = f" and {len(texts) - NAMES} more" if len(texts) > NAMES else ""
    return ", ".join(texts[:NAMES]) + more


def explain(error: BaseException) -> tuple[str, int]:
    """The text and the exit code with which a process ends on `error`."""
    better = next(filter(None, (diagnose(error) for diagnose in DIAGNOSES)), None)
    text, code = _explained(better or error)
    return printable(text + _left_behind(text)), code


def _left_behind(text: str) -> str:
    """Where DVC runs an experiment elsewhere, what of the files in `text` the project has and that copy of it has not."""
    here = Path.cwd().as_posix()
    root, inside, _ = here.partition(ELSEWHERE)
    if not inside:
        return ""
    names = dict.fromkeys(word.strip(".") for word in re.findall(r"[\w./-]+", text) if not word.startswith("/"))
    files = [
        path for name in names for path in (name, f"{name.replace('.', '/')}.py") if Path(root, path).is_file() and not Path(path).exists()
    ]
    if not files:
        return ""
    return f"\n  → {listed(files)} {'is' if len(files) == 1 else 'are'} in {root}, and {ONLY_TRACKED}"


def of_system(error: BaseException) -> OSError | None:
    """The error of the system that `error` is, or that Polars has put into words of its own."""
    if isinstance(error, OSError):
        return error
    inner = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(inner[1]), os.strerror(int(inner[1]))) if inner else None


def _explained(error: BaseException) -> tuple[str, int]:
    if isinstance(error, InterlockError):
        return str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: run the same command again, finished stages are kept", INTERRUPTED
    error = of_system(error) or error
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return f"{error.filename or 'a file'} would be larger than a file may be here\n  → see: ulimit -f", 1
    if isinstance(error, OSError) and error.errno in FULL:
        return f"no space left for {error.filename or 'a file'}\n  → free some disk space and run the same command again", 1
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}\n  → mend the file or its permissions, and run again", 1
    kind = type(error).__name__
    return f"unexpected {kind}: {error}\n  → a defect of interlock; {TRACEBACK}=1 shows where", UNEXPECTED


def guard(main: Callable[[], None]) -> None:
    """Run `main`, and end the process with a message instead of a traceback where it fails.

    What the encoding of standard output cannot say is replaced. Where nobody reads it any more the process ends quietly.
    """
    _forgive()
    try:
        _flushed(main)
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if unread(error):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(UNREAD)
        if isinstance(error, SystemExit):
            raise
        if os.environ.get(TRACEBACK):
            raise
        text, code = explain(error)
        print(f"error: {text}", file=sys.stderr)
        sys.exit(code)


def _forgive() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flushed(main: Callable[[], None]) -> None:
    """Run `main` and empty standard output here, where a reader that is gone can still be told from a failure."""
    try:
        main()
    except SystemExit:
        _flush()
        raise
    _flush()


def _flush() -> None:
    if sys.stdout is not None:  # closed by who started the process
        sys.stdout.flush()


def unread(error: BaseException) -> bool:
    """Whether `error` is of standard output whose reader is gone; Rich ends the process where it meets one."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    if not isinstance(cause, BrokenPipeError):
        return False
    looked = select.poll()
    looked.register(1, 0)
    # NOTE: Rich has put the null device in the pipe's place by then
    return bool(looked.poll(0)) or os.path.samestat(os.fstat(1), Path(os.devnull).stat())
