"""`interlock check`: what is out of date is named, all of it, and nothing is written."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from interlock import pins

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_fresh_project_passes(graph: Path, interlock: Run) -> None:
    """Right after a run every check passes, also where the outputs are not here: a clone has none."""
    pins.write()
    interlock("run")
    (graph / "first.out").unlink()
    done = interlock("check")
    assert done.returncode == 0, done.stdout
    assert [line[0] for line in done.stdout.splitlines()] == ["✓"] * 5
    assert not (graph / "first.out").exists()


def test_everything_out_of_date_is_named(graph: Path, interlock: Run) -> None:
    """Drift of params, pins, sources and the lock are all shown, each with its next step; the first decides the exit code."""
    pins.write()
    interlock("run")
    for name, before, after in [
        ("conf/model/default.yaml", "seed: 7", "seed: 8"),
        ("pins.yaml", "# The", "# the"),
        ("data/sources/flights.yaml", "0.0.3", "0.0.2"),
        ("first.py", "'1'", "'2'"),
    ]:
        text = (graph / name).read_text()
        assert before in text
        (graph / name).write_text(text.replace(before, after))
    done = interlock("check")
    assert done.returncode == 2
    assert [line for line in done.stdout.splitlines() if line.startswith("✓")] == ["✓ no table is older than it may be"]
    for words in ("-  seed: 7\n+  seed: 8", "run: interlock pins", "there is 0.0.3", "to run are: first"):
        assert words in done.stdout
    assert (graph / "first.out").read_text() == "1"


def test_a_table_that_is_too_old_fails(old: Path, interlock: Run) -> None:
    """Where the catalog says that old data fail, so does the check, and all else passes."""
    pins.write()
    interlock("run")
    done = interlock("check")
    assert done.returncode == 4
    assert [line for line in done.stdout.splitlines() if line[:1] == "✗"] == ["✗ no table is older than it may be"]
    assert "must be no older than 2d" in done.stdout
    assert (old / "data" / "raw" / "flights.parquet").exists()
