"""Releases as tags: written once, read back, and refused where somebody moved or made one by hand."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interlock.errors import GitError
from interlock.git import git, head
from interlock.releases import registry
from interlock.releases.registry import Registry, Release
from interlock.releases.versions import Version

WORDS = "flights v1.0.0\n\n# Not a comment\n---\nwords with a rule of their own"


def made(version: str = "v1.0.0", **other: Any) -> Release:
    """A release of the commit that is checked out."""
    said: dict[str, Any] = {
        "usecase": "flights", "version": version, "commit": head(), "bundle": "ab" * 32, "artifact": "cd" * 16 + ".dir", "model": "ef" * 32,
        "featureset": "01" * 32, "contract": "23" * 32, "verdict": "pass", "champion": None, "comparison": {"metrics": [{"gain": 0.1}]},
        "waivers": ({"gate": "auc", "reason": "ünïcode"},), "remote": None,
    }  # fmt: skip
    return Release(**(said | other))


@pytest.fixture
def committed(project: Path, commit: Callable[[], None]) -> Path:
    """A project with a commit."""
    (project / "file").write_text("one")
    commit()
    return project


@pytest.mark.usefixtures("committed")
def test_a_release_is_read_back_as_it_was_written(commit: Callable[[], None]) -> None:
    """Whatever its words hold; versions come in the order of their numbers, tags of other models and other tags do not count."""
    found = Registry("flights")
    wanted = []
    for version in ("v1.10.0", "v1.2.0", "v1.9.0"):
        Path("file").write_text(version)
        commit()
        wanted.append(made(version))
        found.write(wanted[-1], WORDS)
    git("tag", "--annotate", "--message", "x", "other@v1.0.0")
    git("tag", "flights@vnext")
    assert [release.version for release in found.all()] == ["v1.2.0", "v1.9.0", "v1.10.0"]
    assert found.one(Version(1, 10, 0)) == wanted[0]
    assert git("tag", "--list", "--format=%(contents)", "flights@v1.10.0").startswith(WORDS)


@pytest.mark.usefixtures("committed")
def test_a_version_is_written_once() -> None:
    """A tag that is there stays."""
    Registry("flights").write(made(), WORDS)
    with pytest.raises(GitError, match="already exists"):
        Registry("flights").write(made(bundle="00" * 32), WORDS)
    assert Registry("flights").one(Version(1, 0, 0)).bundle == "ab" * 32


@pytest.mark.usefixtures("committed")
def test_a_tag_that_was_moved_is_refused(commit: Callable[[], None]) -> None:
    """To another commit with the old message, as a plain tag, with the name of another version: each is told, none is believed."""
    first = made()
    Registry("flights").write(first, WORDS)
    message = git("tag", "--list", "--format=%(contents)", "flights@v1.0.0")
    Path("file").write_text("two")
    commit()
    moves = [
        (["tag", "--force", "--annotate", "--cleanup=verbatim", "--message", message, "flights@v1.0.0", "HEAD"], "was moved"),
        (["tag", "--force", "flights@v1.0.0", first.commit], "is no annotated tag"),
        (["tag", "--force", "--annotate", "--message", "by hand", "flights@v1.0.0", first.commit], "was not made by a release"),
        (["tag", "--force", "--annotate", "--cleanup=verbatim", "--message", message, "flights@v1.0.1", first.commit], "was moved"),
    ]
    for command, found in moves:
        git(*command)
        with pytest.raises(GitError, match=found):
            Registry("flights").all()
        git("tag", "--delete", command[-2])


@pytest.mark.usefixtures("committed")
def test_a_byte_that_was_changed_in_a_message_is_refused_or_told() -> None:
    """The JSON of a message with a field too many, too few or of another type is no release."""
    release = msgspec.to_builtins(made())
    for number, broken in enumerate([release | {"more": 1}, {k: v for k, v in release.items() if k != "bundle"}, release | {"bundle": 1}]):
        text = WORDS + registry.RULE + msgspec.json.encode(broken).decode()
        git("tag", "--annotate", "--cleanup=verbatim", "--message", text, f"flights@v2.0.{number}")
        with pytest.raises(GitError, match=f"the tag flights@v2.0.{number} was not made by a release"):
            Registry("flights").one(Version(2, 0, number))


def test_a_shallow_clone_is_refused(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hide a rollback; a full clone is not."""
    registry.whole()
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "more"], cwd=committed, check=True)
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", committed.as_uri(), tmp_path / "shallow"], check=True)
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(GitError, match="shallow clone"):
        registry.whole()


@pytest.mark.usefixtures("committed")
def test_a_bad_tag_is_listed_apart() -> None:
    """Whoever only shows releases shows the good ones, and what is wrong with the others."""
    Registry("flights").write(made(), WORDS)
    git("tag", "flights@v9.9.9")
    found, wrong = Registry("flights").sound()
    assert [release.version for release in found] == ["v1.0.0"]
    assert wrong == ["the tag flights@v9.9.9 is no annotated tag: no release made it, or it was moved"]
