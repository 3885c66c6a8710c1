"""The guide to the first hour is true: its commands are run, in order, on its tables."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.files import read_json
from tests.usecases.project import ROOT, by_brute_force

GUIDE = ROOT / "docs/guides/your-first-hour.md"
BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
EDIT = re.compile(r"^ *```python (\S+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
PROGRAM = [sys.executable, "-P", "-m", "interlock.cli.main"]
# It runs the graph once more, which the tests of the proof itself do.
LEFT = {"interlock prove"}
FAILS = {"interlock gates": "✗ gain"}
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}


def command(line: str) -> list[str]:
    """A line of the guide as it is run here: with the environment that is there already."""
    words = shlex.split(line)
    if line == "make":
        return [*PROGRAM, "run"]
    return [*PROGRAM, *words[1:]] if words[0] == "interlock" else [sys.executable, *words[1:]] if words[0] == "python" else words


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, subprocess.CompletedProcess[str]]]:
    """The project, and what each command of the guide ended with."""
    folder, found = tmp_path_factory.mktemp("hour"), {}
    text = GUIDE.read_text(encoding="utf-8")
    edit = EDIT.search(text)
    assert edit is not None
    for line in [line.strip()[2:] for block in BLOCK.findall(text) for line in block.splitlines() if line.strip().startswith("$ ")]:
        if line.startswith("cd "):
            folder = folder / line[3:]
            continue
        if "--sample" in line:
            with (folder / edit[1]).open("a", encoding="utf-8") as features:
                features.write(edit[2].strip() + "\n")
        if line not in LEFT:
            environment = os.environ | ENVIRONMENT | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            found[line] = subprocess.run(command(line), cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if "--sample" in line:
                subprocess.run(["git", "checkout", "--quiet", edit[1]], cwd=folder, check=True)
    return folder, found


def test_every_command_does_its_work(said: tuple[Path, dict[str, subprocess.CompletedProcess[str]]]) -> None:
    """None fails but the gates, whose verdict the guide tells."""
    _, found = said
    assert len(found) > 8
    for line, done in found.items():
        if line in FAILS:
            assert FAILS[line] in done.stdout
        else:
            assert done.returncode == 0, (line, done.stdout[-2000:], done.stderr[-2000:])


def test_guesses_are_as_the_guide_shows_them(said: tuple[Path, dict[str, subprocess.CompletedProcess[str]]]) -> None:
    """Each line of the draft, in its order."""
    shown = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith(("· ", "? "))]
    _, found = said
    told = found["interlock new churn --from exports --yes"].stdout.splitlines()
    assert [line for line in told if line.startswith(("· ", "? "))] == shown
    assert told[-1] == "  cd churn && make"


def test_the_project_is_sound(said: tuple[Path, dict[str, subprocess.CompletedProcess[str]]]) -> None:
    """Its four files are short, nothing differs online, features are what an oracle finds, and git holds no table."""
    folder, _ = said
    four = [(folder / f"usecases/churn/{name}.py").read_text(encoding="utf-8") for name in ("schema", "events", "features", "stress")]
    assert sum(text.count("\n") for text in four) < 100
    assert "email" not in four[2]
    assert read_json(folder / "reports/parity.json")["mismatches"] == 0
    assert read_json(folder / "reports/metrics.json")["test"]["auc"] > 0.65
    by_brute_force(folder, 97)
    kept = subprocess.run(["git", "ls-files", "tables"], cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    assert kept == ["tables/.gitignore", *(f"tables/{name}.parquet.dvc" for name in ("customers", "events", "labels"))]
    assert subprocess.run(["git", "status", "--short"], cwd=folder, check=True, capture_output=True, text=True).stdout == ""
