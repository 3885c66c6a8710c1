"""The guide to gates is true: its configuration is read as it stands, its commands are run, and what they print is what it shows."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from interlock.cli.gates import gates
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.files import read_json
from interlock.modeling.decision import Decision, Fairness
from interlock.params import convert, read_yaml
from stages import gate as stage
from stages import train
from tests.evaluation.world import PARAMS, built, say, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/gates.md").read_text(encoding="utf-8")
KINDS = ("every", "binary", "multiclass", "regression")
HERE = {
    "calibration": PARAMS["gates"]["calibration"] | {"max": 0.05},
    "champion": {"metric": "test.auc", "max_drop": 0.01, "against": "champion", "why": "Never worse."},
}


NUMBER = r"(-?\d+\.\d+)"
NUMBERS = re.compile(NUMBER)


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def said(tmp_path: Path) -> list[Any]:
    """What the blocks of the guide hold."""
    found = []
    for number, block in enumerate(fenced("yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        found.append(read_yaml(path))
    return found


def test_the_gates_of_the_guide_are_gates(said: list[Any]) -> None:
    """The first blocks are what conf asks, less its defaults, and every other gate is read and explains itself."""
    first, more, declared, odds = said
    assert first.pop("defaults") == ["binary", "_self_"]
    flights, binary, regression = (read_yaml(ROOT / f"conf/gates/{name}.yaml") for name in ("flights", "binary", "regression"))
    assert first == {name: flights[name] for name in first}
    assert more == {"calibration": regression["calibration"], "slices": binary["slices"]}
    found: Gates = convert({**first, **more, **odds}, Gates, "gates")
    assert len(judge(found, {})["gates"]) == 7
    assert convert(declared["fairness"], Fairness, "usecase.fairness").read == ["sex", "race"]
    assert convert(declared["decision"], Decision, "usecase.decision").costs.false_negative == 5


def test_the_keys_of_fairness_are_those_of_the_guide() -> None:
    """Each key that may be said of protected groups is in the table, and no other."""
    table = GUIDE.partition("| key | means |\n| --- | --- |\n")[2].partition("\n\n")[0]
    assert {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])} == set(Fairness.__struct_fields__)


def test_the_defaults_of_the_guide_are_those_of_conf() -> None:
    """Every gate of every kind stands in the table with what it asks, and no other row does."""
    rows: dict[tuple[str, str], list[str]] = {}
    for kind in KINDS:
        for name, said in read_yaml(ROOT / f"conf/gates/{kind}.yaml").items():
            if name != "defaults":
                rows.setdefault((name, told(convert(said, Gate, name))), []).append(kind)
    table = GUIDE.partition("| gate | of | asks |\n| --- | --- | --- |\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{name}` | {', '.join(kinds)} | {asked} |" for (name, asked), kinds in rows.items()]


def told(gate: Gate) -> str:
    """What a gate asks, as the table says it."""
    report = "" if gate.report == "metrics" else f"{gate.report}: "
    return f"`{report}{gate.name}` {gate.asked}" + (", where slices are declared" if gate.if_declared else "")


def test_the_verdict_and_a_waiver_are_as_the_guide_shows(world: Path) -> None:
    """A gate that fails is shown with its reason; its waiver is written and committed, on whatever day this is."""
    plain, _, waived = fenced("text")
    say(Path("params.yaml"), {**PARAMS, "gates": {**PARAMS["gates"], **HERE}})
    stage.main()
    shows(plain, CliRunner().invoke(gates, []).output)
    (shell,) = (block for block in fenced("sh") if "--waive" in block)
    shows(waived, bash(world, shell) + CliRunner().invoke(gates, []).output)
    assert "Waive the gate calibration" in subprocess.run(["git", "log", "--format=%s"], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("world")
def test_a_champion_is_met_as_the_guide_shows() -> None:
    """One of five rounds, in the folder that the guide names."""
    shutil.copytree("models/model", "models/candidate")
    said = {**PARAMS, "gates": {**PARAMS["gates"], "champion": HERE["champion"]}}
    say(Path("params.yaml"), {**said, "model": {**PARAMS["model"], "rounds": 5}})
    train.main()
    shutil.move("models/model", "models/champion")
    shutil.move("models/candidate", "models/model")
    say(Path("params.yaml"), said)
    stage.main()
    assert "interlock gates --against models/champion " in GUIDE
    shows(fenced("text")[1], CliRunner().invoke(gates, ["--against", "models/champion"]).output)


def bash(folder: Path, text: str) -> str:
    """What the commands print in a repository of the project, with the dvc.yaml that makes it one."""
    (folder / "dvc.yaml").write_text("stages: {}\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q"], check=True)
    git = f'git() {{ command git {" ".join(author)} "$@"; }}\n'
    done = subprocess.run([str(shutil.which("bash")), "-ec", git + text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def shows(block: str, printed: str) -> None:
    """Every line of the guide was printed, in its order: numbers nearly so, and `…` stands for whatever was."""
    parts = re.split(r"(…|-?\d+\.\d+| +)", block.rstrip("\n"))
    asked = "".join(
        ".*?" if part == "…" else NUMBER if NUMBERS.fullmatch(part) else " +" if part.startswith(" ") else re.escape(part) for part in parts
    )
    found = re.search(asked, printed, re.DOTALL)
    assert found, printed
    assert [float(number) for number in found.groups()] == pytest.approx(
        [float(part) for part in parts if NUMBERS.fullmatch(part)], rel=0.1, abs=0.003
    )


def test_a_path_of_the_guide_leads_to_a_number(said: list[Any]) -> None:
    """With the columns of another use case in place of its own, each fairness gate finds its number in the report."""
    report = read_json(built() / "reports/fairness.json")
    text = {name: {**gate, "metric": gate["metric"].replace("sex", "origin").replace("race", "morning")} for name, gate in said[3].items()}
    asked: Gates = convert(text, Gates, "gates")
    assert all(found["value"] is not None for found in judge(asked, {"fairness": report})["gates"].values())


def test_conf_states_the_defaults_of_the_code() -> None:
    """What conf/config.yaml says for every use case is what holds where nothing is said."""
    assert convert(read_yaml(ROOT / "conf/config.yaml")["usecase"]["evaluation"], Evaluation, "usecase.evaluation") == Evaluation()
