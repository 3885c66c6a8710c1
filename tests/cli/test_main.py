"""The command line as a whole: what it lists, what it costs to start, and how it fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path

import click
import pytest

from interlock.cli.main import PLACES, VERBS, command

ROOT = Path(__file__).parent.parent.parent
HEAVY = ["polars", "hydra", "omegaconf", "dvc", "pandera", "lightgbm", "numpy", "scipy", "ruamel", "rich"]
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_help_lists_every_verb_under_its_heading(interlock: Run, tmp_path: Path) -> None:
    """`interlock --help` works anywhere, and lists every registered verb with a sentence, grouped."""
    done = interlock("--help", cwd=tmp_path)
    assert done.returncode == 0
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    assert all(lines[verb] for verb in PLACES)
    assert all(f"\n{heading}:\n" in done.stdout for heading in VERBS)


def test_help_imports_nothing_heavy() -> None:
    """Listing the commands imports every command's module, and none of what they work with."""
    code = (
        "import sys; from interlock.cli.main import interlock; interlock.main(['--help'], standalone_mode=False); "
        "print('heavy:', [m for m in sys.argv[1:] if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.endswith("heavy: []\n")


@pytest.mark.parametrize("verb", PLACES)
def test_every_command_has_help_with_an_example(verb: str) -> None:
    """The help of each command says what it does in a sentence, explains each option, and ends in an example of itself."""
    found = command(verb)
    assert found.name == verb
    assert found.help is not None
    assert f"\b\nExample:\n  interlock {verb}" in cleandoc(found.help)
    assert all(option.help for option in found.params if isinstance(option, click.Option))


def needed(verb: str) -> list[str]:
    """What a verb cannot be called without."""
    asked = [each for each in command(verb).params if each.required]
    return [word for each in asked for word in ([each.opts[0], "x"] if isinstance(each, click.Option) else ["x"])]


def test_verbs_need_a_project(interlock: Run, tmp_path: Path) -> None:
    """Outside of a project each verb but the one that makes a project says so and exits with 2; its help is there all the same."""
    for verb in PLACES.keys() - {"new"}:
        done = interlock(verb, *needed(verb), cwd=tmp_path)
        assert done.returncode == 2, verb
        assert f"{tmp_path} is not in an interlock project: no dvc.yaml" in done.stderr
    assert interlock("run", "--help", cwd=tmp_path).returncode == 0


def test_a_misspelt_verb_or_option_is_a_usage_error(interlock: Run) -> None:
    """What click does not know ends with 2 and a hint, not with a traceback."""
    verb, option = interlock("compoze"), interlock("compose", "--chek")
    assert (verb.returncode, option.returncode) == (2, 2)
    assert "No such command 'compoze'" in verb.stderr
    assert "--check" in option.stderr
    assert "Traceback" not in verb.stderr + option.stderr


def test_an_unexpected_error_says_how_to_see_more() -> None:
    """A defect ends with 70 and one line; with INTERLOCK_TRACEBACK=1 the traceback is shown."""
    code = (
        "import sys, click; from interlock.cli import main\n"
        "@click.command\ndef broken(): 1 / 0\n"
        "main.command = lambda verb: broken; sys.argv = ['interlock', 'run']; main.main()"
    )

    def said(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=ROOT, env=os.environ | more, check=False, capture_output=True, text=True)

    done = said()
    assert done.returncode == 70
    assert "unexpected ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in said(INTERLOCK_TRACEBACK="1").stderr


def test_a_closed_standard_input_holds_nothing() -> None:
    """A command that reads `-` finds nothing there where it was started without standard input."""
    code = (
        "import sys, click; from interlock.cli import main\n"
        "@click.command\ndef read(): click.echo(repr(sys.stdin.buffer.read()))\n"
        "main.command = lambda verb: read; sys.argv = ['interlock', 'run']; main.main()"
    )
    command = ["sh", "-c", '"$0" -c "$1" <&-', sys.executable, code]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "b''\n", "")


def test_the_version_is_that_of_the_package(interlock: Run) -> None:
    """`interlock --version` prints the installed version."""
    assert interlock("--version").stdout == f"interlock {version('interlock')}\n"
