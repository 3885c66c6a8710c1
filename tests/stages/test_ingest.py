"""The stage `ingest`."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interlock import frames
from interlock.errors import ConfigError, SourceError
from interlock.files import write_json
from interlock.params import convert, read_yaml
from interlock.sources import pins
from interlock.sources.read import read
from interlock.sources.spec import Tables
from stages import ingest

ROOT = Path(__file__).parents[2]
FLIGHTS = read_yaml(ROOT / "conf" / "usecase" / "flights.yaml")
Declare = Callable[..., None]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, the current folder, its path a hostile one."""
    folder = tmp_path / "a project é"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def declare(project: Path, tmp_path: Path) -> Declare:
    """Write params.yaml with tables and a world, and pin what is there."""

    def declared(tables: dict[str, Any], keep: dict[str, Any] | None = None, *, pin: bool = True) -> None:
        usecase = {"name": "shop", "tables": tables, "world": {"name": "some", "keep": keep or {}}}
        write_json(project / "params.yaml", {"usecase": usecase})
        read_yaml.cache_clear()
        if pin:
            pins.save("shop", {t: pins.examine(t, s, tmp_path)[0] for t, s in convert(tables, Tables, "usecase.tables").items()})

    return declared


def raw(table: str) -> pl.DataFrame:
    return frames.read(Path(f"data/raw/{table}.parquet"))


def written() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path("data/raw").iterdir())}


def test_the_flights_are_taken_whole_and_alike_at_any_number_of_threads(project: Path, declare: Declare) -> None:
    """All four tables with every row and declared type, in source order, byte for byte the same with one thread and with two."""
    declare(FLIGHTS["tables"])
    made = []
    for threads in ("1", "2"):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": threads}
        subprocess.run([sys.executable, "-m", "stages.ingest"], cwd=project, env=environment, check=True)
        made.append(written())
    assert made[0] == made[1]
    assert {table: raw(table).height for table in FLIGHTS["tables"]} == {
        "flights": 336_776,
        "weather": 26_115,
        "planes": 3_322,
        "airports": 1_458,
    }
    for table, spec in FLIGHTS["tables"].items():
        schema = raw(table).schema
        assert list(schema)[-1] == "source_row"
        kinds = {"Datetime": pl.Datetime("us", "UTC")}
        assert dict(schema) == {c: kinds.get(kind) or getattr(pl, kind) for c, kind in spec["types"].items()} | {"source_row": pl.Int64}
    assert raw("flights")["source_row"].to_list() == list(range(336_776))


def test_the_small_world_keeps_the_numbers_of_the_source(declare: Declare) -> None:
    """The rows of the small world are rows of the whole, under the same numbers, of one origin, and about a quarter of those."""
    declare(FLIGHTS["tables"], FLIGHTS["small"])
    ingest.main()
    small = raw("flights")
    spec = convert(FLIGHTS["tables"], Tables, "usecase.tables")["flights"]
    whole = read("flights", spec, pins.verify({"flights": spec}, pins.load("shop"), Path())["flights"])
    assert_frame_equal(small, whole[small["source_row"].to_list()])
    assert small["source_row"].is_sorted()
    assert set(small["origin"]) == {"LGA"}
    assert small.height == pytest.approx(0.25 * whole.filter(origin="LGA").height, rel=0.03)
    assert raw("planes").height == 3_322


def test_a_table_that_is_no_longer_declared_does_not_stay(declare: Declare) -> None:
    """data/raw holds the declared tables and nothing else, whatever was there before."""
    Path("a.csv").write_text("x\n1\n")
    declare({"a": {"from": "files", "path": "a.csv"}, "b": {"from": "files", "path": "a.csv"}})
    ingest.main()
    assert set(written()) == {"a.parquet", "b.parquet"}
    declare({"b": {"from": "files", "path": "a.csv"}})
    ingest.main()
    assert set(written()) == {"b.parquet"}
    assert sorted(path.name for path in Path("data").iterdir()) == ["raw", "sources"]


def test_a_failure_leaves_what_was_there(declare: Declare) -> None:
    """Where one table cannot be read nothing of the others is written, and what was there before stays as it was."""
    Path("a.csv").write_text("x\n1\n")
    tables = {name: {"from": "files", "path": f"{name}.csv"} for name in ("a", "b")}
    declare({"a": tables["a"]})
    ingest.main()
    before = written()
    Path("a.csv").write_text("x\n2\n")
    Path("b.csv").write_text("x,y\n1\n")
    declare(tables)
    with pytest.raises(SourceError, match=r"table b: b\.csv: line 2 has 1 fields"):
        ingest.main()
    assert written() == before
    assert sorted(path.name for path in Path("data").iterdir()) == ["raw", "sources"]


def test_an_interrupted_run_is_made_good(declare: Declare) -> None:
    """What a killed run left beside data/raw is cleared away by the next."""
    for left in (".raw.new", ".raw.old"):
        Path("data", left).mkdir(parents=True)
        Path("data", left, "half.parquet").write_text("half")
    Path("a.csv").write_text("x\n1\n")
    declare({"a": {"from": "files", "path": "a.csv"}})
    ingest.main()
    assert sorted(path.name for path in Path("data").iterdir()) == ["raw", "sources"]
    assert raw("a").rows() == [(1, 0)]


def test_a_source_that_moved_is_refused(declare: Declare) -> None:
    """Content that is not the pinned, or was never pinned, is refused before anything is read, with the command that accepts it."""
    table = {"a": {"from": "files", "path": "a.csv"}}
    Path("a.csv").write_text("x\n1\n")
    declare(table, pin=False)
    with pytest.raises(SourceError, match=r"table a moved: it was never pinned, there is a.csv\n  → .*interlock refresh"):
        ingest.main()
    declare(table)
    Path("a.csv").write_text("x\n2\n")
    with pytest.raises(SourceError, match=r"table a moved: pinned of a.csv is sha256 .*\n  → .*interlock refresh"):
        ingest.main()
    assert not Path("data/raw").exists()


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ({"b": {}}, "usecase.world.keep.b is no table"),
        ({"a": {"where": {"y": [1]}}}, "usecase.world.keep.a.where.y: table a has no such column"),
        ({"a": {"where": {"x": ["one"]}}}, r"usecase.world.keep.a.where.x: \['one'\] are not values of type Int64"),
        ({"a": {"where": {"x": [7]}}}, "usecase.world.keep.a keeps no row of table a"),
        ({"a": {"share": 0.000001}}, "usecase.world.keep.a keeps no row of table a"),
    ],
)
def test_a_world_of_nothing_is_refused(keep: dict[str, Any], said: str, declare: Declare) -> None:
    """A world that names no table, no column or no value of it, or keeps no row, is a mistake in conf; nothing is written."""
    Path("a.csv").write_text("x\n1\n2\n")
    declare({"a": {"from": "files", "path": "a.csv"}}, keep)
    with pytest.raises(ConfigError, match=said) as error:
        ingest.main()
    assert error.value.remedy
    assert not Path("data/raw").exists()


def test_the_process_ends_with_a_message(project: Path, declare: Declare) -> None:
    """A stage that fails prints one message and the next step, no traceback, and exits with the code of its kind of error."""
    Path("a.csv").write_text("x\n")
    declare({"a": {"from": "files", "path": "a.csv"}})
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "stages.ingest"], cwd=project, env=environment, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 4
    assert ended.stderr == "error: table a: a.csv: no rows\n  → put the whole file there\n"


def test_a_disk_that_is_full_leaves_nothing(project: Path, declare: Declare) -> None:
    """Where the system lets no more be written the message names the file, and no part of data/raw is there."""
    Path("a.csv").write_text("x\n" + "".join(f"{number * 7919}\n" for number in range(50_000)))
    declare({"a": {"from": "files", "path": "a.csv"}})
    code = (
        "import resource, signal; from interlock.errors import guard; from stages.ingest import main;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); guard(main)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], cwd=project, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "error: data/raw/a.parquet would be larger than a file may be here\n  → see: ulimit -f\n"
    assert sorted(path.name for path in Path("data").iterdir()) == ["sources"]
