"""`interlock features --ablate` over real flights: what views and features are worth, said as it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from interlock.cli.features import features
from interlock.evaluation import ablation
from interlock.evaluation.ablation import Ablation, By
from interlock.modeling.task import Scores
from interlock.notebook import inside
from tests.small_flights import finished

ONLY = ("--only", "Departures by origin", "--only", "Weather by origin", "--rounds", "10")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project; not to be changed."""
    return finished(tmp_path_factory)


@pytest.fixture(autouse=True)
def _here(small: Path) -> Iterator[None]:
    with inside(small):
        yield


def run(*arguments: str, width: int = 80) -> Any:
    """The result of the command; what it raises is raised."""
    return CliRunner().invoke(features, arguments, env={"COLUMNS": str(width)}, catch_exceptions=False, standalone_mode=False)


def test_each_view_is_told_with_its_interval_and_what_cannot_be_told_from_noise() -> None:
    """The expected time before it starts, progress as it goes, then a line each that fits the terminal, and the doubtful by name."""
    done = run("--ablate", *ONLY)
    assert done.stderr.startswith("4 trainings on ")
    assert "roughly" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1].endswith("4 of 4  without Weather by origin")
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = json.loads(run("--ablate", "view", *ONLY, "--json").stdout)
    assert {one["name"] for one in told["parts"]} == {"Departures by origin", "Weather by origin"}
    for one in told["parts"]:
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(one["name"])]
        assert f"{one['loss']:+.4f}".replace("-", "−") in line
        assert ("told from noise" in done.stdout) == any(not each["sure"] for each in told["parts"])
    by_name = {one["name"]: one["features"] for one in told["parts"]}
    assert {"origin_delay_1h", "origin_trend", "origin_flow"} <= set(by_name["Departures by origin"])
    assert {"wind_gust", "pressure_change"} <= set(by_name["Weather by origin"])
    assert (told["by"], told["rounds"], told["not_done"]) == ("view", 10, [])


def test_an_interrupt_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the fourth training: the third is told, the fourth is named as not done."""
    train, seen = Ablation.scores, []

    def interrupted(self: Ablation, dropped: list[str], *, seed: int = 0) -> Scores:
        seen.append(dropped)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return train(self, dropped, seed=seed)

    monkeypatch.setattr(ablation.Ablation, "scores", interrupted)
    done = run("--ablate", "feature", "--only", "hour", "--only", "wind_gust", "--rounds", "5")
    assert "interrupted" in done.stderr
    assert "hour" in done.stdout
    assert "Not done: wind_gust" in done.stdout


def test_where_all_comes_of_one_view_its_features_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One view is all or nothing: so each feature in turn, which is said before anything is trained."""
    view = Ablation.open().parts("view")["Weather by origin"]
    monkeypatch.setattr(Ablation, "parts", _within(view[:3]))
    done = run("--ablate", "--rounds", "5", "--json")
    told = json.loads(done.stdout)
    assert done.stderr.startswith(
        "all that the model reads is of one view, Weather by origin: what is left out is each feature\n5 trainings on"
    )
    assert (told["by"], {one["name"] for one in told["parts"]}) == ("feature", set(view[:3]))


@pytest.mark.parametrize(
    ("inputs", "arguments", "said"),
    [
        (2, ["--only", "Weather by origin"], "--only Weather by origin: the model reads nothing else.*--ablate feature"),
        (1, [], "there is nothing to leave out: the model reads wind_gust alone"),
        (1, ["feature"], "there is nothing to leave out: the model reads wind_gust alone"),
    ],
)
def test_where_nothing_could_be_left_out_nothing_is_trained(
    inputs: int, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused at once, not after two trainings."""
    monkeypatch.setattr(Ablation, "parts", _within(["wind_gust", "pressure_change"][:inputs]))
    monkeypatch.setattr(Ablation, "scores", lambda *_, **__: pytest.fail("something was trained"))
    with pytest.raises(click.UsageError, match=said):
        run("--ablate", *arguments)


def _within(inputs: list[str]) -> Any:
    """`Ablation.parts` of a model that reads these features alone."""
    parts = Ablation.parts

    def narrowed(self: Ablation, by: By) -> dict[str, list[str]]:
        self.inputs[:] = inputs
        return parts(self, by)

    return narrowed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ablate", "--only", "Gulls by origin"], "no view of the model is called so; there are: request, planes by tailnum"),
        (["--ablate", "feature", "--only", "_local"], "no feature of the model"),
        (["--only", "hour"], "go with --ablate"),
        (["--rounds", "5"], "go with --ablate"),
        (["hour", "--ablate", "view"], "--ablate goes with"),
        (["--ablate", "--sample", "5"], "--ablate goes with"),
    ],
)
def test_what_cannot_be_ablated_is_refused(arguments: list[str], said: str) -> None:
    """Before anything is trained."""
    with pytest.raises(click.UsageError, match=said):
        run(*arguments)
