"""Packed files: one text each, whole, and not larger than a real one would be."""

import gzip
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from interlock.errors import SourceError
from interlock.sources import unpack
from interlock.sources.read import read
from interlock.sources.spec import FilesTable

Table = Callable[..., pl.DataFrame]
NOBODY = 65_534
ROWS = b"a,b\n" + b"1,2\n" * 1000


def zipped(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_zip_holds_one_file(folder: Path, table: Table) -> None:
    """Two members, or none, are refused with their names; a folder entry beside the one file is not counted."""
    zipped(folder / "a.csv.zip", {"x.csv": ROWS, "__MACOSX/._x.csv": b""})
    with pytest.raises(SourceError, match=r"a.csv.zip holds 2 files \(x.csv, __MACOSX/._x.csv\)\n  → zip one file alone"):
        table("a.csv.zip")
    zipped(folder / "a.csv.zip", {})
    with pytest.raises(SourceError, match=r"holds 0 files \(nothing\)"):
        table("a.csv.zip")
    zipped(folder / "a.csv.zip", {"data/": b"", "data/x.csv": ROWS})
    assert table("a.csv.zip").height == 1000


def test_a_packed_file_that_is_cut_short_is_refused(folder: Path, table: Table) -> None:
    """No end of a packed file can be missing unnoticed."""
    zipped(folder / "whole.zip", {"x.csv": ROWS})
    for name, whole in {"a.csv.gz": gzip.compress(ROWS), "a.csv.zip": (folder / "whole.zip").read_bytes()}.items():
        for missing in (1, 8, len(whole) // 2, len(whole) - 12):
            (folder / name).write_bytes(whole[:-missing])
            with pytest.raises(SourceError, match=rf"{name} cannot be unpacked"):
                table(name)


def test_an_encrypted_zip_is_refused(folder: Path, table: Table) -> None:
    """A member that wants a password is refused, without asking for one."""
    zipped(folder / "a.csv.zip", {"x.csv": ROWS})
    content = bytearray((folder / "a.csv.zip").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + flags
        content[place] |= 1
    (folder / "a.csv.zip").write_bytes(content)
    with pytest.raises(SourceError, match=r"cannot be unpacked \(.*encrypted.*\)\n  → put the whole file there, unencrypted"):
        table("a.csv.zip")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zip"])
def test_a_bomb_is_refused(name: str, folder: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to far more than its size is refused before it fills the memory; a small file may unpack to the floor."""
    monkeypatch.setattr(unpack, "FLOOR", 1 << 20)
    bomb = b"a\n" + b"0\n" * (2 << 20)
    (folder / name).write_bytes(gzip.compress(bomb)) if name.endswith("gz") else zipped(folder / name, {"x.csv": bomb})
    assert (folder / name).stat().st_size * unpack.RATIO < len(bomb)
    with pytest.raises(SourceError, match=rf"{name} unpacks to more than 100 times its size\n  → if that is as it should be, unpack it"):
        table(name)
    monkeypatch.setattr(unpack, "FLOOR", len(bomb))
    assert table(name).height == 2 << 20


def test_a_zip_that_lies_about_its_size_is_refused(folder: Path, table: Table) -> None:
    """The size that a zip states of its member is not believed: content beyond it fails its checksum."""
    zipped(folder / "a.csv.zip", {"x.csv": ROWS})
    content = (folder / "a.csv.zip").read_bytes().replace(struct.pack("<L", len(ROWS)), struct.pack("<L", 40))
    (folder / "a.csv.zip").write_bytes(content)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        table("a.csv.zip")


def test_a_file_that_cannot_be_opened_is_refused(folder: Path) -> None:
    """A file that vanished, or that the system does not let us read, is told apart from one that is damaged."""
    (folder / "shut.csv").mkdir()
    for name, why in {"gone.csv": "No such file or directory", "shut.csv": "Is a directory"}.items():
        with pytest.raises(SourceError, match=rf"table events: {name} cannot be opened \({why}\)\n  → mend the file or its permissions"):
            read("events", FilesTable(path=name), [(name, folder / name)])


@contextmanager
def nobody() -> Iterator[None]:
    """For a while no more than a user who may not read every file, as root may."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_without_permission_is_refused() -> None:
    """A file of mode 000 is refused with its permissions as the thing to mend; one that may be read is read."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "a.csv")
        path.write_bytes(b"a\n1\n")
        with nobody():
            assert read("events", FilesTable(path="a.csv"), [("a.csv", path)]).height == 1
        path.chmod(0)
        with (
            nobody(),
            pytest.raises(SourceError, match=r"a.csv cannot be opened \(Permission denied\)\n  → mend the file or its permissions"),
        ):
            read("events", FilesTable(path="a.csv"), [("a.csv", path)])


def test_a_bomb_is_bounded_in_memory(folder: Path) -> None:
    """Of 512 MiB in half a megabyte of gzip no more is unpacked than the bound of 64 MiB, which is held twice for a moment."""
    with gzip.open(folder / "a.csv.gz", "wb") as packed:
        for _ in range(512):
            packed.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="unpacks to more than 100 times its size"):
            unpack.content("a.csv.gz", folder / "a.csv.gz")
        assert tracemalloc.get_traced_memory()[1] < 160 << 20
    finally:
        tracemalloc.stop()
