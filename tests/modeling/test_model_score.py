"""The one way from features to a score."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ArtifactError, ContractError
from interlock.files import read_json, write_json
from interlock.modeling import artifact
from interlock.modeling.score import Scorer

if TYPE_CHECKING:
    from tests.modeling.conftest import Example


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6), threads=st.sampled_from([1, 2]))
def test_a_row_gets_the_same_bits_in_any_batch(example: "Example", cuts: list[int], threads: int) -> None:
    """However the rows are cut into batches, empty ones among them, the scores put together are those of one batch."""
    features = example.test.features.head(400)
    scorer = Scorer.open(example.folder, threads=threads)
    edges = [0, *sorted(cuts), 400]
    batches = [scorer.score(features[start:end]) for start, end in pairwise(edges)]
    assert pl.concat(batches).to_numpy().tobytes() == example.scorer.score(features).to_numpy().tobytes()


def test_a_score_is_the_calibrated_raw_score_of_lightgbm(example: "Example") -> None:
    """raw_score is LightGBM's own, and score orders the rows in the same way."""
    scored = example.scorer.score(example.test.features)
    oracle = example.oracle.predict(example.trained.encoder.matrix(example.test.features), raw_score=True)
    np.testing.assert_array_equal(scored["raw_score"].to_numpy(), oracle)
    assert scored.sort("raw_score")["score"].is_sorted()
    assert scored["score"].is_between(0, 1).all()


def test_a_model_that_was_read_scores_as_the_one_that_was_trained(example: "Example") -> None:
    """Nothing of the model is lost in its files."""
    model = example.scorer.model
    assert (model.encoder, model.calibrator) == (example.trained.encoder, example.trained.calibrator)


def test_a_feature_that_is_missing_is_named(example: "Example") -> None:
    """No score is made up for a row that lacks a feature."""
    with pytest.raises(ContractError, match="feature hour is missing"):
        example.scorer.score(example.test.features.drop("hour"))


@pytest.mark.parametrize("name", [artifact.BOOSTER, artifact.MODEL])
def test_a_file_that_is_missing_or_altered_is_refused(example: "Example", tmp_path: Path, name: str) -> None:
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


def test_a_booster_of_other_features_is_refused(example: "Example", tmp_path: Path) -> None:
    """A model whose two files do not belong together is not opened."""
    shutil.copytree(example.folder, tmp_path, dirs_exist_ok=True)
    described = read_json(tmp_path / artifact.MODEL)
    write_json(tmp_path / artifact.MODEL, {**described, "features": described["features"][::-1]})
    with pytest.raises(ArtifactError, match="other rounds or features"):
        Scorer.open(tmp_path)
