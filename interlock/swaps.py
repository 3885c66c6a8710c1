"""Several files of the project replaced together, or none of them, also where the process is killed half-way.

What is written and what was there before are laid down in the scratch folder first. Until that folder is gone the change did
not happen: the next command puts everything back.
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path

from interlock.errors import ArtifactError
from interlock.files import read_json, write_json

PLACE = Path(".interlock/swap")
LIST = "files.json"


def swap(changes: Mapping[Path, bytes | None]) -> None:
    """Give each file of the project in the current folder its new content; None removes it."""
    with _alone():
        _put_back()
        _prepare(changes).rename(PLACE)
        try:
            for path, content in changes.items():
                _take(path, PLACE / "new" / path if content is not None else None)
        except BaseException:
            _put_back()
            raise
        _forget()


def undo() -> bool:
    """Put back what a change that was interrupted has replaced; returns whether there was one. Waits for one that is going on."""
    if not PLACE.is_dir():
        return False
    with _alone():
        return _put_back()


@contextmanager
def _alone() -> Iterator[None]:
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    with PLACE.with_name("swap.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _prepare(changes: Mapping[Path, bytes | None]) -> Path:
    prepared = PLACE.with_name("swap.new")
    shutil.rmtree(prepared, ignore_errors=True)
    for path, content in changes.items():
        if content is not None:
            _put(prepared / "new" / path, content)
        if path.is_file():
            _put(prepared / "old" / path, path.read_bytes())
    write_json(prepared / LIST, [path.as_posix() for path in changes])
    return prepared


def _put_back() -> bool:
    if not PLACE.is_dir():
        return False
    try:
        paths = [Path(name) for name in read_json(PLACE / LIST)]
    except (OSError, JSONDecodeError) as error:
        raise ArtifactError(f"{PLACE} holds half a change that cannot be undone: {error}", f"run: git stash && rm -r {PLACE}") from None
    for path in paths:
        old = PLACE / "old" / path
        _take(path, _copied(old) if old.is_file() else None)
    _forget()
    return True


def _forget() -> None:
    """The moment at which a change is done with: one rename."""
    done = PLACE.with_name("swap.done")
    shutil.rmtree(done, ignore_errors=True)
    PLACE.rename(done)
    shutil.rmtree(done, ignore_errors=True)


def _take(path: Path, content: Path | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        content.replace(path)


def _copied(old: Path) -> Path:
    """A copy to move into place: undoing can be interrupted too, and begins again."""
    return Path(shutil.copyfile(old, old.with_name(f".{old.name}.copy")))


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
