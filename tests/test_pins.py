"""pins.yaml: what a stage needs, at the versions of the lock, and nothing that cannot change a byte."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import pins
from interlock.closure import third_party
from interlock.errors import ArtifactError, ConfigError
from interlock.params import read_yaml

ROOT = Path(__file__).parent.parent
LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
polars==2.10 \\
    --hash=sha256:cc
    # via
    #   interlock (pyproject.toml)
polars-runtime-32==2.10 \\
    --hash=sha256:dd
Ruamel_Yaml==0.19.1 ; implementation_name == 'cpython' \\
    --hash=sha256:ee
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def locked(project: Path) -> Path:
    """A project of two stages and a lock."""
    (project / "stages").mkdir()
    (project / "stages" / "__init__.py").touch()
    (project / "stages" / "first.py").write_text("import json, rich\nimport polars as pl\n")
    (project / "stages" / "second.py").write_text("import ruamel.yaml\ndef main():\n    import numpy\n")
    (project / "requirements.txt").write_text(LOCK)
    (project / "dvc.yaml").write_text("stages: {}\n")
    return project


def test_each_stage_lists_what_carries_its_work(locked: Path, interlock: Run) -> None:
    """A stage lists what its closure imports and what that rests on, all versions with their markers where there are several."""
    assert interlock("pins").returncode == 0
    assert read_yaml.__wrapped__(locked / "pins.yaml") == {
        "first": {"polars": "2.10", "polars-runtime-32": "2.10"},
        "second": {"numpy": "2.4.6 ; python_full_version < '3.12', 2.5.5 ; python_full_version >= '3.12'", "ruamel-yaml": "0.19.1"},
    }


def test_drift_is_shown_and_refused(locked: Path, interlock: Run) -> None:
    """`--check` passes on what was generated; a new version in the lock, or another import in a stage, exits with 6 and the lines."""
    pins.write()
    pins.check()
    (locked / "requirements.txt").write_text(LOCK.replace("2.10", "2.11"))
    done = interlock("pins", "--check")
    assert done.returncode == 6
    assert '-  polars: "2.10"' in done.stderr
    assert '+  polars: "2.11"' in done.stderr
    (locked / "requirements.txt").write_text(LOCK)
    (locked / "stages" / "first.py").write_text("import numpy\n")
    with pytest.raises(ArtifactError, match="run: interlock pins"):
        pins.check()


def test_a_package_that_is_not_locked_is_refused(locked: Path) -> None:
    """A stage that imports what the lock does not have is named, and nothing is written."""
    (locked / "stages" / "second.py").write_text("import lightgbm\n")
    with pytest.raises(ConfigError, match=r"does not lock lightgbm, which stages/second\.py needs"):
        pins.write()
    assert not Path("pins.yaml").exists()


def test_dvc_reruns_a_stage_for_its_own_pins_alone(locked: Path, dvc: Run) -> None:
    """DVC reads a stage's part of pins.yaml as parameters: a new Polars makes stale what lists it, and nothing else."""
    stages = "".join(
        f"  {name}:\n    cmd: echo > {name}.out\n    params: [{{pins.yaml: [{name}]}}]\n    outs: [{name}.out]\n"
        for name in ("first", "second")
    )
    (locked / "dvc.yaml").write_text(f"stages:\n{stages}")
    pins.write()
    dvc("repro")
    (locked / "requirements.txt").write_text(LOCK.replace("2.10", "2.11"))
    pins.write()
    said = dvc("status").stdout
    assert "first:" in said
    assert "second:" not in said


def test_every_package_of_a_stage_is_listed_or_silent_for_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a stage of this project imports is forgotten: it is in pins.yaml, or in the list of what cannot change a byte."""
    monkeypatch.chdir(ROOT)
    listed = read_yaml.__wrapped__(Path("pins.yaml"))
    for stage in sorted(path for path in Path("stages").glob("*.py") if path.stem != "__init__"):
        names = {pins.DISTRIBUTIONS.get(name, name) for name in third_party(stage)}
        assert names - set(pins.SILENT) <= set(listed[stage.stem] or {}), stage
        assert not set(listed[stage.stem] or {}) & set(pins.SILENT), stage
