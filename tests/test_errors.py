"""How a process ends: in words that fit its output, with the file that could not be written, quietly where nobody reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUARDED = "from interlock.errors import guard\ndef main():\n    {}\nguard(main)\n"


def run(body: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A process that runs `body` under `guard`, as a stage does."""
    code = GUARDED.format(body.replace("\n", "\n    "))
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more
    return subprocess.run([sys.executable, "-c", code], check=False, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_warning_does_not_end_a_process_whose_output_is_ascii(stream: str, tmp_path: Path) -> None:
    """An arrow on an ASCII stream is replaced, whichever stream it is; the process goes on and ends well."""
    done = run(f"import sys; print('warn → é', file=sys.{stream})", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, getattr(done, stream)) == (0, "warn ? ?\n")


def test_an_error_is_told_in_ascii_too(tmp_path: Path) -> None:
    """The error keeps its exit code where its arrow cannot be printed."""
    done = run("from interlock.errors import ContractError; raise ContractError('found', 'next')", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (5, "error: found\n  ? next\n")


@pytest.mark.parametrize(
    "write",
    [
        "from interlock.files import write_text; write_text(Path('out/big.txt'), 'x' * 100_000)",
        "import polars as pl; from interlock import frames\nframe = pl.DataFrame({'a': pl.int_range(200_000, eager=True).hash()})\n"
        "frames.write(frame, Path('out/big.txt'))",
    ],
    ids=["text", "frame"],
)
def test_a_file_that_grows_too_large_is_named(write: str, tmp_path: Path) -> None:
    """What the system says of a file while it is written is told with the name that it was to have, by Python and by Polars."""
    limit = "import resource; from pathlib import Path; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
    done = run(limit + write, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: out/big.txt would be larger than a file may be here"), done.stderr
    assert not [*(tmp_path / "out").iterdir()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    """No space left while a file is written: the file is named."""
    body = "from pathlib import Path; from interlock.files import replacing\nwith replacing(Path('out.txt')):\n    Path('/dev/full').write_text('x')"
    done = run(body, tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "error: no space left for out.txt")


@pytest.mark.parametrize(
    "body",
    [
        "for _ in range(100_000): print('line')",
        "print('line')",
        "import click\nfor _ in range(100_000): click.echo('line')",
        "from rich.console import Console\nfor _ in range(10_000): Console().print('line')",
        "from interlock.cli import main as cli\nimport click, sys\n@click.command\ndef many():\n    for _ in range(100_000): click.echo('line')\n"
        "cli.command = lambda verb: many\nsys.argv = ['interlock', 'run']\ncli.start()",
        "import sys; print('line'); sys.exit(0)",
    ],
    ids=["print", "at-the-end", "echo", "rich", "command", "exit"],
)
def test_a_reader_that_left_ends_a_process_quietly(body: str, tmp_path: Path) -> None:
    """Where nobody reads its output any more a process says nothing and ends with 141, as one that the signal ended."""
    code = GUARDED.format(body.replace("\n", "\n    "))
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_another_broken_pipe_is_an_error(tmp_path: Path) -> None:
    """A pipe that is not standard output breaks loudly."""
    done = run("import os\nreader, writer = os.pipe()\nos.close(reader)\nos.write(writer, b'x')", tmp_path)
    assert done.returncode == 1
    assert "Broken pipe" in done.stderr


def test_a_closed_output_is_no_failure(tmp_path: Path) -> None:
    """A process that was started without standard output ends well."""
    command = ["sh", "-c", '"$0" -c "$1" >&-', sys.executable, GUARDED.format("print('line')")]
    done = subprocess.run(command, check=False, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
