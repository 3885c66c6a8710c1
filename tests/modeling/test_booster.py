"""LightGBM's C API against LightGBM's own package, and against treelite."""

import subprocess
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import treelite
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from interlock.errors import ArtifactError
from interlock.modeling import booster as module
from interlock.modeling.booster import GAIN, SPLITS, Booster

if TYPE_CHECKING:
    from tests.modeling.examples import Example


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_raw_scores_and_contributions_are_lightgbms_to_the_last_bit(each: "Example", threads: int) -> None:
    """On real rows of every kind of task, at any number of threads: equal bytes, not close values."""
    booster = Booster(each.trained.booster, threads=threads)
    matrix = each.trained.encoder.matrix(each.test.features)
    assert booster.raw(matrix).tobytes() == np.ascontiguousarray(each.oracle.predict(matrix, raw_score=True)).tobytes()
    few = matrix[:300]
    assert booster.contributions(few).tobytes() == np.ascontiguousarray(each.oracle.predict(few, pred_contrib=True)).tobytes()


def test_contributions_add_up_to_the_raw_score_of_each_class(each: "Example") -> None:
    """Every row, of several classes every class of it, has one number a feature and the expected score: together its raw score."""
    booster = Booster(each.trained.booster)
    matrix = each.trained.encoder.matrix(each.test.features)[:300]
    raw, parts = booster.raw(matrix), booster.contributions(matrix)
    assert booster.classes == len(each.task.raw)
    assert parts.shape == (*raw.shape, 10)
    np.testing.assert_allclose(parts.sum(axis=-1), raw, rtol=1e-9, atol=1e-9)


def test_a_row_alone_scores_as_in_a_batch(each: "Example") -> None:
    """Single rows, read backwards and strided, give the bits of the batch."""
    booster = Booster(each.trained.booster)
    matrix = each.trained.encoder.matrix(each.test.features)[:200]
    together, parts = booster.raw(matrix), booster.contributions(matrix)
    assert np.concatenate([booster.raw(matrix[row : row + 1]) for row in range(200)]).tobytes() == together.tobytes()
    assert np.concatenate([booster.contributions(matrix[row : row + 1]) for row in range(200)]).tobytes() == parts.tobytes()
    assert booster.raw(matrix[::-1]).tobytes() == together[::-1].tobytes()
    assert booster.raw(np.asfortranarray(matrix)).tobytes() == together.tobytes()


@given(matrix=arrays(np.float64, (4, 9), elements=st.floats() | st.integers(-3, 400).map(float)))
def test_any_number_at_all_scores_as_lightgbm_scores_it(example: "Example", matrix: np.ndarray) -> None:
    """Missing, infinite, negative and unknown codes included."""
    assert Booster(example.trained.booster).raw(matrix).tobytes() == np.asarray(example.oracle.predict(matrix, raw_score=True)).tobytes()


def test_treelite_reads_the_same_scores_from_the_same_file(each: "Example", tmp_path: Path) -> None:
    """An independent reader of the model's file, at its most exact, comes to the same raw scores, of every kind of task."""
    path = tmp_path / "booster.txt"
    path.write_text(each.trained.booster)
    matrix = each.trained.encoder.matrix(each.test.features)
    theirs = treelite.gtil.predict(treelite.frontend.load_lightgbm_model(path), matrix, pred_margin=True)
    raw = Booster(each.trained.booster).raw(matrix)
    np.testing.assert_array_equal(raw, theirs.reshape(raw.shape))


def test_names_rounds_and_importance_are_lightgbms(example: "Example") -> None:
    """What the model says of itself agrees with LightGBM's package."""
    booster, oracle = Booster(example.trained.booster), example.oracle
    assert (booster.features, booster.rounds) == (oracle.feature_name(), oracle.current_iteration())
    assert booster.importance(GAIN) == oracle.feature_importance("gain").tolist()
    assert booster.importance(SPLITS) == oracle.feature_importance("split").tolist()


def test_no_rows_have_no_scores(example: "Example") -> None:
    """An empty matrix is no error."""
    booster = Booster(example.trained.booster)
    assert booster.raw(np.empty((0, 9))).shape == (0,)
    assert booster.contributions(np.empty((0, 9))).shape == (0, 10)


@pytest.mark.parametrize("text", ["", "no model", "tree\nversion=v4\n"])
def test_a_text_that_is_no_model_is_refused(text: str) -> None:
    """Before LightGBM reads it."""
    with pytest.raises(ArtifactError, match="the booster is damaged: it holds no tree"):
        Booster(text)


def test_what_lightgbm_refuses_is_passed_on(example: "Example") -> None:
    """A model of an objective that it does not know: its own reason is told."""
    with pytest.raises(ArtifactError, match=r"LightGBM refuses the model: \S"):
        Booster(example.trained.booster.replace("objective=binary", "objective=unary", 1))


@pytest.mark.parametrize("columns", [0, 8, 10])
def test_a_matrix_of_other_columns_is_refused(example: "Example", columns: int) -> None:
    """A model of nine features does not score eight or ten."""
    with pytest.raises(ArtifactError, match="number of features"):
        Booster(example.trained.booster).raw(np.zeros((2, columns)))


def test_the_handle_is_freed_with_its_booster(example: "Example", monkeypatch: pytest.MonkeyPatch) -> None:
    """A booster that nobody holds leaves no model in LightGBM's memory."""
    freed: list[object] = []
    monkeypatch.setattr(module.library(), "LGBM_BoosterFree", freed.append)
    booster = Booster(example.trained.booster)
    gone = weakref.ref(booster)
    del booster
    assert gone() is None
    assert len(freed) == 1


def test_scoring_imports_neither_lightgbm_nor_scipy() -> None:
    """The package takes over a second to import: only training pays it. The library alone is loaded, and prints nothing."""
    code = "import sys, interlock.modeling.score as s, interlock.modeling.booster as b; b.library(); print(sorted({'lightgbm', 'scipy', 'pandas', 'sklearn', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without LightGBM's shared library there is a message, not a traceback."""
    monkeypatch.setattr(module, "LIBRARIES", {"none"})
    module.library.cache_clear()
    with pytest.raises(ArtifactError, match="LightGBM cannot be loaded: its wheel holds no shared library"):
        module.library()
