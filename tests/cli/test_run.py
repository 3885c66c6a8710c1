"""`interlock run` on a small graph: what it runs, what it says, and with what it exits."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import outcome
from interlock.evaluation.verdicts import SIGNS
from interlock.files import read_json

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_run_tells_what_ran_and_the_second_runs_nothing(graph: Path, interlock: Run) -> None:
    """Each stage is named as it starts and timed at the end; run again, from a folder further down, nothing runs."""
    first = interlock("run")
    assert first.returncode == 0, first.stderr
    assert "▸ first\n▸ second\n" in first.stdout
    assert re.search(r"Ran  first\xa0\d+\.\d\xa0s, second\xa0\d+\.\d\xa0s", first.stdout)
    again = interlock("run", cwd=graph / "data")
    assert again.returncode == 0
    assert "▸" not in again.stdout
    assert "nothing, all is up to date" in again.stdout


def test_an_edit_of_conf_is_composed_named_and_run(graph: Path, interlock: Run) -> None:
    """After an edit in conf the changed keys are named, and what reads them runs; what it wrote is the same, so nothing after it."""
    interlock("run")
    path = graph / "conf" / "model" / "default.yaml"
    path.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    done = interlock("run")
    assert "params.yaml: model.seed changed in conf" in done.stdout
    assert "▸ first\n" in done.stdout
    assert "▸ second" not in done.stdout


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [
        (
            "from interlock.errors import ContractError, guard\ndef main(): raise ContractError('bad rows', 'mend them')\nguard(main)",
            5,
            "exit code 5",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", 137, "signal 9"),
    ],
)
def test_a_stage_that_fails_ends_the_run_with_its_code(graph: Path, interlock: Run, code: str, exit_code: int, said: str) -> None:
    """The run ends with the failed stage's own exit code, its words before ours; no later stage runs."""
    (graph / "first.py").write_text(code)
    done = interlock("run")
    assert done.returncode == exit_code
    assert "error: stage first" in done.stderr
    assert said in done.stderr
    assert "second" not in done.stdout
    if exit_code == 5:
        assert done.stderr.index("bad rows\n  → mend them") < done.stderr.index("stage first")


@pytest.mark.parametrize("file", ["data/sources/flights.yaml", "data/accepted/flights.json"])
def test_a_file_that_refresh_writes_is_asked_of_it(graph: Path, interlock: Run, file: str) -> None:
    """A stage whose pins or accepted profile were never made, or are gone, says which command makes them."""
    (graph / file).unlink(missing_ok=True)
    (graph / "dvc.yaml").write_text((graph / "dvc.yaml").read_text().replace("deps: [first.py]", f"deps: [first.py, {file}]"))
    done = interlock("run")
    assert done.returncode == 6
    assert f"error: {file} does not exist\n  → run: interlock refresh\n" in done.stderr


def test_an_interrupted_stage_ends_the_run_without_more_words(graph: Path, interlock: Run) -> None:
    """Ctrl-C reaches the stage, which says what to do; the run ends with 130 and adds nothing, and is completed by the next."""
    whole = (graph / "first.py").read_text()
    (graph / "first.py").write_text("from interlock.errors import guard\ndef main(): raise KeyboardInterrupt\nguard(main)")
    done = interlock("run")
    assert done.returncode == 130
    assert done.stderr == "error: interrupted: run the same command again, finished stages are kept\n"
    (graph / "first.py").write_text(whole)
    assert interlock("run").returncode == 0


def test_a_source_that_moved_is_noticed_before_and_after(graph: Path, interlock: Run) -> None:
    """A source that is not as pinned is said first and again last, with the next step; the run goes on with what is pinned."""
    pins = graph / "data" / "sources" / "flights.yaml"
    pins.write_text(pins.read_text().replace("0.0.3", "0.0.2"))
    done = interlock("run")
    assert done.returncode == 0
    assert done.stderr.count("moved: table flights moved: pinned is version 0.0.2, there is 0.0.3") == 2
    assert "interlock refresh" in done.stderr


def test_a_table_that_is_too_old_is_told_at_the_end(old: Path, interlock: Run) -> None:
    """A run goes through with old data, and says so after the outcome."""
    done = interlock("run")
    assert done.returncode == 0, done.stderr
    assert "stale: table flights is " in done.stderr
    assert "(its last time_hour is 2013-12-31 00:00:00+00:00), and must be no older than 2d" in done.stderr
    assert (old / "first.out").exists()


def test_what_a_killed_process_left_of_the_locks_stops_nothing(graph: Path, interlock: Run) -> None:
    """DVC lists the paths in use in a file that it rewrites in place; half of it, which DVC refuses to read, is cleared away."""
    locks = graph / ".dvc" / "tmp" / "rwlock"
    locks.write_text("")
    done = interlock("run")
    assert done.returncode == 0, done.stderr
    assert (graph / "second.out").exists()


def test_without_git_nothing_starts(graph: Path, interlock: Run) -> None:
    """Without a commit, or without a repository, the run says which, exits with 7, and has started nothing."""
    shutil.rmtree(graph / ".git")
    plain = interlock("run")
    assert plain.returncode == 7
    assert "is not in a git repository\n  → run: git init" in plain.stderr
    subprocess.run(["git", "init", "--quiet"], cwd=graph, check=True)
    empty = interlock("run")
    assert empty.returncode == 7
    assert "has no commit yet\n  → run: git add" in empty.stderr
    assert not (graph / "dvc.lock").exists()


def test_params_edited_by_hand_stop_the_run(graph: Path, interlock: Run) -> None:
    """A params.yaml that conf does not say is refused with the difference before any stage runs."""
    params = graph / "params.yaml"
    params.write_text(params.read_text().replace("seed: 7", "seed: 9"))
    done = interlock("run")
    assert done.returncode == 2
    assert "-  seed: 9\n+  seed: 7" in done.stderr
    assert "▸" not in done.stdout


def test_a_run_of_nothing_imports_nothing_heavy(graph: Path, interlock: Run) -> None:
    """Where nothing changed, a run imports DVC, and no Polars, Hydra, Pandera or NumPy."""
    interlock("run")
    code = (
        "import sys; from interlock.cli.main import interlock; interlock.main(['run'], standalone_mode=False); "
        "print('heavy:', [m for m in sys.argv[1:] if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "dvc", "polars", "hydra", "omegaconf", "pandera", "numpy", "lightgbm"]
    done = subprocess.run(
        command, cwd=graph, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, check=True, capture_output=True, text=True
    )
    assert done.stdout.endswith("heavy: ['dvc']\n")


def test_the_outcome_is_that_of_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures printed are those of the reports in git, to four places."""
    monkeypatch.chdir(ROOT)
    facts, metrics = outcome.facts(), read_json(Path("reports/metrics.json"))
    assert f"{metrics['test']['auc']:.4f} ({metrics['test']['auc_low']:.4f} to {metrics['test']['auc_high']:.4f})" in facts["Test"][0]
    gates = read_json(Path("reports/gates.json"))["gates"]
    assert facts["Gates"] == [f"{SIGNS[gate['verdict']]} {gate['name']}: {gate['words']}" for gate in gates]
    tables = read_json(Path("reports/validation.json"))["tables"]
    assert [line.split()[0] for line in facts["Rows"]] == ["flights", "weather", "planes", "airports"]
    assert facts["Rows"][0].startswith(f"flights {tables['flights']['rows']:,} ({tables['flights']['quarantined']:,} set aside)")
