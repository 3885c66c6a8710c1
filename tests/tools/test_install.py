"""The installer and the Makefile: what they take from the lock and from pip's settings, and when they start nothing."""

import os
import runpy
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
PIP = """\
:env:.cert='/etc/cert.pem'
:env:.index-url='https://mirror.example/env'
global.extra-index-url='file:///one file:///two'
global.index-url='https://mirror.example/global'
install.find-links='/wheels\\n/more'
site.unknown='x'
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The installer, in an empty folder that holds this project's lock."""
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    spec = spec_from_file_location("install", ROOT / "tools" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_uv_is_taken_from_the_lock(install: ModuleType) -> None:
    """What pip installs is the one package uv, with its version and every hash that the lock has of it."""
    text = Path("requirements.txt").read_text()
    lines = install.uv_lines(text).splitlines()
    assert lines[0].startswith("uv==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    after = text[text.index("\nuv==") + 1 :].splitlines()
    assert len(lines) - 1 == next(number for number, line in enumerate(after[1:]) if "--hash" not in line)
    assert install.name(install.uv_lines(text)) == lines[0].split()[0]


@pytest.mark.parametrize("text", ["", "uvloop==1 \\\n    --hash=sha256:aa\n", "uv==0.1\n", "uv>=0.1 \\\n    --hash=sha256:aa\n"])
def test_a_lock_without_a_hashed_uv_is_refused(install: ModuleType, text: str) -> None:
    """Without a pinned and hashed uv nothing is installed, and the message says how to lock it."""
    with pytest.raises(SystemExit, match="make lock"):
        install.uv_lines(text)


def test_the_settings_of_pip_hold_for_uv(install: ModuleType) -> None:
    """Index, mirrors and certificates that pip is told reach uv; pip's environment wins over its files, uv's own over both."""
    found = install.uv_settings(PIP, {"SSL_CERT_FILE": "/mine.pem"})
    assert found == {
        "UV_DEFAULT_INDEX": "https://mirror.example/env",
        "UV_INDEX": "file:///one file:///two",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert install.uv_settings("", {}) == {}


def test_a_configured_uv_is_left_alone(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where uv has an index of its own, pip's settings are not asked for."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mirror.example/uv")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was asked"))
    assert install.pip_settings() == {}


def test_the_same_lock_starts_no_installer(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that was made from this lock, here, is kept without starting a process; its stamp is made newer than the lock."""
    install.STAMP.parent.mkdir()
    install.STAMP.write_text(install.stamp())
    os.utime(install.STAMP, (0, 0))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    install.main()
    assert install.STAMP.stat().st_mtime >= Path("requirements.txt").stat().st_mtime


@pytest.mark.parametrize("change", ["lock", "place"])
def test_another_lock_or_place_starts_it(install: ModuleType, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """A changed lock, or an environment that stood elsewhere, is installed again, and the stamp goes first: a failure leaves none."""
    install.STAMP.parent.mkdir()
    stamp = install.stamp()
    install.STAMP.write_text(stamp if change == "lock" else stamp.replace(str(Path.cwd()), "/elsewhere"))
    if change == "lock":
        Path("requirements.txt").write_text("")
    started: list[list[str]] = []

    def failing(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        started.append(list(map(str, command)))
        return subprocess.CompletedProcess(command, 1, "", "")

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(SystemExit, match="error: "):
        install.main()
    assert "--clear" in started[-1]
    assert not install.STAMP.exists()


def test_only_the_standard_library_is_imported() -> None:
    """The installer runs on a bare Python: with site-packages switched off it loads."""
    code = f"import runpy; runpy.run_path({str(ROOT / 'tools' / 'install.py')!r}, run_name='loaded')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
    assert runpy.run_path(str(ROOT / "tools" / "install.py"), run_name="loaded")["VENV"] == Path(".venv")


def test_make_says_when_there_is_no_python(tmp_path: Path) -> None:
    """Where the only Python is too old, `make` says which version it needs and how to name another, and makes nothing."""
    folder = tmp_path / "a b"
    shutil.copytree(ROOT / "tools", folder / "tools")
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    old = folder / "bin" / "python3"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    done = subprocess.run([make], cwd=folder, env={"PATH": str(old.parent)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no Python 3.11 or later" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (folder / ".venv").exists()


def test_make_help_lists_the_targets() -> None:
    """`make help` says what each target does."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make")] == [
        "run",
        "check",
        "test",
        "lock",
        "wheel",
        "help",
    ]
