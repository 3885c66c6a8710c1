"""The guide to explanation is true: its commands are commands, its figures those of the flights, its table names every part of the report."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.cli.main import command
from interlock.files import read_json
from interlock.notebook import inside
from stages import explain, train
from tests import modeled_flights
from tests.small_flights import finished

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/explain.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^\$ interlock (explain .*|features .*)\n((?:(?!\$ |```).*\n)+)", GUIDE, re.MULTILINE))
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


def printed(line: str, project: Path) -> list[str]:
    """What a command prints in 80 columns, line by line."""
    verb, *arguments = shlex.split(line)
    with inside(project):
        done = CliRunner().invoke(command(verb), arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
    return [text.rstrip() for text in done.output.rstrip().splitlines()]


def shape(lines: list[str]) -> list[str]:
    """The lines of a waterfall by what they begin with, features all alike."""
    ends = ("expected raw score", "raw score", "score ", "as_of ")
    waterfall = lines[next(place for place, text in enumerate(lines) if text.startswith(ends[0])) :]
    return [next((end for end in ends if text.startswith(end)), "a part" if re.search(r" [+−]\d", text) else text) for text in waterfall]


def test_the_waterfall_of_the_guide_is_one_that_is_printed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of the small flights' highest score: as many lines, in that order; its parts add up as the guide's do."""
    (_, block), *_ = SHOWN.items()
    lines = [text.rstrip() for text in block.splitlines()]
    found = printed("explain --top 5", finished(tmp_path_factory))
    assert shape(found[: found.index("", found.index("") + 1)]) == shape(lines)
    waterfall = "".join(block.split("\n\n", 1)[1])
    first, *parts, last = [
        float(text.replace("−", "-")) for text in re.findall(r" ([+−]?\d+\.\d+)(?= *$|  +█| {9,})", waterfall, re.MULTILINE)
    ][:-1]
    assert sum(parts, first) == pytest.approx(last, abs=0.03)


def test_the_figures_of_the_guide_are_those_of_the_flights() -> None:
    """Where the graph has run: the same words and numbers for the same flight, rows and metric of the model that is ablated."""
    if not (ROOT / "data/predictions/test.parquet").is_file():
        return
    (line, block), (_, ablated) = SHOWN.items()
    assert printed(line, ROOT) == [text.rstrip() for text in block.splitlines()]
    metrics = read_json(ROOT / "reports/metrics.json")
    assert f"trainings on {metrics['rows']['train']:,} rows" in ablated
    assert f"\nauc {metrics['validation']['auc']:.4f} on {metrics['rows']['validation']:,} validation rows;" in ablated
