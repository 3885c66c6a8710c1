"""Experiments that DVC runs elsewhere, and `interlock adopt` after them, on the whole graph in its small world."""

import csv
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from tests.graph.clone import RAN, Clone

AS_FAR_AS = "evaluate"
RUN = ("train", "score", AS_FAR_AS)
PATIENCE = 300


@pytest.fixture
def plain(finished: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished project in a folder with a plain name: DVC's queue cannot write another."""
    return finished.copy(tmp_path / "a project")


def queued(clone: Clone) -> str:
    """Run what is queued; DVC waits for ever where a worker dies."""
    command = [sys.executable, "-P", "-m", "dvc", "exp", "run", "--run-all"]
    done = subprocess.run(
        command, cwd=clone.folder, env={**clone.environment}, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return done.stdout + done.stderr


def experiments(clone: Clone) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(clone.dvc("exp", "show", "--csv", "--only-changed", "--no-pager").splitlines())
    return {row["Experiment"]: row for row in rows if row["typ"] != "baseline"}


def test_a_grid_is_queued_run_compared_and_the_better_one_adopted(plain: Clone) -> None:
    """A grid of two runs from the queue, only from `train` on. `exp show` has both, the changed figures first, and `exp diff`, `apply`
    and `branch` take them by name. Adopting one composes to its parameters; the graph then takes its outputs from the cache, with
    the very hashes of the experiment, and the reports in git are its reports."""
    plain.dvc("exp", "run", "--queue", "-S", "model.rounds=20,40", "-S", "model.exclude=[wind_dir]", AS_FAR_AS)
    said = queued(plain)
    assert RAN.findall(said) == [*RUN, *RUN]
    found = {row["model.rounds"]: name for name, row in experiments(plain).items()}
    assert set(found) == {"20", "40"}
    columns = list(experiments(plain)[found["20"]])
    assert next(name for name in columns if "." in name).startswith("validation.")
    assert {"test.auc", "test.auc_low", "test.auc_high"} <= set(columns)
    assert "model.rounds" in plain.dvc("exp", "diff", found["20"], found["40"])
    plain.dvc("exp", "branch", found["20"], "kept")
    assert "rounds: 20" in plain.run("git", "show", "kept:params.yaml").stdout
    plain.dvc("exp", "apply", found["20"])
    before = (plain.folder / "params.yaml").read_bytes()
    applied, metrics = plain.hashes(), (plain.folder / "reports/metrics.json").read_bytes()
    plain.run("git", "checkout", "--quiet", ".")
    said = plain.interlock("adopt", found["20"], "--name", "fewer").stdout
    assert "It includes the experiment small." in said
    assert (plain.folder / "params.yaml").read_bytes() == before
    written = YAML(typ="safe").load((plain.folder / "conf/experiment/fewer.yaml").read_text())
    assert written["model"] == {"rounds": 20, "exclude": ["wind_dir"]}
    assert "Running stage" not in plain.dvc("repro", AS_FAR_AS)
    assert plain.hashes() == applied
    assert (plain.folder / "reports/metrics.json").read_bytes() == metrics
    assert plain.interlock("compose", "--check").returncode == 0


def test_a_temporary_run_says_what_git_left_behind(plain: Clone) -> None:
    """A temporary run of a use case whose table git does not track fails, and says that such runs hold only what git tracks;
    `interlock check` says it beforehand. As a failed experiment is kept nowhere, `adopt` says where to look. Tracked, it runs."""
    planes = pl.read_parquet(plain.folder / "data/raw/planes.parquet").drop("source_row")
    plain.own("planes", planes.write_csv(null_value="NA"))
    plain.interlock("compose")
    plain.interlock("refresh")
    plain.commit()
    said = plain.dvc("exp", "run", "--temp", "--name", "lost", "ingest", fails=True)
    assert "data/own/planes.csv is in " in said
    assert "hold only what git tracks: git add -f it" in said
    checked = plain.interlock("check", "--fast", fails=True).stdout
    assert "git does not track data/own/planes.csv: git add -f takes it along" in checked
    assert "a queued one" in plain.interlock("adopt", "lost", fails=True).stderr
    plain.run("git", "add", "--force", "data/own/planes.csv")
    plain.commit()
    assert RAN.findall(plain.dvc("exp", "run", "--temp", "--name", "found", "ingest")) == ["ingest"]
    assert "found" in plain.dvc("exp", "list", "--name-only")
