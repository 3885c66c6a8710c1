"""Whole files or none: atomic writes, content hashes, and the one canonical form of JSON."""

import errno
import fcntl
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlock.errors import FULL, ArtifactError, of_system

SIGNIFICANT = 9


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and vanishes when it does not.

    Its name is always the same: what a process that was killed has left of it goes with the next.
    Raises ArtifactError where another process is writing `path` at this time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    handle = _held(temporary, path)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, Exception) and (system := of_system(error)) and system.errno in {*FULL, errno.EFBIG}:
            raise OSError(system.errno, system.strerror, str(path)) from error
        raise
    finally:
        os.close(handle)


def _held(temporary: Path, path: Path) -> int:
    """A handle on the file `temporary`, empty and locked: as long as it is open no other process writes `path`."""
    while True:
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise ArtifactError(f"another process is writing {path}", "wait until it has ended, and run again") from None
        # NOTE: between opening and locking another process may have moved the file to its place
        if _same(handle, temporary):
            os.truncate(handle, 0)
            return handle
        os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when the block ends well, and vanishes when it does not."""
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if error.filename and Path(error.filename).is_relative_to(new):
            error.filename = str(folder / Path(error.filename).relative_to(new))
        raise
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Canonical JSON: keys in the order given, floats to 9 significant digits, refusing what JSON cannot say."""
    write_text(path, json.dumps(_rounded(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def listed(records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Records by name as a list, which DVC shows no figures of: reports are metrics to it, so that its run cache holds them."""
    return [{"name": name, **record} for name, record in records.items()]


def by_name(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Listed records by their name again."""
    return {record["name"]: {key: value for key, value in record.items() if key != "name"} for record in records}


def read_json(path: Path) -> Any:
    """What a file of JSON says; raises json.JSONDecodeError also where it is too deep, or a number too long, for Python."""
    text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        raise json.JSONDecodeError(str(error), text, 0) from error


def _rounded(value: Any) -> Any:
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return float(f"{value:.{SIGNIFICANT}g}") + 0.0 if math.isfinite(value) else None
        case dict():
            return {str(key): _rounded(item) for key, item in value.items()}
        case list() | tuple():
            return [_rounded(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
