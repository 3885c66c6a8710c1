"""The guide to gates is true: its configuration is read as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.gates import Gates, judge
from interlock.files import read_json
from interlock.modeling.decision import Fairness
from interlock.params import convert, read_yaml
from tests.evaluation.world import built

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/guides/gates.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def said(tmp_path: Path) -> list[Any]:
    """What the blocks of the guide hold."""
    found = []
    for number, block in enumerate(BLOCKS):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        found.append(read_yaml(path))
    return found


def test_the_gates_of_the_guide_are_gates(said: list[Any]) -> None:
    """The first block is what flights ask, less its defaults, and every other gate is read and explains itself."""
    first, fairness, odds = said
    assert first.pop("defaults") == ["binary", "_self_"]
    flights = read_yaml(ROOT / "conf/gates/flights.yaml")
    assert first == {name: flights[name] for name in first}
    gates: Gates = convert({**first, **odds}, Gates, "gates")
    assert len(judge(gates, {})["gates"]) == 5
    assert convert(fairness["fairness"], Fairness, "usecase.fairness").read == ["sex", "race"]


def test_a_path_of_the_guide_leads_to_a_number(said: list[Any]) -> None:
    """With the columns of another use case in place of its own, each fairness gate finds its number in the report."""
    report = read_json(built() / "reports/fairness.json")
    text = {name: {**gate, "metric": gate["metric"].replace("sex", "origin").replace("race", "morning")} for name, gate in said[2].items()}
    gates: Gates = convert(text, Gates, "gates")
    assert all(found["value"] is not None for found in judge(gates, {"fairness": report})["gates"].values())


def test_conf_states_the_defaults_of_the_code() -> None:
    """What conf/config.yaml says for every use case is what holds where nothing is said."""
    assert convert(read_yaml(ROOT / "conf/config.yaml")["usecase"]["evaluation"], Evaluation, "usecase.evaluation") == Evaluation()
