"""`interlock sweep`, as a user runs it."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from interlock.cli.sweep import sweep
from interlock.cli.sweep_live import Shown
from interlock.cli.sweep_words import changed
from interlock.sweeping.results import TRIALS
from interlock.sweeping.trial import COMPLETE, Trial
from tests.sweeping.swept import project

ROOT = Path(__file__).parents[2]
FEW = ["--trials", "4", "--only", "num_leaves", "--only", "learning_rate"]


@pytest.fixture
def flights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with this one's conf."""
    folder = project(tmp_path, monkeypatch, every=12, rounds=10)
    shutil.copytree(ROOT / "conf", folder / "conf")
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(sweep, words)


def test_a_sweep_says_what_was_found_and_what_comes_next(flights: Path) -> None:
    """A line a trial, the verdict in the words of champion and candidate, where everything lies, and a next command; then nothing is trained twice."""
    first = run(*FEW)
    assert first.exit_code == 0, first.output
    assert "the test rows stay shut" in first.stderr
    assert sorted(line.split("trial ")[1][0] for line in first.stderr.splitlines() if " of 4  trial" in line) == list("0123")
    assert "the current configuration" in first.stdout
    assert first.stdout.splitlines()[-1].startswith("next: ")
    frame = pl.read_parquet(flights / TRIALS)
    assert frame.columns == ["trial", "state", "value", "validation", "rounds", "learning_rate", "num_leaves", "exclude", "why"]
    assert frame["trial"].to_list() == [0, 1, 2, 3]
    page = (flights / "reports/sweep.html").read_text()
    assert page.count("<svg") == 1
    again = run(*FEW, "--json")
    assert "4 trials are kept" in again.stderr
    assert " of 4  trial" not in again.stderr
    found = json.loads(again.stdout)
    assert (found["metric"], found["trials"], found["current"]["trial"]) == ("auc", 4, 0)
    assert found["winner"]["value"] == frame["value"].max()


@pytest.mark.usefixtures("flights")
def test_other_settings_are_refused_until_they_are_wanted() -> None:
    """Another seed would mix two searches: it is refused with what differs, and `--new` begins it."""
    assert run(*FEW).exit_code == 0
    refused = run(*FEW, "--seed", "8")
    assert "search.seed was 7, is 8" in str(refused.exception)
    assert run(*FEW, "--seed", "8", "--new").exit_code == 0


def test_flags_stand_in_the_place_of_conf(flights: Path) -> None:
    """A grid of two keys has each combination, features go in and out, and folds have a column each."""
    words = ["--sampler", "grid", "--only", "max_bin", "--features", "feature", "--folds", "2", "--trials", "3", "--pruner", "median"]
    conf = flights / "conf/sweep/default.yaml"
    conf.write_text(conf.read_text().replace("space:\n", "space:\n  max_bin: [31, 63]\n"))
    done = run(*words)
    assert done.exit_code == 0, done.output
    frame = pl.read_parquet(flights / TRIALS)
    assert {"fold_1", "features.hour", "max_bin"} <= set(frame.columns)
    assert frame["exclude"].to_list()[1:] == ["", "air"]
    assert "mean of 2" in done.stdout
    assert "combinations, of which the first 2 are tried: --only KEY, or --trials " in done.stderr


def test_the_page_shows_what_mattered_where_trials_are_enough(flights: Path) -> None:
    """Of 24 trials both pictures are drawn, and of what varies each has its part; nothing in the page runs or is fetched."""
    done = run("--trials", "24", "--only", "num_leaves", "--only", "learning_rate", "--json")
    parts = json.loads(done.stdout)["importance"]
    assert set(parts) == {"num_leaves", "learning_rate"}
    assert sum(parts.values()) == pytest.approx(1)
    page = (flights / "reports/sweep.html").read_text()
    assert page.count("<svg") == 2
    assert "<script" not in page


def test_the_live_table_names_the_best_and_those_that_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The best first, then each that runs with its round; nothing from conf is taken for markup."""
    from io import StringIO

    from rich.console import Console
    from rich.live import Live

    console = Console(file=StringIO(), width=100, force_terminal=False)
    shown = Shown("auc", Live(console=console))
    shown.began(6, 0)
    for number, value in enumerate((0.7, 0.9, 0.8)):
        shown.started(number, {"num_leaves": number})
        shown.ended(Trial(number, {"num_leaves": number}, COMPLETE, values=(value,), rounds=5), kept=False)
    shown.started(3, {"features.[red]wind": False})
    shown.round(3, 0, 1234)
    console.print(shown.table())
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "3 of 6 trials" in text
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["1", "2", "0", "3"]
    assert "round 1,234" in text
    assert "without [red]wind" in text
    assert capsys.readouterr().out == ""


def test_a_point_reads_as_a_line() -> None:
    """Numbers as a person writes them, groups of features that are out, and what would move a terminal as its escape."""
    assert changed({}) == "the current configuration"
    point = {"learning_rate": 0.05, "num_leaves": 63, "features.a\x1b[2J": False, "features.b": True}
    assert changed(point) == "learning_rate 0.05, num_leaves 63, without a\\x1b[2J"
