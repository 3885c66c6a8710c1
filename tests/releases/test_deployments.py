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
    assert [each.version for each in deployments.ran("prod")] == [runs[1], runs[2]]
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


@pytest.mark.usefixtures("started")
def test_going_back_never_leads_to_what_was_gone_back_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the current version lies what ran before it was first put there; what was rolled back from since is none of that."""
    for hour, number in enumerate((1, 2, 3), 1):
        moved(hour, monkeypatch, prod=number)
    assert [each.version for each in deployments.before("prod")] == ["flights@v1.2.0", "flights@v1.1.0"]
    moved(4, monkeypatch, prod=2)
    assert [each.version for each in deployments.before("prod")] == ["flights@v1.1.0"]
    moved(5, monkeypatch, prod=1)
    assert deployments.before("prod") == []
    moved(6, monkeypatch, prod=3)
    assert [each.version for each in deployments.before("prod")] == ["flights@v1.1.0"]
    assert [each.version for each in deployments.ran("prod")] == ["flights@v1.3.0", "flights@v1.1.0", "flights@v1.2.0"]


@pytest.mark.usefixtures("started")
def test_a_commit_that_nobody_can_read_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file broken by hand and mended since, a subject with control characters: what ran before and after is told all the same, and
    only of the time between nothing is."""
    moved(1, monkeypatch, prod=1)
    for hour, text in ((2, "<<<<<<< HEAD\n"), (3, "foo: bar\n")):
        DEPLOYED.write_text(text)
        monkeypatch.setenv("GIT_COMMITTER_DATE", (START + timedelta(hours=hour)).isoformat())
        git("commit", "--quiet", "--all", "--message", "odd\x1fsub\x1eject")
    moved(4, monkeypatch, prod=2)
    assert [change.deployed is None for change in deployments.history()] == [False, True, True, False]
    assert [each.version for each in deployments.before("prod")] == ["flights@v1.1.0"]
    assert deployments.at(START + timedelta(hours=1))["prod"].version == "flights@v1.1.0"
    with pytest.raises(GitError, match="is not what promote and rollback write"):
        deployments.at(START + timedelta(hours=2))
    assert deployments.now()["prod"].version == "flights@v1.2.0"


@pytest.mark.usefixtures("started")
def test_a_move_whose_commit_is_refused_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a hook, for one: the file is what it was, the first one is gone, a draft as well, and the next move goes on."""
    hook = Path(".git/hooks/pre-commit")
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    draft = Path("draft.md")
    for first in (True, False):
        before = DEPLOYED.read_bytes() if DEPLOYED.is_file() else None
        draft.write_text("why")
        with pytest.raises(GitError, match="git commit"):
            deployments.write({"prod": version(2)}, ORDER, "refused", draft)
        assert (DEPLOYED.read_bytes() if DEPLOYED.is_file() else None) == before
        assert git("status", "--porcelain").split() == ["??", "work"]
        if first:
            hook.rename("hook")
            moved(1, monkeypatch, prod=1)
            Path("hook").rename(hook)


@pytest.mark.usefixtures("started")
def test_moves_in_one_clone_are_made_one_after_the_other() -> None:
    """While one is being made another is refused, and told what to do."""
    with (
        deployments.alone(),
        pytest.raises(GitError, match="another promotion or rollback is being made in this clone"),
        deployments.alone(),
    ):
        pass
    with deployments.alone():
        pass
