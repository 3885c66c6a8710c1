"""The one way from features to a score."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ContractError
from interlock.files import read_json, write_json
from interlock.modeling import artifact
from interlock.modeling.score import Scorer
from interlock.modeling.task import Binary, Regression
from tests.examples import fewer
from tests.modeling.examples import Example, built


@settings(max_examples=fewer(3))
@given(cuts=st.lists(st.integers(0, 400), max_size=6), threads=st.sampled_from([1, 2]))
def test_a_row_gets_the_same_bits_in_any_batch(each: Example, cuts: list[int], threads: int) -> None:
    """However the rows are cut into batches, empty ones among them, the scores put together are those of one batch."""
    features = each.test.features.head(400)
    scorer = Scorer.open(each.folder, threads=threads)
    edges = [0, *sorted(cuts), 400]
    batches = [scorer.score(features[start:end]) for start, end in pairwise(edges)]
    assert pl.concat(batches).to_numpy().tobytes() == each.scorer.score(features).to_numpy().tobytes()


def test_a_frame_of_scores_has_the_columns_of_its_task(each: Example) -> None:
    """Raw scores and scores of each class where there are several, nothing else, all of them finite numbers."""
    scored = each.scorer.score(each.test.features)
    assert tuple(scored.columns) == each.task.columns
    assert scored.height == each.test.features.height
    assert np.isfinite(scored.to_numpy()).all()


def test_scores_of_classes_are_one_together_and_true_in_the_mean() -> None:
    """Probabilities of a row add up to 1; the mean of each class is near its share of the rows that the tables were fitted on."""
    several = built("multiclass")
    scores = several.task.scores(several.scorer.score(several.validation.features))
    assert np.abs(scores.sum(axis=1) - 1).max() < 3e-15
    assert ((scores > 0) & (scores < 1)).all()
    shares = np.bincount(several.task.labels(several.validation.label), minlength=3) / len(scores)
    np.testing.assert_allclose(scores.mean(axis=0), shares, atol=0.01)


@pytest.mark.parametrize("name", ["squared", "absolute", "poisson"])
def test_a_score_of_a_regression_is_what_lightgbm_predicts(name: str) -> None:
    """The raw score itself, to the last bit; of a poisson loss the exponential, as LightGBM takes it to fifteen digits."""
    example = built(name)
    found = example.scorer.score(example.test.features)
    theirs = example.oracle.predict(example.trained.encoder.matrix(example.test.features))
    if name == "poisson":
        np.testing.assert_allclose(found["score"], theirs, rtol=1e-15)
        assert (found["score"] > 0).all()
    else:
        assert found["score"].equals(found["raw_score"])
        np.testing.assert_array_equal(found["score"], theirs)


def test_a_score_is_the_calibrated_raw_score_of_lightgbm(example: Example) -> None:
    """raw_score is LightGBM's own, and score orders the rows in the same way."""
    scored = example.scorer.score(example.test.features)
    oracle = example.oracle.predict(example.trained.encoder.matrix(example.test.features), raw_score=True)
    np.testing.assert_array_equal(scored["raw_score"].to_numpy(), oracle)
    assert scored.sort("raw_score")["score"].is_sorted()
    assert scored["score"].is_between(0, 1).all()


def test_a_model_that_was_read_scores_as_the_one_that_was_trained(each: Example) -> None:
    """Nothing of the model is lost in its files: encoder, what makes scores of raw scores, and baselines with their scores' bits."""
    model, trained = each.scorer.model, each.trained
    assert (model.encoder, model.calibrator, model.baselines) == (trained.encoder, trained.calibrator, trained.baselines)
    read, made = (baselines.scores(each.test.features) for baselines in (model.baselines, trained.baselines))
    assert {name: scores.tobytes() for name, scores in read.items()} == {name: scores.tobytes() for name, scores in made.items()}


def test_a_feature_that_is_missing_is_named(example: Example) -> None:
    """No score is made up for a row that lacks a feature."""
    with pytest.raises(ContractError, match="feature hour is missing"):
        example.scorer.score(example.test.features.drop("hour"))


@pytest.mark.parametrize("name", [artifact.BOOSTER, artifact.MODEL])
def test_a_file_that_is_missing_or_altered_is_refused(example: Example, tmp_path: Path, name: str) -> None:
    """One changed digit, a file cut short and a file removed are noticed before a row is scored."""
    folder = tmp_path / "model"
    shutil.copytree(example.folder, folder)
    whole = (folder / name).read_bytes()
    for broken in (
        whole[: len(whole) // 2],
        b"",
        whole.replace(b"leaf_value=", b"leaf_value=1", 1).replace(b'"rounds": ', b'"rounds": 1', 1),
    ):
        (folder / name).write_bytes(broken)
        with pytest.raises(ArtifactError, match="dvc checkout"):
            Scorer.open(folder)
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name} does not exist"):
        Scorer.open(folder)


@pytest.mark.parametrize("change", [{"rounds": 41}, {"features": 1}])
def test_a_booster_that_is_not_the_described_one_is_refused(example: Example, tmp_path: Path, change: dict[str, int]) -> None:
    """A model whose two files do not belong together is not opened, though each of them is whole."""
    shutil.copytree(example.folder, tmp_path, dirs_exist_ok=True)
    described = read_json(tmp_path / artifact.MODEL)
    if "features" in change:  # every list of the features in another order, so that only the booster tells
        described["features"].reverse()
        described["encoder"]["columns"].reverse()
        line = described["baselines"]["linear"]
        line["features"].reverse()
    else:
        described |= change
    write_json(tmp_path / artifact.MODEL, described)
    with pytest.raises(ArtifactError, match="other rounds, features or classes"):
        Scorer.open(tmp_path)


def test_a_model_of_another_task_is_refused_where_the_task_is_known(example: Example) -> None:
    """What params.yaml says and what the model was trained for: another kind, or another meaning of yes, ends with both and the step."""
    assert Scorer.open(example.folder, task=example.task).model.task == example.task
    for task in (Regression("min"), Binary("early")):
        with pytest.raises(ArtifactError, match=r"model\.json: task is .*late.*usecase\.task of params\.yaml is .*\n.*run: dvc repro"):
            Scorer.open(example.folder, task=task)


def test_features_that_a_score_depends_on_must_be_there(example: Example) -> None:
    """Any feature that is not there is named; more than it reads do no harm."""
    names = list(example.scorer.model.features)
    example.scorer.needs([*names, "more"])
    with pytest.raises(ArtifactError, match="reads hour, air, which the features do not hold"):
        example.scorer.needs([name for name in names if name not in {"hour", "air"}])
