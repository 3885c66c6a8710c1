"""The guides to scoring and replay: every command in them is one that the program takes, and their names are the program's."""

import re
import shlex
from pathlib import Path

import click
import pytest

from interlock.cli.main import command
from interlock.serving import batch, predictions

GUIDES = Path(__file__).parents[2] / "docs/guides"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["score", "replay"])
def test_every_command_is_taken(name: str) -> None:
    """Verb, arguments and options of each line, as the command line itself reads them."""
    lines = [line for block in BLOCK.findall((GUIDES / f"{name}.md").read_text(encoding="utf-8")) for line in block.splitlines()]
    assert len(lines) > 4
    for line in lines:
        program, verb, *words = shlex.split(line, comments=True)
        assert program == "interlock"
        found = command(verb)
        found.make_parser(click.Context(found, info_name=verb)).parse_args(words)


def test_names_are_those_of_the_program() -> None:
    """The columns of the output, the file of what was rejected and the folder of the log."""
    score = (GUIDES / "score.md").read_text(encoding="utf-8")
    for said in (f"| `{batch.PREDICTION}` |", f"| `{batch.VERSION}` |", f"`{batch.REJECTED}`", f"`{predictions.PREDICTIONS}`"):
        assert said in score
