"""What README.md shows is what the project does."""

import re
from pathlib import Path

import pytest

from interlock.params import read_yaml
from tools import readme

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("document", readme.SECTIONS, ids=str)
def test_the_graph_the_outcome_and_the_figures_are_those_of_the_project(document: Path) -> None:
    """The picture of the graph equals dvc.yaml, the printed outcome the reports in git, each figure a benchmark's result."""
    assert readme.text(document) == document.read_text(encoding="utf-8"), "run: python -m tools.readme"


def test_the_picture_shows_every_stage_and_no_arrow_that_a_longer_way_implies() -> None:
    """Every stage of dvc.yaml stands in the picture, and taking away any arrow cuts two stages that stood on each other."""
    arrows = re.findall(r"(\w+) --> (\w+)", readme.graph())
    stages = read_yaml(Path("dvc.yaml"))["stages"]
    assert {name for arrow in arrows for name in arrow} == set(stages)
    reads = {name: {above for above, below in arrows if below == name} for name in stages}
    for above, below in arrows:
        fewer = {**reads, below: reads[below] - {above}}
        assert above not in readme.behind(below, fewer)


def test_every_path_of_the_map_exists() -> None:
    """The map of the house names only files and folders that are there, and leaves out no top-level folder of code."""
    map_ = re.search(r"<!-- map -->\n```\n(.*?)```", readme.README.read_text(encoding="utf-8"), re.DOTALL)
    assert map_ is not None
    named, base = set(), Path()
    for line in map_[1].splitlines():
        indent, words = len(line) - len(line.lstrip()), line.split("  ")
        names = [word for word in (words[0] if not indent else line.strip().split("  ")[0]).split() if word]
        if not indent:
            base = Path(names[0].replace("<name>", "flights"))
            named |= {Path(name.replace("<name>", "flights")) for name in names}
        else:
            named |= {base / name for name in names}
    generated = {Path("data"), Path("models")}
    missing = [str(path) for path in named if not path.exists() and path not in generated]
    assert not missing
    code = {path.parent for path in Path().glob("*/__init__.py")} - {Path("tools"), Path("tests")}
    assert code <= {Path(path.parts[0]) for path in named}
