"""Bad input, through the commands that meet it: what is wrong and what to do is said, and nothing half-written is left."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from interlock.files import sha256
from tests.graph.clone import Clone, digest

VALIDATED = ("data/quarantine", "reports/validation.json")  # written of a table that is refused, too
CONFIG, DECLARATION, SOURCE, CONTRACT, GIT = 2, 3, 4, 5, 7
FULL = 'mount -t tmpfs -o size=16k full "$0" && "$@"; code=$?; cp -a "$0" kept; exit $code'
LIMITED = 'rm -rf "$0"; (ulimit -f 32; "$@"); code=$?; cp -a "$0" kept; exit $code'


@pytest.fixture(scope="module")
def tiny(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The project with few flights, in files of its own, pinned and validated, with no snapshot to compare them with."""
    clone = finished.copy(tmp_path_factory.mktemp("tiny") / "un projét")
    clone.edit("usecases/flights/schema.py", "rows(20_000, shrink=0)", "rows(1_000)")
    (clone.folder / "data" / "accepted" / "flights.json").write_text("{}")
    clone.own("flights", text(raw(finished, "flights").gather_every(4)))
    clone.own("planes", text(raw(finished, "planes")))
    clone.interlock("compose")
    clone.interlock("refresh")
    clone.dvc("repro", "validate")
    clone.commit()
    return clone


@pytest.fixture
def clone(tiny: Clone, tmp_path: Path) -> Clone:
    """A copy of the tiny project, to spoil."""
    return tiny.copy(tmp_path / "un projét")


def raw(clone: Clone, table: str) -> pl.DataFrame:
    return pl.read_parquet(clone.folder / f"data/raw/{table}.parquet").drop("source_row")


def text(frame: pl.DataFrame) -> str:
    return frame.write_csv(null_value="NA", datetime_format="%Y-%m-%dT%H:%M:%SZ")


def refused(clone: Clone, code: int, *words: str, by: Callable[[], subprocess.CompletedProcess[str]]) -> None:
    """The command `by` ends with `code` and `words`, without a traceback, and leaves whole outputs or none."""
    done = by()
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert [word for word in (*words, "→") if word not in said] == [], said
    assert "Traceback" not in said
    told = clone.folder / VALIDATED[1]
    assert not told.exists() or json.loads(told.read_text())
    there = {out: md5 for out, md5 in clone.hashes().items() if (clone.folder / out).exists() and out not in VALIDATED}
    assert {out: digest(clone.folder / out) for out in there} == there
    assert [path for name in ("data", "models", "reports") for path in (clone.folder / name).rglob(".*") if path.name != ".gitignore"] == []


def run(clone: Clone) -> Callable[[], subprocess.CompletedProcess[str]]:
    """`interlock run`, which is what `make` calls."""
    return lambda: clone.interlock("run", fails=True)


CONF = {
    "misspelt key": ("conf/model/default.yaml", "learning_rate:", "learning_rat:", "model.learning_rat", "learning_rate"),
    "misspelt choice": ("conf/config.yaml", "model: default", "model: defualt", "conf/config.yaml", "defualt", "default"),
    "misspelt group": ("conf/config.yaml", "- model: default", "- modle: default", "conf/config.yaml", "modle", "model"),
    "wrong type": ("conf/model/default.yaml", "max_bin: 255", "max_bin: many", "model.max_bin", "int", "'many'"),
    "out of range": (
        "conf/model/default.yaml",
        "learning_rate: 0.05",
        "learning_rate: 5",
        "model.learning_rate",
        "conf/model/default.yaml",
    ),
    "misspelt key of the task": ("conf/usecase/flights.yaml", "kind: binary", "knid: binary", "usecase.task.knid", "kind"),
}


@pytest.mark.parametrize("fault", CONF)
def test_a_fault_in_conf(fault: str, clone: Clone) -> None:
    """A key, group, choice or value that does not fit is named, with the file to mend, before any stage starts."""
    path, right, wrong, *words = CONF[fault]
    said = clone.folder / path
    assert right in said.read_text()
    said.write_text(said.read_text().replace(right, wrong))
    before = (clone.folder / "params.yaml").read_bytes()
    refused(clone, CONFIG, *words, by=run(clone))
    assert (clone.folder / "params.yaml").read_bytes() == before


def test_a_world_of_a_table_that_is_none(clone: Clone) -> None:
    """A table of the small world that conf does not have is named before anything runs."""
    clone.edit("conf/usecase/flights.yaml", "small:\n  flights:", "small:\n  fligths:")
    refused(clone, CONFIG, "usecase.small.fligths", "flights", by=run(clone))


def zipped(*members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"part{number}.csv", member)
    return packed.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    packed = io.BytesIO()
    frame.write_parquet(packed)
    return packed.getvalue()


def headless(frame: pl.DataFrame) -> str:
    return text(frame).partition("\n")[2]


UNREADABLE: dict[str, tuple[str, Callable[[pl.DataFrame], str | bytes], list[str]]] = {
    "missing column": ("csv", lambda planes: text(planes.drop("seats")), ["data/own/planes.csv", "seats"]),
    "no header": ("csv", headless, ["data/own/planes.csv", "no column tailnum; there are N10156"]),
    "empty file": ("csv", lambda _: "", ["data/own/planes.csv", "is empty"]),
    "cut within a line": ("csv", lambda planes: text(planes)[:-30], ["data/own/planes.csv", "fields, the header has 9"]),
    "cut zip": ("csv.zip", lambda planes: zipped(text(planes))[:-200], ["data/own/planes.csv.zip", "cannot be unpacked"]),
    "zip with two members": ("csv.zip", lambda planes: zipped(text(planes), text(planes)), ["holds 2 files", "part0.csv, part1.csv"]),
    "cut Parquet": ("parquet", lambda planes: parquet(planes)[:-100], ["data/own/planes.parquet", "not whole Parquet"]),
    "a word for a number": ("csv", lambda planes: text(planes).replace(",2,", ",two,", 1), ["engines", "row 0", "'two'"]),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_source_that_cannot_be_read(fault: str, tiny: Clone, clone: Clone) -> None:
    """A file that was replaced by a broken one is noticed as moved; accepting it is refused, for what is wrong with it, and the
    pins stay as they were."""
    suffix, broken, words = UNREADABLE[fault]
    clone.own("planes", broken(raw(tiny, "planes")), suffix)
    clone.interlock("compose")
    pins = (clone.folder / "data/sources/flights.yaml").read_bytes()
    refused(clone, SOURCE, "planes", by=lambda: clone.interlock("refresh", "--check", fails=True))
    refused(clone, SOURCE, "table planes", *words, by=lambda: clone.interlock("refresh", fails=True))
    assert (clone.folder / "data/sources/flights.yaml").read_bytes() == pins


def test_a_broken_source_that_was_pinned(tiny: Clone, clone: Clone) -> None:
    """Where the pins are those of a broken file, as after a bad merge, `ingest` says what is wrong with it; its exit code is the run's."""
    old, path = clone.own("planes", text(raw(tiny, "planes"))), clone.folder / "data/sources/flights.yaml"
    size, mark = old.stat().st_size, sha256(old)
    new = clone.own("planes", text(raw(tiny, "planes"))[:-30])
    path.write_text(path.read_text().replace(f"size: {size}", f"size: {new.stat().st_size}").replace(mark, sha256(new)))
    refused(clone, SOURCE, "data/own/planes.csv: line 3323 has", "stage ingest failed", by=run(clone))
    assert not (clone.folder / "data/raw").exists()


def test_times_without_a_zone(tiny: Clone, clone: Clone) -> None:
    """Times that carry no offset, in a column for which no zone is declared, are refused with their column and row."""
    clone.own("flights", text(raw(tiny, "flights")).replace(":00:00Z", ":00:00"))
    said = clone.folder / "conf/usecase/flights.yaml"
    said.write_text(said.read_text().replace("    zones:\n      time_hour: UTC\n", "", 1))
    clone.interlock("compose")
    refused(clone, SOURCE, "time_hour, row 0", "has no time zone", "zones", by=lambda: clone.interlock("refresh", fails=True))


def spoilt(tiny: Clone, clone: Clone, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Let a table come from a changed file, and accept that."""
    clone.own(table, text(change(raw(tiny, table))))
    clone.interlock("compose")
    clone.interlock("refresh")


def test_a_column_that_the_contract_misses(tiny: Clone, clone: Clone) -> None:
    """A source that lost a column, also in conf, breaks the contract in schema.py: table and column are named."""
    said = clone.folder / "conf/usecase/flights.yaml"
    said.write_text(said.read_text().replace("seats: Int32, ", "").replace("      seats: Int32\n", ""))
    spoilt(tiny, clone, "planes", lambda planes: planes.drop("seats"))
    refused(clone, CONTRACT, "planes: column seats is missing", "schema.py", by=run(clone))


def test_a_renamed_table(clone: Clone) -> None:
    """A table that has another name in conf than in schema.py is named on both sides."""
    said = clone.folder / "conf/usecase/flights.yaml"
    said.write_text(said.read_text().replace("\n  planes:\n", "\n  aircraft:\n", 1))
    catalog = said.read_text()
    assert "  aircraft:\n" in catalog
    said.write_text(catalog.replace("    planes:", "    aircraft:"))
    clone.interlock("compose")
    clone.interlock("refresh")
    refused(clone, DECLARATION, "planes has a contract and no data", "aircraft has data and no contract", by=run(clone))


def test_a_null_in_a_key(tiny: Clone, clone: Clone) -> None:
    """One row without a key is set aside, and counted; where many are, the table is refused with an example."""
    first = pl.int_range(pl.len()) == 0
    spoilt(tiny, clone, "planes", lambda planes: planes.with_columns(tailnum=pl.when(~first).then("tailnum")))
    clone.dvc("repro", "validate")
    set_aside = pl.read_parquet(clone.folder / "data/quarantine/planes.parquet").filter(column="tailnum")
    assert set_aside.rows() == [(0, "not_nullable", "tailnum", None)]
    spoilt(tiny, clone, "planes", lambda planes: planes.with_columns(tailnum=pl.when(pl.int_range(pl.len()) > 500).then("tailnum")))
    refused(clone, CONTRACT, "planes: 501 of 3,322 rows break not_nullable on tailnum", "as in source row 0", by=run(clone))


def test_a_table_without_rows(tiny: Clone, clone: Clone) -> None:
    """A header alone is no table."""
    clone.own("planes", text(raw(tiny, "planes").clear()))
    refused(clone, SOURCE, "data/own/planes.csv: no rows", by=lambda: clone.interlock("refresh", fails=True))


def test_labels_of_one_class(clone: Clone) -> None:
    """Where no flight was late there is nothing to learn: `train` says so, with the split and the count."""
    clone.edit("usecases/flights/events.py", 'col("arr_delay") > 15', 'col("arr_delay") > 5000')
    refused(clone, CONTRACT, "the train split has these labels: False (", "nothing to learn", by=run(clone))


def test_params_edited_by_hand(clone: Clone) -> None:
    """An edit of params.yaml is shown and kept: nothing runs on it, and it is not overwritten until that is asked for."""
    clone.edit("params.yaml", "num_leaves: 15", "num_leaves: 14")
    refused(clone, CONFIG, "params.yaml", "-  num_leaves: 14", "+  num_leaves: 15", "interlock compose", by=run(clone))
    assert "model.num_leaves changed" in clone.interlock("compose").stdout


def test_no_repository_and_no_commit(clone: Clone) -> None:
    """Without a git repository, or without a commit in it, what to run is said."""
    shutil.rmtree(clone.folder / ".git")
    refused(clone, GIT, "is not in a git repository", "git init", by=run(clone))
    clone.run("git", "init", "--quiet")
    refused(clone, GIT, "no commit yet", "git commit", by=run(clone))


def systems() -> Iterator[tuple[str, str, str]]:
    """Shells in which a folder takes no more: a full disk, where this system lets a user mount one, and a limit on file sizes."""
    mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "full", "/mnt"]
    if shutil.which("unshare") and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        yield "unshare -rm sh -c", FULL, "no space left"
    yield "sh -c", LIMITED, "larger than a file may be"


@pytest.mark.parametrize(("stage", "place"), [("score", "data/predictions"), ("evaluate", "reports")])
def test_no_space_left(stage: str, place: str, finished: Clone, tmp_path: Path) -> None:
    """A stage that the disk, or a limit, lets write no more says so with exit code 1; what it leaves are whole files."""
    for number, (shell, script, words) in enumerate(systems()):
        clone = finished.copy(tmp_path / f"{number} é")
        done = clone.run(*shell.split(), script, place, sys.executable, "-m", f"stages.{stage}", fails=True)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        left = {path.name: digest(path) for path in (clone.folder / "kept").iterdir()}
        whole = {path.name: digest(path) for path in (finished.folder / place).iterdir()}
        assert left.items() <= whole.items()
        assert left != whole
