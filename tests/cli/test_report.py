"""The words of `interlock report`; what it says is tested on whole repositories."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.cli.report import report
from interlock.errors import GitError


@pytest.mark.parametrize("words", [["--json", "--output", "x.md"], ["--json", "--images", "x"], ["--images-url", "https://x"]])
def test_words_that_do_not_go_together_are_refused(words: list[str], project: Path) -> None:
    """Before anything is read or written."""
    done = CliRunner().invoke(report, words)
    assert done.exit_code == 2
    assert "goes with" in done.output
    assert not list(project.glob("x*"))


def test_a_commit_without_a_lock_is_refused_with_what_to_run(project: Path, commit: Callable[[], None]) -> None:
    """Nothing was built there yet."""
    (project / "dvc.yaml").write_text("stages: {}\n")
    commit()
    subprocess.run(["git", "branch", "-f", "main"], check=False, capture_output=True)
    done = CliRunner().invoke(report, ["--base", "HEAD"])
    assert isinstance(done.exception, GitError)
    assert "make" in done.exception.remedy


def test_without_a_default_branch_one_must_be_named(project: Path, commit: Callable[[], None]) -> None:
    """It does not guess."""
    (project / "dvc.yaml").write_text("stages: {}\n")
    commit()
    subprocess.run(["git", "branch", "-m", "trunk"], check=True)
    done = CliRunner().invoke(report, [])
    assert isinstance(done.exception, GitError)
    assert "interlock report --base REV" in done.exception.remedy
