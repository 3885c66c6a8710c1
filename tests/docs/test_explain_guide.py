"""The guide to explanation is true: its commands are commands, its table names every part of the report."""

import re
import shlex
from pathlib import Path

import pytest

from interlock.cli.main import command
from interlock.files import read_json
from stages import explain, train
from tests import modeled_flights

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/explain.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ interlock (.*)$", GUIDE, re.MULTILINE)


def test_every_command_of_the_guide_is_understood() -> None:
    """Verb, options and their values are such as the command line takes."""
    assert len(COMMANDS) == 6
    for line in COMMANDS:
        verb, *arguments = shlex.split(line)
        command(verb).make_context(verb, arguments)


def test_the_table_names_every_part_of_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stage writes is what the guide lists, but for the number of rows and what is expected without any feature."""
    project = modeled_flights.project(tmp_path, monkeypatch)
    train.main()
    explain.main()
    listed = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE)))
    assert set(listed) == set(read_json(project / "reports/explain.json")) - {"rows", "expected_raw_score"}
    assert f"{explain.ROWS:,} test rows" in GUIDE
