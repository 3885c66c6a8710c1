"""The cheap look: it notices what moved, hashes only what changed, and costs next to nothing."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interlock import files
from interlock.params import convert, read_yaml
from interlock.sources import looks
from interlock.sources.pins import Pin, examine
from interlock.sources.spec import Tables, TableSpec
from tests.sources.conftest import Declare

ROOT = Path(__file__).parents[2]


@pytest.fixture
def source(folder: Path, declare: Declare) -> tuple[dict[str, TableSpec], dict[str, Pin]]:
    """A table of one file that was last changed an hour ago, and its pin."""
    (folder / "a.csv").write_text("a\n1\n")
    backdate(folder / "a.csv")
    tables = {"events": declare("a.csv")}
    return tables, {"events": examine("events", tables["events"], folder)[0]}


def backdate(path: Path) -> None:
    os.utime(path, ns=(time.time_ns() - 3_600_000_000_000,) * 2)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were hashed, in order."""
    names: list[str] = []

    def sha256(path: Path) -> str:
        names.append(path.name)
        return files.sha256(path)

    monkeypatch.setattr(looks, "sha256", sha256)
    monkeypatch.setattr(looks, "SETTLED", -1)  # the files of this test are younger than what is trusted
    return names


def test_only_what_changed_is_hashed(source: tuple[dict[str, TableSpec], dict[str, Pin]], hashed: list[str]) -> None:
    """A second look hashes nothing; a file that was touched is hashed again, and found to be as pinned."""
    assert looks.look(*source) == []
    assert looks.look(*source) == []
    assert hashed == ["a.csv"]
    os.utime("a.csv", ns=(0, 0))
    assert looks.look(*source) == []
    assert hashed == ["a.csv"] * 2


def test_other_content_of_the_same_size_and_time_is_noticed(source: tuple[dict[str, TableSpec], dict[str, Pin]]) -> None:
    """Content that was exchanged for some of the same size, its time of change put back, is still noticed."""
    assert looks.look(*source) == []
    times = Path("a.csv").stat()
    Path("a.csv").write_text("a\n2\n")
    os.utime("a.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    (finding,) = looks.look(*source)
    assert (finding.table, finding.kind) == ("events", "moved")


def test_a_young_file_is_not_trusted(source: tuple[dict[str, TableSpec], dict[str, Pin]]) -> None:
    """A file that changed within the last seconds may change again within the clock's step: its hash is not remembered."""
    Path("a.csv").write_text("a\n1\n")
    assert looks.look(*source) == []
    assert not looks.LOOKS.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b"\xff"])
def test_the_memory_may_be_lost(content: bytes, source: tuple[dict[str, TableSpec], dict[str, Pin]], hashed: list[str]) -> None:
    """A memory that is gone, damaged or not writable costs a hash, and nothing else."""
    looks.LOOKS.parent.mkdir()
    looks.LOOKS.write_bytes(content)
    assert looks.look(*source) == []
    assert looks.look(*source) == []
    assert hashed == ["a.csv"]
    assert looks.look(*source, memory=Path("a.csv") / "no folder.json") == []


def test_a_remembered_hash_is_of_the_right_kind(source: tuple[dict[str, TableSpec], dict[str, Pin]], hashed: list[str]) -> None:
    """A memory that holds nonsense for a file is not believed."""
    assert looks.look(*source) == []
    memory = json.loads(looks.LOOKS.read_text())
    looks.LOOKS.write_text(json.dumps(dict.fromkeys(memory, "nonsense")))
    assert looks.look(*source) == []
    assert hashed == ["a.csv"] * 2


def test_what_is_found_is_named(source: tuple[dict[str, TableSpec], dict[str, Pin]], declare: Declare) -> None:
    """A table never pinned has moved, one whose file is gone is broken, and a pin without a table is only noted."""
    tables, pins = source
    found = looks.look({**tables, "new": declare("a.csv"), "lost": declare("b.csv")}, {**pins, "old": pins["events"]})
    assert [(finding.table, finding.kind) for finding in found] == [("new", "moved"), ("lost", "broken"), ("old", "note")]
    assert all(finding.table in finding.found and finding.remedy for finding in found)


def test_a_look_is_cheap(folder: Path) -> None:
    """Looking at the flights imports neither Polars nor what reads them, and takes some milliseconds from the second time on."""
    tables = convert(read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")["tables"], Tables, "usecase.tables")
    pins = {table: examine(table, spec, folder)[0] for table, spec in tables.items()}
    looks.look(tables, pins)
    start = time.perf_counter()
    assert looks.look(tables, pins) == []
    assert time.perf_counter() - start < 0.1
    code = "import sys, interlock.sources.looks; assert not {'polars', 'numpy', 'obstore', 'pandera'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
