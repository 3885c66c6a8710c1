"""The library as a wheel: one read and checked, and the one form of it in which equal files are equal bytes.

Its files are stored as they are, not deflated: what zlib makes of them is not the same everywhere, and git packs a new version
of a stored wheel into little more than what changed.
"""

import base64
import io
import re
import zipfile
from collections.abc import Mapping
from csv import Error as CsvError
from csv import reader, writer
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from interlock.errors import ArtifactError
from interlock.library import NAME

FILE = re.compile(rf"{NAME}-([\w.+!]+)-py3-none-any\.whl")
EPOCH = (2020, 1, 1, 0, 0, 0)
MODE = 0o644 << 16
LARGEST = 256 << 20
REMEDY = "build or fetch it again"


@dataclass(frozen=True)
class Wheel:
    """A wheel of the library: the bytes of its file, and the files in it by name."""

    content: bytes
    files: Mapping[str, bytes]

    @property
    def file(self) -> str:
        """The name that its file must have."""
        return f"{NAME}-{self.version}-py3-none-any.whl"

    @cached_property
    def version(self) -> str:
        return next(name for name in self.files if name.endswith(".dist-info/METADATA")).removeprefix(f"{NAME}-").partition(".dist-info")[0]

    @cached_property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def python(self) -> str:
        """Which versions of Python it is for, as its metadata say."""
        found = re.search(r"^Requires-Python: (.+)$", self._metadata, re.MULTILINE)
        return found[1] if found else ""

    @property
    def _metadata(self) -> str:
        return self.files[f"{NAME}-{self.version}.dist-info/METADATA"].decode()


def read(path: Path) -> Wheel:
    """The wheel at `path`; raises ArtifactError where it is none of this library, or a file in it is not what its RECORD says."""
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            if sum(each.file_size for each in opened.infolist()) > LARGEST:
                raise ArtifactError(f"{path} unpacks to more than {LARGEST >> 20} MiB: no wheel of {NAME} does", REMEDY)
            files = {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist", "name the file of the wheel") from None
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise ArtifactError(f"{path} is no wheel: {error}", REMEDY) from None
    named = FILE.fullmatch(path.name)
    if named is None or f"{NAME}-{named[1]}.dist-info/METADATA" not in files:
        raise ArtifactError(f"{path} is no wheel of {NAME}", f"name one that is called {NAME}-VERSION-py3-none-any.whl")
    wheel = Wheel(content, files)
    try:
        _verify(path, wheel)
    except (UnicodeDecodeError, CsvError, LookupError, InvalidVersion, InvalidSpecifier) as error:
        raise ArtifactError(f"{path} holds metadata that cannot be read: {error}", REMEDY) from None
    return wheel


def pack(files: Mapping[str, bytes]) -> Wheel:
    """A wheel of these files, metadata among them, in its one form; the RECORD is written anew."""
    record = next(name for name in files if name.endswith(".dist-info/METADATA")).replace("METADATA", "RECORD")
    ordered = {name: files[name] for name in sorted(files, key=lambda name: (".dist-info/" in name, name)) if name != record}
    ordered[record] = _record(ordered, record)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as opened:
        for name, content in ordered.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = MODE, 3
            opened.writestr(entry, content)
    return Wheel(made.getvalue(), ordered)


def recorded(record: bytes) -> dict[str, str]:
    """The hash of each file that a RECORD lists, as it says it; empty where it says none."""
    return {row[0]: row[1] for row in reader(record.decode().splitlines()) if row}


def hashed(content: bytes) -> str:
    """A hash as a RECORD says it."""
    return "sha256=" + base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    text = io.StringIO()
    lines = writer(text, lineterminator="\n")
    lines.writerows([*((name, hashed(content), len(content)) for name, content in files.items()), (own, "", "")])
    return text.getvalue().encode()


def _verify(path: Path, wheel: Wheel) -> None:
    own = f"{NAME}-{wheel.version}.dist-info/RECORD"
    Version(wheel.version), SpecifierSet(wheel.python)
    listed = recorded(wheel.files.get(own, b""))
    if wheel.file != path.name or f"\nName: {NAME}\nVersion: {wheel.version}\n" not in wheel._metadata:
        raise ArtifactError(f"{path} holds the metadata of another distribution", REMEDY)
    for name, content in wheel.files.items():
        if name != own and listed.get(name) != hashed(content):
            raise ArtifactError(f"{path}: {name} is not what its RECORD says", REMEDY)
