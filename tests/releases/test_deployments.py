"""What runs where: one file, its history in git, and what it says of any moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interlock.errors import GitError
from interlock.git import git
from interlock.releases import deployments
from interlock.releases.deployments import DEPLOYED, Deployment

START = datetime(2030, 1, 1, tzinfo=UTC)
ORDER = ("staging", "prod")


def version(number: int) -> Deployment:
    return Deployment(f"flights@v1.{number}.0", f"{number:040x}", f"{number:064x}", f"reason: {number} # no comment")


@pytest.fixture
def started(project: Path, commit: Callable[[], None]) -> Path:
    """A project with a commit, and a file that is not committed."""
    (project / "file").write_text("one")
    commit()
    (project / "work").write_text("in progress")
    return project


def moved(hours: int, monkeypatch: pytest.MonkeyPatch, **stages: int) -> None:
    """A commit at so many hours after the start, of what the stages then run."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", (START + timedelta(hours=hours)).isoformat())
    deployments.write({name: version(number) for name, number in stages.items()}, ORDER, f"at {hours}")


@pytest.mark.usefixtures("started")
def test_every_moment_has_what_ran_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first change nothing; at the moment of a change already what it put; the last holds on."""
    assert deployments.now() == {} == deployments.at(START)
    moved(1, monkeypatch, staging=1)
    moved(2, monkeypatch, prod=1, staging=2)
    moved(3, monkeypatch, staging=2, prod=2)
    moved(4, monkeypatch, prod=1, staging=2)
    told = {
        hour: {name: each.version for name, each in deployments.at(START + timedelta(hours=hour)).items()} for hour in (0.99, 1, 2.5, 3, 99)
    }
    runs = {1: "flights@v1.1.0", 2: "flights@v1.2.0"}
    assert told == {
        0.99: {}, 1: {"staging": runs[1]}, 2.5: {"staging": runs[2], "prod": runs[1]}, 3: {"staging": runs[2], "prod": runs[2]},
        99: {"staging": runs[2], "prod": runs[1]},
    }  # fmt: skip
    assert list(deployments.now()) == ["staging", "prod"]
    assert [each.version for each in deployments.before("prod", version(1))] == [runs[2]]
    assert [change.subject for change in deployments.history()] == ["at 4", "at 3", "at 2", "at 1"]


@pytest.mark.usefixtures("started")
def test_a_move_commits_its_file_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else is changed or staged stays as it is; a move that changes nothing makes no commit."""
    git("add", "work")
    moved(1, monkeypatch, prod=1)
    assert git("show", "--format=", "--name-only", "HEAD").split() == [str(DEPLOYED)]
    assert git("status", "--porcelain").split() == ["A", "work"]
    head = git("rev-parse", "HEAD")
    moved(2, monkeypatch, prod=1)
    assert git("rev-parse", "HEAD") == head


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize(
    "text", ["[]", "prod: {version: 1}", "prod: {version: a, commit: b, bundle: c, reason: d}", "a: [", "\udcff", "prod: &a [*a]"]
)
def test_a_file_that_was_edited_by_hand_is_refused(text: str, commit: Callable[[], None]) -> None:
    """With the file, and the way back."""
    DEPLOYED.write_bytes(text.encode("utf-8", "surrogateescape"))
    commit()
    with pytest.raises(GitError, match=r"deployed.yaml of HEAD is not what promote and rollback write"):
        deployments.now()


@pytest.mark.usefixtures("started")
def test_a_move_that_was_cut_short_is_completed_and_another_edit_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between file and commit, the next run of the same move goes on; anything else in the file is for a person."""
    moved(1, monkeypatch, prod=1)
    wanted = {"prod": version(2)}
    deployments.settled(wanted)
    git("checkout", "--quiet", "-b", "other")
    moved(2, monkeypatch, prod=2)
    content = DEPLOYED.read_bytes()
    git("checkout", "--quiet", "-")
    DEPLOYED.write_bytes(content)
    deployments.settled(wanted)
    with pytest.raises(GitError, match="changes that are not committed"):
        deployments.settled({"prod": version(3)})
