"""What trials stand on: rows of training and validation alone, binned once for all that bin alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock import frames, params
from interlock.files import write_json
from interlock.modeling.spec import Model
from interlock.modeling.split import MATURED, ByGroup, ByRow, ByTime, Shares, Split
from interlock.modeling.train import binning, fit, labels
from interlock.params import convert
from interlock.sweeping.folds import open_folds
from interlock.sweeping.ground import Ground
from interlock.sweeping.results import TRIALS
from interlock.sweeping.settings import FEATURES
from tests.modeled_flights import KEY, MODEL, SPLIT
from tests.sweeping.swept import SEARCH, project, swept

SHARES = Shares(0.6, 0.2, 0.2)
OTHERS: dict[str, Any] = {
    "rounds": 3, "early_stopping": 3, "learning_rate": 0.3, "num_leaves": 5, "min_data_in_leaf": 900, "feature_fraction": 0.4,
    "bagging_fraction": 0.4, "bagging_freq": 3, "lambda_l1": 3.0, "lambda_l2": 0.0, "cat_smooth": 1.0, "cat_l2": 0.0, "threads": 2,
}  # fmt: skip


def ignored(*_: Any) -> None:
    """Nobody is told."""


def test_the_test_rows_stay_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every feature and label of the test rows replaced by nonsense a sweep writes the same bytes, and no fold holds one of them."""
    few = msgspec.structs.replace(SEARCH, trials=3, folds=2)
    folder = project(tmp_path, monkeypatch, every=12)
    trier, _, _ = swept(few)
    before = TRIALS.read_bytes()
    end = pl.lit(SPLIT["validation_until"]).str.to_datetime(time_zone="UTC")
    for fold in trier.ground.folds:
        for rows in (fold.fold.train, fold.fold.validation):
            assert rows.key.filter(pl.col("as_of") >= end).is_empty()
    late = pl.col("as_of") >= end
    for name, nonsense in {
        "outcomes": {"late": ~pl.col("late")},
        "features": {"carrier": pl.lit("?"), "distance": pl.lit(7, pl.Int32)},
    }.items():
        path = folder / f"data/features/{name}.parquet"
        found = frames.read(path)
        changed = {column: pl.when(late).then(value).otherwise(pl.col(column)) for column, value in nonsense.items()}
        frames.write(found.with_columns(**changed), path)
        assert not frames.read(path).equals(found)
    swept(few, new=True)
    assert TRIALS.read_bytes() == before


def test_folds_by_time_expand_towards_the_graphs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation periods follow each other without a gap, each trained on labels that had matured before it, the last as the graph does."""
    project(tmp_path, monkeypatch)
    split: Split = convert(SPLIT, ByTime, "split")
    assert isinstance(split, ByTime)
    folds = open_folds(FEATURES, split, 4)
    matured = frames.read(FEATURES / "outcomes.parquet", [*KEY, MATURED])
    length = split.validation_until - split.train_until
    for back, fold in zip((3, 2, 1, 0), folds, strict=True):
        start = split.train_until - back * length
        train, judged = (rows.key.join(matured, on=KEY, how="left") for rows in (fold.train, fold.validation))
        assert train[MATURED].max() <= start <= judged["as_of"].min()  # type: ignore[operator]
        assert judged[MATURED].max() <= start + length  # type: ignore[operator]
        assert judged["as_of"].min() < start + timedelta(hours=12)  # type: ignore[operator]
    sizes = [fold.train.key.height for fold in folds]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("split", [ByGroup(shares=SHARES, column="carrier"), ByRow(shares=SHARES)])
def test_folds_by_hash_never_hold_a_test_row(split: ByGroup | ByRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each draws the rows of training and validation anew, a group as a whole; none of the graph's test rows is among them."""
    project(tmp_path, monkeypatch, every=3)
    folds = open_folds(FEATURES, split, 3)
    own = pl.concat([folds[-1].train.key, folds[-1].validation.key])
    seen = []
    for fold in folds:
        both = pl.concat([fold.train.key, fold.validation.key])
        assert both.sort(KEY).equals(own.sort(KEY))
        seen.append(frozenset(fold.validation.key["flight_id"]))
        if isinstance(split, ByGroup):
            carriers = [set(rows.features["carrier"]) for rows in (fold.train, fold.validation)]
            assert not carriers[0] & carriers[1]
    assert len(set(seen)) == 3


def test_max_bin_alone_changes_the_bins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the keys of the model that can be searched, LightGBM's binned file differs with `max_bin`, and with none of the others."""
    project(tmp_path, monkeypatch)
    ground = Ground.open()
    own = ground.folds[-1]

    def binned(name: str, **changes: Any) -> bytes:
        model = convert({**MODEL, **changes}, Model, "model")
        binning(own.encoder, own.train, model, ground.said.task).save_binary(str(tmp_path / name))
        return (tmp_path / name).read_bytes()

    first = binned("first")
    assert {*OTHERS, "max_bin", "seed", "exclude", "mitigation"} == set(MODEL)
    assert all(binned(f"with {key}", **{key: value}) == first for key, value in OTHERS.items())
    assert binned("fewer", max_bin=31) != first


def test_trainings_at_once_share_their_bins_unharmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve models trained four at a time on one binned set are, byte for byte, what the stage trains of each alone."""
    project(tmp_path, monkeypatch, rounds=15)
    ground = Ground.open()
    fold = ground.folds[-1]
    models = [
        msgspec.structs.replace(ground.said.base, num_leaves=leaves, learning_rate=rate, max_bin=bins)
        for leaves in (4, 31)
        for rate in (0.05, 0.1, 0.2)
        for bins in (31, 255)
    ]
    with ThreadPoolExecutor(4) as pool:
        together = [found.booster for found in pool.map(lambda model: ground.outcome(model, ignored), models)]
    alone = [fit(fold.fold.train, fold.fold.validation, model, ground.said.task).booster for model in models]
    assert together == alone
    assert len(fold.binned) == 2


def test_rows_are_read_encoded_and_binned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All trials over one `max_bin` and one set of features share one binned set; leaving a feature out bins another."""
    project(tmp_path, monkeypatch, rounds=5)
    space = {key: entry for key, entry in SEARCH.space.items() if key != "max_bin"}
    trier, trials, _ = swept(msgspec.structs.replace(SEARCH, space=space, trials=6))
    assert len(trier.ground.folds[-1].binned) == 1
    assert len({trial.point["num_leaves"] for trial in trials[1:]}) > 1
    trier.ground.outcome(msgspec.structs.replace(trier.ground.said.base, exclude=("air",)), ignored)
    assert len(trier.ground.folds[-1].binned) == 2


def test_protected_columns_are_no_input_of_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the use case protects is read by no trial, and cannot be searched in."""
    folder = project(tmp_path, monkeypatch, rounds=5)
    said = params.read_yaml(folder / "params.yaml")
    said["usecase"]["fairness"] = {"attributes": ["origin"], "minimum": 100}
    write_json(folder / "params.yaml", said)
    params.read_yaml.cache_clear()
    ground = Ground.open()
    assert "origin" not in ground.inputs
    assert "origin" in ground.columns
    text = ground.outcome(ground.said.base, ignored).booster
    assert "feature_names=carrier dest tailnum hour distance part morning air\n" in text
    assert labels(ground.folds[-1].fold.validation, ground.said.task).shape == (len(ground.labels),)
