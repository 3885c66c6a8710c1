"""What parts of the features are worth: models trained again without them."""

from pathlib import Path

import msgspec
import pytest
from sklearn.metrics import roc_auc_score

from interlock import params
from interlock.errors import ArtifactError
from interlock.evaluation.ablation import ALL, SEED, Ablation, views
from interlock.evaluation.cost import Clock
from interlock.features.featureset import About, FeatureSet, History, Latest, Lookup, OnDemand, Reference, Request, Window
from interlock.files import write_json
from interlock.modeling.booster import Booster
from interlock.modeling.train import fit
from interlock.notebook import inside
from tests.modeled_flights import FEATURES, MODEL, SPLIT, TASKS, labelled, write

COL = ["col", "x"]
BY = (("origin", "origin"),)
MADE = FeatureSet(
    Request(("id",), "as_of", {"id": "String", "as_of": "Datetime[us,UTC]", "origin": "String"}),
    {"planes": Reference(("tail",), {"tail": "String", "seats": "Int32"})},
    {"Left": History("flights", {"x": "Int64"}, COL, COL, {"x": COL}, {"x": "Int64"})},
    (
        OnDemand("_local", "String", About(), ["col", "origin"]),
        OnDemand("hour", "String", About(), ["col", "_local"]),
        Lookup("_seats", "Int32", About(), "planes", "seats", (("tail", "_tail"),)),
        Latest("_tail", "String", About(), "Left", BY, COL),
        OnDemand("size", "Int32", About(), ["op", "plus", ["col", "_seats"], ["col", "flown"]]),
        Window("flown", "Int64", About(), "Left", BY, "count", 1),
        Window("late", "Int64", About(), "Left", BY, "count", 1, where=["op", "gt", COL, ["lit", "int", 15]]),
        Window("all", "Int64", About(), "Left", (), "count", 1),
    ),
)


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("hour", {"request"}),
        ("flown", {"Left by origin"}),
        ("late", {"Left by origin where x > 15"}),
        ("all", {"Left"}),
        ("_seats", {"planes by tail = _tail"}),
        ("size", {"planes by tail = _tail", "Left by origin"}),
        ("unknown", {"request"}),
    ],
)
def test_a_feature_belongs_to_every_view_that_it_reads(feature: str, expected: set[str]) -> None:
    """By table, keys and the rows that count, through private features too; what reads no table belongs to the request."""
    assert views(MADE, feature) == expected


@pytest.fixture(scope="module", params=["binary", "multiclass", "squared"])
def ablation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    """Every sixteenth flight, of one kind of task each."""
    folder = tmp_path_factory.mktemp("ablation")
    write(folder / "data/features", labelled(request.param).gather_every(2))
    task = TASKS[request.param]
    write_json(folder / "params.yaml", {"usecase": {"task": task, "split": SPLIT, "evaluation": {"rounds": 100}}, "model": MODEL})
    (folder / "dvc.yaml").touch()
    with inside(folder):
        params.read_yaml.cache_clear()
        return Ablation.open(rounds=12)


def test_without_a_feature_is_what_excluding_it_gives(ablation: Ablation) -> None:
    """The scores are those of a model that is trained with the feature in `exclude`, to the last bit; of all features, those of the model."""
    for dropped in ([], ["hour", "air"]):
        model = msgspec.structs.replace(ablation.model, exclude=(*ablation.model.exclude, *dropped))
        trained = fit(ablation.train, ablation.validation, model, ablation.task)
        raw = Booster(trained.booster).raw(trained.encoder.matrix(ablation.validation.features))
        assert (ablation.scores(dropped) == trained.calibrator.apply(raw)).all()


def test_losses_are_told_in_order_with_their_intervals(ablation: Ablation) -> None:
    """The least is lost without a constant, most without what the label hangs on; nothing is lost without nothing, and that is not sure."""
    parts = {"hour": ["hour"], "everything but the hour": [name for name in FEATURES if name != "hour"], "air": ["air"], "later": ["part"]}
    scores = {ALL: ablation.scores(), SEED: ablation.scores(seed=1)}
    scores |= {name: ablation.scores(dropped) for name, dropped in parts.items() if name != "later"}
    told = ablation.told({**scores, "hour": scores[ALL]}, parts)
    found = {one["name"]: one for one in told["parts"]}
    assert (found["hour"]["loss"], found["hour"]["low"], found["hour"]["high"], found["hour"]["sure"]) == (0, 0, 0, False)
    losses = [one["loss"] for one in told["parts"]]
    assert losses == sorted(losses, reverse=True)
    assert all(one["low"] <= one["loss"] <= one["high"] for one in told["parts"])
    assert found["everything but the hour"]["sure"]
    assert (told["metric"], told["not_done"], told["rows"]) == (ablation.task.headline, ["later"], len(ablation.validation.label))
    nulls = ablation.validation.features["air"].null_count() / told["rows"]
    assert found["air"]["null_share"] == nulls
    assert told["another_seed"]["low"] <= told["another_seed"]["loss"] <= told["another_seed"]["high"]
    if ablation.task.kind == "binary":
        label = ablation.task.labels(ablation.validation.label)
        lost = roc_auc_score(label, scores[ALL]) - roc_auc_score(label, scores["air"])
        assert found["air"]["loss"] == pytest.approx(lost, abs=1e-12)


def test_parts_are_views_or_single_features(ablation: Ablation) -> None:
    """Without declarations every feature is of the request; each alone otherwise."""
    assert ablation.parts("view") == {"request": FEATURES}
    assert ablation.parts("feature") == {name: [name] for name in FEATURES}


def test_without_data_there_is_nothing_to_compare(tmp_path: Path) -> None:
    """The error says what is missing and what makes it; without golden requests no time is taken."""
    write_json(tmp_path / "params.yaml", {"usecase": {"task": TASKS["binary"], "split": SPLIT}, "model": MODEL})
    with inside(tmp_path):
        with pytest.raises(ArtifactError, match=r"featureset\.json does not exist\n.*run: make"):
            Ablation.open()
        assert Clock.open(MADE) is None
