"""`interlock new` as it is typed: what it says, what it asks, and what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.cli import main, new
from interlock.drafting import place
from interlock.drafting.place import Made
from interlock.drafting.plan import Plan
from interlock.errors import ConfigError
from tests.drafting import churn, imitations


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Plan]:
    """The plans of which a project would have been made, in an empty current folder; making one has tests of its own."""
    plans: list[Plan] = []

    def begin(folder: Path, plan: Plan) -> Made:
        plans.append(plan)
        return Made(folder, [f"usecases/{plan.name}/schema.py"])

    monkeypatch.setattr(place, "begin", begin)
    monkeypatch.chdir(tmp_path)
    return plans


def test_yes_asks_nothing(made: list[Plan], tmp_path: Path) -> None:
    """Each guess is a line, those that were not sure with a question mark; three things to look at, and the next command."""
    paths = [path.name for path in churn.write(tmp_path, customers=150)]
    done = CliRunner().invoke(new.new, ["churn", "--from", *paths, "--yes"], catch_exceptions=False)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert "· label: labels.churned" in lines
    assert any(line.startswith("? horizon: outcomes are taken to be known") for line in lines)
    assert [line.split()[0] for line in lines[lines.index("Look at") + 1 :][:3]] == [
        "usecases/churn/schema.py", "usecases/churn/features.py", "conf/usecase/churn.yaml",
    ]  # fmt: skip
    assert lines[-1] == "  cd churn && make"
    assert made[0].label.column.name == "churned"


def test_json_is_for_programs(made: list[Plan], tmp_path: Path) -> None:
    """Nothing else is printed, and nothing asked."""
    imitations.titanic(tmp_path)
    done = CliRunner().invoke(new.new, ["ship", "--from", "train.csv", "--json"], catch_exceptions=False)
    told = json.loads(done.output)
    assert (told["name"], told["joined"]) == ("ship", False)
    assert {"said": "label: train.Survived", "sure": True} in told["notes"]
    assert made


def test_it_asks_what_it_cannot_tell(made: list[Plan], tmp_path: Path) -> None:
    """The label and the horizon, with a default each; an answer that is none of the choices is asked for again."""
    churn.write(tmp_path, customers=150)
    answers = "nonsense\ncustomers.plan\n"
    done = CliRunner().invoke(new.new, ["plans", "--from", "customers.parquet"], input=f"{answers}\ny\n", catch_exceptions=False)
    assert "nonsense is none of them" in done.output
    assert made[0].label.column.name == "plan"
    done = CliRunner().invoke(new.new, ["churn", "--from", "labels.parquet"], input="\n14d\ny\n", catch_exceptions=False)
    assert (made[1].label.column.name, made[1].horizon) == ("churned", "14d")
    done = CliRunner().invoke(new.new, ["churn", "--from", "labels.parquet"], input="\n\nn\n")
    assert done.exit_code == 1
    assert len(made) == 2


def test_flags_answer(made: list[Plan], tmp_path: Path) -> None:
    """What is told is not asked, nor guessed."""
    churn.write(tmp_path, customers=150)
    words = ["churn", "--from", "labels.parquet", "--label", "labels.churned", "--horizon", "7d", "--time", "as_of", "--key", "customer_id"]
    CliRunner().invoke(new.new, words, input="y\n", catch_exceptions=False)
    assert (made[0].horizon, made[0].key) == ("7d", ("customer_id", "as_of"))
    CliRunner().invoke(new.new, ["churn", "--from", "labels.parquet", "--time", "none", "--key", "", "--yes"], catch_exceptions=False)
    assert made[1].time is None
    assert "by: group" in made[1].split


@pytest.mark.parametrize("name", ["Churn", "class", "1st", "a-b", "../up", ""])
def test_a_name_must_be_one(made: list[Plan], name: str) -> None:
    """Of letters that stand in a module's name; no word of Python, and no path."""
    with pytest.raises(ConfigError, match="cannot name a use case"):
        CliRunner().invoke(new.new, [name, "--from", "x.csv", "--yes"], catch_exceptions=False)
    assert not made


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--time", "churned"], "no moments"),
        (["--time", "gone"], "no such column"),
        (["--horizon", "soon"], "no length of time"),
        (["--key", "churned"], "share it, or lack it"),
        (["--label", "gone"], "no such column"),
    ],
)
def test_flags_that_do_not_fit_are_refused(made: list[Plan], tmp_path: Path, flags: list[str], said: str) -> None:
    """Each with what there is instead."""
    churn.write(tmp_path, customers=150)
    with pytest.raises(ConfigError, match=said):
        CliRunner().invoke(new.new, ["churn", "--from", "labels.parquet", "--yes", *flags], catch_exceptions=False)
    assert not made


def test_it_needs_no_project(made: list[Plan], tmp_path: Path) -> None:
    """Of all commands it alone runs where there is none yet."""
    churn.write(tmp_path, customers=150)
    done = CliRunner().invoke(main.command("new"), ["churn", "--from", "labels.parquet", "--yes"], catch_exceptions=False)
    assert done.exit_code == 0
    assert made


def test_where_nobody_answers_the_flags_are_named(made: list[Plan], tmp_path: Path) -> None:
    """Without a terminal a question that has no answer is an error that says what answers it, and nothing is written."""
    churn.write(tmp_path, customers=150)
    with pytest.raises(ConfigError, match="nobody answers the question: Which column is to be predicted") as refused:
        CliRunner().invoke(new.new, ["plans", "--from", "customers.parquet"], catch_exceptions=False)
    assert "--yes" in str(refused.value)
    assert "--label" in str(refused.value)
    assert made == []
