"""Files on the web and in a bucket, given out by a real server."""

import hashlib
from pathlib import Path

import pytest

from interlock.errors import SourceError
from interlock.sources.connectors import Unreachable, locate
from interlock.sources.looks import look
from interlock.sources.pins import Pin, examine, verify
from interlock.sources.read import read
from tests.sources.conftest import Declare

Served = tuple[Path, str]
CLOSED = "http://127.0.0.1:9"


def test_a_file_on_the_web_is_read(served: Served, declare: Declare, tmp_path: Path) -> None:
    """One file under its address is copied, hashed on the way and read; its entity tag is pinned with it."""
    shelf, address = served
    (shelf / "a b é.csv").write_text("a,b\n1,x\n")
    spec = declare(f"{address}/a b é.csv")
    pin, files = examine("events", spec, tmp_path)
    (content,) = pin.files
    assert (content.size, content.sha256) == (8, hashlib.sha256(b"a,b\n1,x\n").hexdigest())
    assert content.etag
    assert read("events", spec, files).rows() == [(1, "x", 0)]
    assert verify({"events": spec}, {"events": pin}, tmp_path) == {"events": files}


def test_a_large_file_arrives_whole(served: Served, declare: Declare, tmp_path: Path) -> None:
    """A file of many pieces has the hash of the original."""
    shelf, address = served
    (shelf / "a.parquet").write_bytes(bytes(range(256)) * (80 << 10))
    pin, files = examine("events", declare(f"{address}/a.parquet"), tmp_path)
    assert files[0][1].read_bytes() == (shelf / "a.parquet").read_bytes()
    assert pin.files[0].sha256 == hashlib.sha256(bytes(range(256)) * (80 << 10)).hexdigest()


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("*.csv", ["a.csv", "b.csv"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("[!a].csv", ["b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "sub/deep/d.csv", "sub/é c.csv"]),
        ("sub/**/*.csv", ["sub/deep/d.csv", "sub/é c.csv"]),
        ("sub/*.csv", ["sub/é c.csv"]),
        ("a.csv", ["a.csv"]),
    ],
)
def test_a_bucket_is_listed(glob: str, names: list[str], served: Served, declare: Declare, tmp_path: Path) -> None:
    """A glob over a bucket finds what it would find over a folder, in the order of names, and all of it is read."""
    shelf, _ = served
    for number, name in enumerate(["a.csv", "b.csv", "b.txt", "sub/é c.csv", "sub/deep/d.csv"]):
        (shelf / name).parent.mkdir(parents=True, exist_ok=True)
        (shelf / name).write_text(f"a\n{number}\n")
    spec = declare(f"s3://bucket/{glob}")
    assert [file.name for file in locate("events", spec).files] == [f"s3://bucket/{name}" for name in names]
    _, files = examine("events", spec, tmp_path)
    assert read("events", spec, files).height == len(names)


def test_a_changed_object_is_noticed(served: Served, declare: Declare, tmp_path: Path) -> None:
    """A look asks for the entity tag alone; what changed is named by the look, and refused by its content."""
    shelf, address = served
    (shelf / "a.csv").write_text("a\n1\n")
    tables = {"web": declare(f"{address}/a.csv"), "bucket": declare("s3://bucket/*.csv")}
    pins = {table: examine(table, spec, tmp_path)[0] for table, spec in tables.items()}
    assert look(tables, pins) == []
    (shelf / "a.csv").write_text("a\n2\n")
    assert [(finding.table, finding.kind) for finding in look(tables, pins)] == [("web", "moved"), ("bucket", "moved")]
    with pytest.raises(SourceError, match=r"table web moved: pinned of .*a.csv is sha256 \w{12}, 4 bytes; there is sha256"):
        verify(tables, pins, tmp_path)


def test_a_new_object_is_noticed(served: Served, declare: Declare, tmp_path: Path) -> None:
    """An object that a glob now also finds has moved the source, and is named."""
    shelf, _ = served
    (shelf / "a.csv").write_text("a\n1\n")
    tables = {"events": declare("s3://bucket/*.csv")}
    pins = {"events": examine("events", tables["events"], tmp_path)[0]}
    (shelf / "b.csv").write_text("a\n1\n")
    (finding,) = look(tables, pins)
    assert "pinned are 1 files, there are 2 (new: s3://bucket/b.csv; gone: none)" in finding.found


def test_no_network_is_no_failure_of_a_look(folder: Path, declare: Declare, tmp_path: Path) -> None:
    """Where nobody answers a look only notes it; reading raises, with what to check."""
    assert folder.is_dir()
    tables = {"events": declare(f"{CLOSED}/a.csv")}
    (finding,) = look(tables, {"events": Pin(connector="files", location=f"{CLOSED}/a.csv", files=[])})
    assert finding.kind == "note"
    with pytest.raises(
        Unreachable, match=r"table events: http://127.0.0.1:9/a.csv cannot be reached.*\n  → check the network, and the credentials"
    ):
        examine("events", tables["events"], tmp_path)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("{address}/missing.csv", "missing.csv does not exist"),
        ("{address}/*.csv", "a web server cannot be listed"),
        ("{address}/forbidden.csv", "cannot be reached"),
        ("s3://bucket/missing.csv", "missing.csv does not exist"),
        ("s3://bucket/*.parquet", "no object matches s3://bucket/*.parquet"),
    ],
)
def test_what_is_not_there_is_said(path: str, said: str, served: Served, declare: Declare) -> None:
    """An object that is missing, forbidden or only to be listed is named, with the next step and in one line."""
    _, address = served
    with pytest.raises(SourceError) as error:
        locate("events", declare(path.format(address=address)))
    assert said in error.value.found
    assert "\n" not in error.value.found
    assert error.value.remedy
