"""What a trial is worth is what the graph says of the model that the same settings make."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation.champion import BETTER, SAME
from interlock.files import read_json
from interlock.sweeping import results
from interlock.sweeping.trial import COMPLETE, best
from stages import evaluate, score, train
from tests.modeled_flights import FEATURES
from tests.sweeping.swept import SEARCH, project, say, swept

NINE = "{:.9g}".format
FEW = msgspec.structs.replace(SEARCH, trials=5, pruner=None, sampler="random")
GROUPS = {"route": ("tailnum", "dest"), "time": ("h*", "part")}


def rebuilt(folder: Path, task: str, changes: dict[str, Any], **model: Any) -> tuple[float, str]:
    """The validation score and the trees that the stages make of the settings of a trial."""
    say(folder, task, **{**model, **{key.removeprefix("model."): value for key, value in changes.items()}})
    for stage in (train, score, evaluate):
        stage.main()
    headline = {"binary": "auc", "multiclass": "auc"}.get(task, "r2")
    return read_json(folder / "reports/metrics.json")["validation"][headline], (folder / "models/model/booster.txt").read_text()


@pytest.mark.parametrize(("task", "mitigation"), [("binary", None), ("binary", "equalized_odds"), ("multiclass", None), ("poisson", None)])
def test_the_graph_rebuilds_the_winner(task: str, mitigation: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings, with features left out, give the same trees byte for byte, and the trial's value to nine digits, mitigated or not."""
    bad: dict[str, Any] = {"rounds": 12, "learning_rate": 0.9, "mitigation": mitigation}
    folder = project(tmp_path, monkeypatch, task, **bad)
    trier, trials, found = swept(msgspec.structs.replace(FEW, features=GROUPS))
    winner = best(trials)
    name, changes = results.winner()
    assert (name, winner.number) == (f"sweep_{winner.number}", found["winner"]["trial"])
    assert winner.number > 0
    text = trier.ground.outcome(trier.model(winner.number, winner.point), lambda *_: None).booster
    reported, built = rebuilt(folder, task, changes, **bad)
    assert built == text
    assert NINE(reported) == NINE(winner.validation)


def test_trial_0_is_the_current_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its value is what the graph reports of the settings as they are, features excluded by them included, though no point says so."""
    folder = project(tmp_path, monkeypatch, learning_rate=0.77, exclude=["air", "tailnum"])
    _, trials, _ = swept(msgspec.structs.replace(FEW, trials=2))
    assert NINE(trials[0].validation) == NINE(rebuilt(folder, "binary", {}, learning_rate=0.77, exclude=["air", "tailnum"])[0])
    assert trials[1].model.keys() == SEARCH.space.keys()


def test_a_bad_default_is_beaten_by_more_than_the_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From stumps, learned in leaps without the hour, 12 trials find what is surely better, on rows that did not choose as well."""
    bad: dict[str, Any] = {"learning_rate": 0.9, "num_leaves": 2, "feature_fraction": 0.1, "exclude": ["hour", "carrier", "dest"]}
    project(tmp_path, monkeypatch, every=1, **bad)
    space = {**SEARCH.space, "feature_fraction": {"low": 0.3, "high": 1.0}}
    search = msgspec.structs.replace(SEARCH, trials=12, space=space, features={"left out": ("hour", "carrier", "dest")})
    _, trials, found = swept(search, workers=2)
    assert found["outcome"] == BETTER
    assert found["gain"]["gain"] > found["gain"]["gain_low"] > 0
    assert found["elsewhere"]["gain_low"] > 0
    assert found["elsewhere"]["gain"] <= found["gain"]["gain"]
    assert found["gain"]["gain"] == pytest.approx(best(trials).validation - trials[0].validation)  # type: ignore[operator]
    assert found["changes"]["exclude"] == {"from": bad["exclude"], "to": []}
    assert set(found["changes"]) <= {*space, "exclude"}


def test_no_gain_is_said_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all that varies changes no tree, the first trial wins, no difference is told, and there is nothing to adopt."""
    project(tmp_path, monkeypatch, exclude=[name for name in FEATURES if name not in ("hour", "distance")])
    _, _, found = swept(msgspec.structs.replace(FEW, space={"cat_smooth": {"low": 1.0, "high": 99.0}}, trials=3))
    assert (found["winner"]["trial"], found["outcome"], found["changes"]) == (0, SAME, {})
    with pytest.raises(ConfigError, match="nothing to adopt"):
        results.winner()


def test_a_sweep_that_has_not_ended_has_no_winner_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one runs, or after it was killed, a trial can be taken by its number alone."""
    project(tmp_path, monkeypatch)
    swept(msgspec.structs.replace(FEW, trials=2))
    results.begin()
    with pytest.raises(ArtifactError, match="has not ended; 2 of its trials have"):
        results.winner()
    assert results.winner(1)[0] == "sweep_1"


def test_the_mean_over_folds_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With folds a value is the mean of them, and the score of the graph's own rows stands beside it, as without folds."""
    project(tmp_path, monkeypatch, rounds=12)
    _, single, _ = swept(FEW)
    _, trials, _ = swept(msgspec.structs.replace(FEW, folds=3), new=True)
    assert [trial.point for trial in trials] == [trial.point for trial in single]
    for one, alone in zip(trials, single, strict=True):
        assert one.state == COMPLETE
        assert one.validation == alone.value
        assert one.value == pytest.approx(sum(one.values) / 3)
        assert len(set(one.values)) == 3
