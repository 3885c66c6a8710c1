"""A project made for a team: everything it needs, nothing of the library but its wheel, and nothing touched around it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from interlock.errors import ConfigError, InterlockError
from interlock.scaffold import repository
from interlock.scaffold.project import create
from tests.scaffold import small
from tests.scaffold.conftest import Made

ROOT = Path(__file__).parents[2]


def graph(path: Path) -> dict[str, dict[str, list[str]]]:
    stages = YAML(typ="safe").load(path.read_text())["stages"]
    return {name: {**stage, "deps": [dep for dep in stage["deps"] if not dep.startswith("interlock/")]} for name, stage in stages.items()}


def test_the_graph_is_this_repositorys_less_the_librarys_modules(created: Made) -> None:
    """Stages, commands, data, parameters and outputs are those of dvc.yaml here; no module of the library is a dep."""
    assert graph(created.folder / "dvc.yaml") == graph(ROOT / "dvc.yaml")
    said = YAML(typ="safe").load((created.folder / "dvc.yaml").read_text())
    assert not any(dep.startswith("interlock/") for stage in said["stages"].values() for dep in stage["deps"])
    assert said["artifacts"] == {
        "loans": {"path": "models/bundle", "type": "model", "desc": "Loans that are not paid back: who asks for too much?"}
    }


def test_a_project_holds_no_copy_of_the_library(created: Made) -> None:
    """What git has of a project: its configuration and use case, thin stages, the graph, the wheel by its hash; clean and committed."""
    names = set(created.files())
    assert {name for name in names if name.startswith(("interlock/", "tests/"))} == set()
    assert {"dvc.yaml", "Makefile", "pyproject.toml", "requirements.txt", "pins.yaml", "params.yaml", "README.md", ".dvc/config"} < names
    assert {f"usecases/loans/{name}.py" for name in ("schema", "events", "features", "stress")} < names
    assert {"data/sources/loans.yaml", "data/accepted/loans.json"} < names
    assert created.run("git", "status", "--porcelain").stdout == ""
    assert created.run("git", "log", "--format=%s").stdout == "Begin loans\n"


def test_what_dvc_keeps_beside_its_settings_is_what_it_would_write(created: Made, tmp_path: Path) -> None:
    """The folder .dvc holds what `dvc init` ignores, and the settings of this repository."""
    Made(tmp_path, created.library).run("git", "init", "--quiet")
    Made(tmp_path, created.library).dvc("init", "--quiet")
    assert (created.folder / ".dvc/.gitignore").read_text() == (tmp_path / ".dvc/.gitignore").read_text()
    assert (created.folder / ".dvc/config").read_bytes() == (ROOT / ".dvc/config").read_bytes()


def test_its_graph_runs_with_the_wheel_alone(finished: Made) -> None:
    """With no library but the one in the wheel, every stage runs to a verdict, its checks pass, and a second run has nothing to do."""
    assert len(YAML(typ="safe").load((finished.folder / "dvc.lock").read_text())["stages"]) == len(graph(ROOT / "dvc.yaml"))
    checked = finished.interlock("check").stdout
    assert "✓ pins.yaml is what requirements.txt says" in checked
    assert "✗" not in checked
    assert "up to date" in finished.dvc("status").stdout


def test_another_library_than_the_wheel_runs_nothing(finished: Made, tmp_path: Path) -> None:
    """An environment that holds other code than the wheel that requirements.txt names is refused before a stage runs, and by prove."""
    team = finished.copy(tmp_path / "team")
    other = Made(team.folder, tmp_path / "library")
    subprocess.run(["cp", "-r", str(finished.library), str(other.library)], check=True)
    with (other.library / "interlock" / "modeling" / "booster.py").open("a") as file:
        file.write("# another\n")
    for command in ("run", "prove"):
        assert "interlock/modeling/booster.py differs\n  → run: make" in other.interlock(command, fails=True).stderr


def test_inside_a_repository_nothing_else_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a git repository the project is a new folder: no commit is made, and neither index nor any file outside is changed."""
    outer = Made(tmp_path / "outer", tmp_path)
    outer.folder.mkdir()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    outer.run("git", "init", "--quiet")
    (outer.folder / "theirs.txt").write_text("theirs\n")
    outer.run("git", "add", "theirs.txt")
    index = (outer.folder / ".git" / "index").read_bytes()
    said = create(outer.folder / "models" / "loans", small.NAME, small.FILES, {"data/own/loans.csv": small.table(tmp_path / "loans.csv")})
    assert (outer.folder / ".git" / "index").read_bytes() == index
    assert outer.run("git", "status", "--porcelain").stdout == "A  theirs.txt\n?? models/\n"
    assert (outer.folder / "models" / "loans" / ".dvc" / "config").is_file()
    assert [path.name for path in (outer.folder / "models").iterdir()] == ["loans"]
    assert "git add loans" in said[0]


def test_the_first_commit_holds_what_its_maker_ignores_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns of git's global settings take nothing out of it: a clone without vendor/ would have no library."""
    (tmp_path / "everywhere").write_text("vendor/\n*.lock\n")
    (tmp_path / "settings").write_text(f"[core]\n\texcludesFile = {tmp_path}/everywhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    made = Made(tmp_path / "new", tmp_path)
    (made.folder / "vendor").mkdir(parents=True)
    for name in ("vendor/x.whl", "dvc.lock", ".gitignore"):
        (made.folder / name).write_text("")
    repository.begin(made.folder, tmp_path / "project", "churn")
    assert set(made.run("git", "ls-files").stdout.split()) == {"vendor/x.whl", "dvc.lock", ".gitignore"}


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (lambda folder: folder.mkdir() or (folder / "x").touch(), ConfigError, "is in the way"),
        (lambda folder: folder.touch(), ConfigError, "is in the way"),
        (lambda folder: (folder.parent / "loans.csv").write_text("loan,amount\n1,2\n"), InterlockError, "loans"),
    ],
)
def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, spoil: Callable[[Path], object], error: type[Exception], said: str) -> None:
    """Where something is in the way, or a table does not fit, the folder is as it was, and no other is left."""
    table = small.table(tmp_path / "loans.csv")
    spoil(tmp_path / "loans")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=said):
        create(tmp_path / "loans", small.NAME, small.FILES, {"data/own/loans.csv": table})
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "Loans", "1loans", "lo ans", "../loans", "lo-ans", "lösung"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    """A use case's name is a Python name in small letters."""
    with pytest.raises(ConfigError, match="is no name for a use case"):
        create(tmp_path / "x", name, {})
