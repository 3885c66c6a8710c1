"""What is read out of git, from a real repository."""

import subprocess
from pathlib import Path

import pytest

from interlock import git
from interlock.errors import GitError


def test_many_files_of_commits_are_read_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their path from the current folder, byte for byte; what is not there, or is a folder, is left out, and does not shift the others."""
    files = {"a": b"", "b é": b"no end of line", "c": b"x missing\n5\n\x00\xff", "d/e": b"below\n"}
    for name, content in files.items():
        path = project / "sub" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "files"], check=True)
    monkeypatch.chdir(project / "sub")
    asked = [f"HEAD:./{name}" for name in ("a", "nowhere", "d", *files, "b é")]
    assert git.contents([*asked, "nothing:./a"]) == {f"HEAD:./{name}": content for name, content in files.items()}
    assert git.contents([]) == {}


def test_nothing_is_read_where_there_is_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error in git's own words, not an answer that nothing is there."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitError, match="not a git repository"):
        git.contents(["HEAD:./a"])
