"""Several files replaced together: all of them or none, whatever ends the process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from interlock import project, swaps

BEFORE = {"a": b"old a", "b": b"old b", "sub/c": b"old c"}
AFTER = {"a": b"new a", "b": None, "sub/c": b"new c", "sub/deep/d": b"new d"}
KILLED = """
import os, signal, shutil
from pathlib import Path
from interlock import swaps

def killing(name, module):
    real = getattr(module, name)
    def step(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(module, name, step)

left = int(os.environ["STEPS"])
for name in ("rename", "replace", "unlink", "write_bytes"):
    killing(name, Path)
killing("rmtree", shutil)
swaps.swap({Path("a"): b"new a", Path("b"): None, Path("sub/c"): b"new c", Path("sub/deep/d"): b"new d"})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in BEFORE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(folder: Path) -> dict[str, bytes]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix(): (folder / path).read_bytes() for path in files if path.parts[0] not in {".interlock", "dvc.yaml"}}


def test_all_files_change_together(folder: Path) -> None:
    """Files are replaced, made and removed as said, and nothing else is left."""
    swaps.swap({Path(name): content for name, content in AFTER.items()})
    assert found(folder) == {name: content for name, content in AFTER.items() if content is not None}
    assert not swaps.undo()


def test_a_failure_leaves_all_as_it_was(folder: Path) -> None:
    """Where one file cannot be written, those before it are as they were."""
    (folder / "b").unlink()
    (folder / "b").mkdir()
    before = found(folder)
    with pytest.raises(OSError, match="b"):
        swaps.swap({Path(name): content for name, content in AFTER.items()})
    assert found(folder) == before


def test_killed_anywhere_it_happened_or_it_did_not(folder: Path) -> None:
    """Killed at any step, the next command finds all files as they were; killed after the last, all as they should be."""
    ends = []
    for steps in range(40):
        for name in found(folder):
            (folder / name).unlink()
        for name, content in BEFORE.items():
            (folder / name).write_bytes(content)
        environment = os.environ | {"STEPS": str(steps), "PYTHONPATH": str(Path(swaps.__file__).parents[1])}
        done = subprocess.run([sys.executable, "-P", "-S", "-c", KILLED], env=environment, check=False)
        assert done.returncode in {0, -signal.SIGKILL}
        swaps.undo()
        now = found(folder)
        ends.append(now == {name: content for name, content in AFTER.items() if content is not None})
        assert ends[-1] or now == BEFORE
        if done.returncode == 0:
            break
    assert ends[-1]
    assert ends == sorted(ends)
    assert ends.count(False) > len(AFTER)


def test_every_command_undoes_what_was_interrupted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first command in a project whose change was killed puts its files back, and says so."""
    (folder / "dvc.yaml").write_text("stages: {}\n")
    environment = os.environ | {"STEPS": "11", "PYTHONPATH": str(Path(swaps.__file__).parents[1])}
    subprocess.run([sys.executable, "-P", "-S", "-c", KILLED], env=environment, check=False)
    assert swaps.PLACE.is_dir()
    assert found(folder) != BEFORE
    project.enter()
    assert found(folder) == BEFORE
    assert "is undone" in capsys.readouterr().err
