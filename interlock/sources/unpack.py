"""The content of a text file, unpacked where it is packed, and never more of it than a real file would hold."""

import gzip
import zipfile
from pathlib import Path
from typing import Protocol

from interlock.errors import SourceError, listed

FLOOR = 64 << 20
RATIO = 100
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\0": "xz", b"PAR1\x15": "Parquet"}


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def content(name: str, path: Path) -> bytes:
    """The bytes of the text in the file at `path`; `name` says by its suffix how it is packed.

    Raises SourceError where the file is empty or cut short, is a zip that holds other than one file, unpacks to more
    than `RATIO` times its size (and `FLOOR`), or to what is packed once more.
    """
    opener = OPENERS.get(Path(name).suffix.lower())
    try:
        if not path.stat().st_size:
            raise SourceError(f"{name} is empty", "put the whole file there")
        data = path.read_bytes() if opener is None else opener(name, path)
    except SourceError:
        raise
    except Exception as error:  # NOTE: a damaged archive makes its reader raise nearly anything, IndexError included
        if isinstance(error, OSError) and error.errno:
            raise SourceError(f"{name} cannot be opened ({error.strerror})", "mend the file or its permissions, and run again") from error
        reason = str(error) or type(error).__name__
        raise SourceError(f"{name} cannot be unpacked ({reason})", "put the whole file there, unencrypted") from error
    if not data:
        raise SourceError(f"{name} is empty", "put the whole file there")
    if kind := next((kind for mark, kind in PACKED.items() if data.startswith(mark)), None):
        raise SourceError(f"{name} holds {kind} where its text should be", "unpack it, or give it the name of what it is")
    return data


def _gzip(name: str, path: Path) -> bytes:
    with gzip.open(path) as opened:
        return _bounded(name, path, opened)


def _zip(name: str, path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            names = listed(member.filename for member in members) or "nothing"
            raise SourceError(f"{name} holds {len(members)} files ({names})", "zip one file alone, or unpack them and name them by a glob")
        with archive.open(members[0]) as opened:
            return _bounded(name, path, opened)


def _bounded(name: str, path: Path, opened: Readable) -> bytes:
    bound = max(FLOOR, RATIO * path.stat().st_size)
    data = opened.read(bound + 1)
    if len(data) > bound:
        raise SourceError(
            f"{name} unpacks to more than {RATIO} times its size", "if that is as it should be, unpack it and name the unpacked file"
        )
    return data


OPENERS = {".gz": _gzip, ".zip": _zip}
