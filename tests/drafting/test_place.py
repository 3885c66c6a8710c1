"""A draft among the use cases of a project that is there: its own files are added, and no other is touched."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from interlock.drafting import place
from interlock.errors import ConfigError, GitError
from interlock.files import sha256
from tests.drafting import churn
from tests.drafting.drafted import drawn_from

LOCAL = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *LOCAL, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A project of the library's kind with a commit: what a use case is added to."""
    folder = tmp_path / "a project é"
    for name in ("conf/config.yaml", "dvc.yaml", "usecases/old/schema.py", "params.yaml", "tables/old.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("# as it was\n", encoding="utf-8")
    git(folder, "init", "--quiet")
    subprocess.run(["dvc", "init", "--quiet"], cwd=folder, check=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "there")
    return folder


def test_a_use_case_joins_a_project(there: Path, tmp_path: Path) -> None:
    """Files outside of it are copied in and tracked by DVC, sources are pinned, and nothing that was there is another."""
    before = {path: sha256(path) for path in there.rglob("*") if path.is_file() and ".git/" not in str(path) and ".dvc/" not in str(path)}
    plan = drawn_from(churn.write(tmp_path / "own", customers=150), "churn")
    made = place.join(there, plan)
    assert {path: sha256(path) for path in before} == before
    assert git(there, "status", "--short", "--untracked-files=no") == ""
    new = set(git(there, "ls-files", "--others", "--exclude-standard").splitlines())
    assert new >= {*made.files, "data/sources/churn.yaml", "data/accepted/churn.json", "tables/churn/labels.parquet.dvc"}
    assert "tables/churn/labels.parquet" not in new
    labels = there / "tables/churn/labels.parquet"
    tracked = Path(f"{labels}.dvc").read_text(encoding="utf-8")
    assert tracked == place._tracked(labels)
    digest = hashlib.md5(labels.read_bytes(), usedforsecurity=False).hexdigest()
    assert (there / f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}").is_file()
    pins = YAML(typ="safe").load((there / "data/sources/churn.yaml").read_text(encoding="utf-8"))
    assert set(pins) == {"customers", "events", "labels"}
    with pytest.raises(ConfigError, match="exists already"):
        place.free(there / "churn", "churn", there)


def test_tables_of_the_project_stay_where_they_are(there: Path) -> None:
    """A file that lies in the project is read there, by its path from it; no copy is made."""
    plan = drawn_from(churn.write(there / "data/own", kind="csv", customers=150), "churn")
    place.join(there, plan)
    conf = YAML(typ="safe").load((there / "conf/usecase/churn.yaml").read_text(encoding="utf-8"))
    assert conf["tables"]["labels"] == {"from": "files", "path": "data/own/labels.csv", "types": {"as_of": "Datetime"}}
    assert not (there / "tables/churn").exists()


def test_a_use_case_joins_a_project_that_was_drafted(there: Path, tmp_path: Path) -> None:
    """Git ignores the tables of a drafted project, and not the .dvc of tables in a folder of it."""
    (there / "tables/.gitignore").write_text(place.IGNORED, encoding="utf-8")
    place.join(there, drawn_from(churn.write(tmp_path / "own", customers=150), "churn"))
    new = git(there, "ls-files", "--others", "--exclude-standard", "tables").splitlines()
    assert sorted(new) == ["tables/.gitignore", *(f"tables/churn/{name}.parquet.dvc" for name in ("customers", "events", "labels"))]


def test_what_dvc_cannot_track_is_not_left_behind(there: Path, tmp_path: Path) -> None:
    """Why is said in its words, and the same command can be given again once that is mended."""
    (there / "tables/.gitignore").write_text("*\n!.gitignore\n", encoding="utf-8")
    plan = drawn_from(churn.write(tmp_path / "own", customers=150), "churn")
    with pytest.raises(GitError, match="is git-ignored"):
        place.join(there, plan)
    assert not (there / "tables/churn").exists()
    assert not (there / "usecases/churn").exists()
    place.free(there / "churn", "churn", there)


def test_what_is_in_the_way_is_said(tmp_path: Path, there: Path) -> None:
    """A folder that is not empty, and a use case of that name."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(ConfigError, match="is not an empty folder"):
        place.free(tmp_path / "full", "full", None)
    with pytest.raises(ConfigError, match="usecases/old exists already"):
        place.free(tmp_path / "old", "old", there)


def test_a_project_is_found_from_within(there: Path) -> None:
    """From any of its folders; a project of DVC alone is none."""
    assert place.project_of(there / "usecases/old") == there
    (there / "conf/config.yaml").unlink()
    assert place.project_of(there) is None
