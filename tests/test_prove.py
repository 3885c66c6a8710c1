"""`interlock prove` on small real projects: what it proves, and what it finds."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

GRAPH = """
stages:
  make:
    cmd: python make.py
    deps: [make.py, data/source.txt]
    outs: [data/made]
  count:
    cmd: python count.py
    deps: [count.py, data/made]
    outs:
      - report.json: {cache: false}
"""
MAKE = """
from pathlib import Path
import polars as pl

rows = [int(line) for line in Path("data/source.txt").read_text().split()]
place = Path("data/made")
place.mkdir(parents=True, exist_ok=True)
pl.DataFrame({"a": rows, "b": [row * 0.5 for row in rows]}).write_parquet(place / "rows.parquet")
(place / "rows.txt").write_text("\\n".join(map(str, rows)))
"""
COUNT = """
import json
from pathlib import Path

rows = [int(line) for line in Path("data/made/rows.txt").read_text().split()]
Path("report.json").write_text(json.dumps({"rows": len(rows), "sums": {"a": sum(rows)}}))
"""
SOURCE = b"1\n2\n3\n4\n"
CLOCK = '\nimport time\nframe = pl.read_parquet(place / "rows.parquet")\n'
LATE = '\n(place / "rows.txt").write_text(f"{time.time_ns()}")\nframe.with_columns(b=pl.when(pl.col("a") == 3).then(time.time()).otherwise("b")).write_parquet(place / "rows.parquet")\n'
Run = Callable[..., subprocess.CompletedProcess[str]]
Commit = Callable[[], None]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test's small project is kept for the others, once `dvc repro` has run in it."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def built(project: Path, dvc: Run, finished: Path) -> Path:
    """The small project after `dvc repro`: its source is tracked by DVC and lies outside git."""
    if not (finished / "dvc.lock").exists():
        _build(project)
        dvc("repro")
        shutil.copytree(project, finished, dirs_exist_ok=True)
    shutil.copytree(finished, project, dirs_exist_ok=True)
    return project


def _build(project: Path) -> None:
    (project / "data").mkdir()
    (project / "data" / "source.txt").write_bytes(SOURCE)
    tracked = (
        f"outs:\n- md5: {hashlib.md5(SOURCE, usedforsecurity=False).hexdigest()}\n  size: {len(SOURCE)}\n  hash: md5\n  path: source.txt\n"
    )
    (project / "data" / "source.txt.dvc").write_text(tracked)
    (project / ".gitignore").write_text("/data/source.txt\n__pycache__/\n")
    for name, text in {"dvc.yaml": GRAPH, "make.py": MAKE, "count.py": COUNT, "requirements.txt": "polars==1\n"}.items():
        (project / name).write_text(text)


def test_a_deterministic_commit_is_proven(
    built: Path, commit: Commit, interlock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that rebuilds to the same bytes is proven, from another folder than its own, and leaves nothing behind."""
    commit()
    (tmp_path / "tem p").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tem p"))
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    done = interlock("prove", "--json", cwd=built / "data")
    assert done.returncode == 0, done.stderr
    proof = json.loads(done.stdout)
    assert proof["holds"] is True
    assert proof["stages"] == {"make": 1, "count": 1}
    assert proof["platform"]["POLARS_MAX_THREADS"] == "1"
    assert "▸ make" in done.stderr
    assert list((tmp_path / "tem p").iterdir()) == []
    assert subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout == ""


def test_a_clock_in_a_column_is_found(built: Path, commit: Commit, dvc: Run, interlock: Run) -> None:
    """A clock that reaches one cell of a frame is named by stage, file, column and row, with both values; what follows is listed."""
    (built / "make.py").write_text(MAKE + CLOCK + LATE)
    dvc("repro")
    commit()
    done = interlock("prove")
    assert done.returncode == 6
    assert "stage make diverges first" in done.stdout
    assert "  data/made/rows.parquet\n    column b differs in 1 row, first in row 2: " in done.stdout
    assert "  data/made/rows.txt\n    line 1 differs: " in done.stdout
    assert "and after it: count" in done.stdout


def test_a_report_edited_in_git_is_found(built: Path, commit: Commit, interlock: Run) -> None:
    """A report that was altered after the run, and committed, does not stand: it is rebuilt and compared with the commit's."""
    report = built / "report.json"
    report.write_text(report.read_text().replace("10", "11"))
    commit()
    done = interlock("prove")
    assert done.returncode == 6
    assert "key sums.a differs: 11 became 10" in done.stdout


def test_changed_sources_and_dirty_trees_are_said(built: Path, commit: Commit, interlock: Run) -> None:
    """A source that is not what dvc.lock says is named as the input that moved, and an uncommitted change is not what is proven."""
    commit()
    (built / "data" / "source.txt").write_text("1\n2\n3\n5\n")
    (built / "count.py").write_text("raise SystemExit(1)")
    done = interlock("prove")
    assert "1 files differ from the commit" in done.stderr
    assert "the inputs are not those of dvc.lock: data/source.txt (make)" in done.stdout
    assert "column a differs in 1 row, first in row 3: 4 became 5" in done.stdout
    assert (built / "data" / "source.txt").read_text() == "1\n2\n3\n5\n"


def test_a_commit_that_does_not_run_is_said(built: Path, commit: Commit, interlock: Run) -> None:
    """A stage that works here but not in a clone (it reads a file that git ignores) fails the proof with its own last words."""
    (built / "make.py").write_text(MAKE + '\nPath("__pycache__/x").read_text()\n')
    commit()
    done = interlock("prove")
    assert done.returncode == 6
    assert "FileNotFoundError" in done.stderr
    assert "mend that, commit, and run again" in done.stderr


def test_without_a_lock_there_is_nothing_to_prove(project: Path, commit: Commit, interlock: Run) -> None:
    """Without a repository, a commit or a dvc.lock in it, prove says which of these is missing and exits with 7."""
    (project / "dvc.yaml").write_text(GRAPH)
    assert "has no commit yet" in (none := interlock("prove")).stderr
    commit()
    assert "holds no dvc.lock" in (unlocked := interlock("prove")).stderr
    (project / ".git").rename(project / "not git")
    assert "is not in a git repository" in (plain := interlock("prove")).stderr
    assert {none.returncode, unlocked.returncode, plain.returncode} == {7}
    assert not (project / "dvc.lock").exists()
