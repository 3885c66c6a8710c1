"""Features as numbers."""

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OrdinalEncoder

from interlock.errors import ContractError
from interlock.files import write_json
from interlock.modeling.encode import Encoder
from tests import modeled_flights

texts = st.lists(st.none() | st.text(max_size=2), min_size=1, max_size=60)
numbers = st.lists(st.none() | st.floats() | st.integers(-5, 5).map(float), min_size=1)


def text(values: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({"x": values}, schema={"x": pl.String})


@given(texts, texts, st.integers(1, 4))
def test_a_text_is_its_place_among_the_frequent_ones_of_training(seen: list[str | None], later: list[str | None], rare: int) -> None:
    """Frequent levels are numbered in sorted order, rare ones share the next number, unseen and null are missing."""
    encoder = Encoder.fit(text(seen), rare=rare)
    frequent = sorted({value for value in seen if value is not None and seen.count(value) >= rare})
    for value, code in zip(later, encoder.matrix(text(later))[:, 0], strict=True):
        if value is None or value not in seen:
            assert math.isnan(code)
        else:
            assert code == (frequent.index(value) if value in frequent else len(frequent))


@given(numbers)
def test_a_number_is_itself_and_null_is_missing(values: list[float | None]) -> None:
    """Numbers keep every bit; null and NaN are both missing."""
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    expected = np.array([math.nan if value is None else value for value in values])
    np.testing.assert_array_equal(Encoder.fit(frame).matrix(frame)[:, 0], expected)


def test_real_features_are_coded_as_scikit_learn_codes_them() -> None:
    """With no level rare, the codes of the flights' text features equal OrdinalEncoder's; the rest equals Polars' own cast."""
    frame = modeled_flights.flights().select(modeled_flights.FEATURES)
    matrix = Encoder.fit(frame, rare=1).matrix(frame)
    names = ["carrier", "origin", "dest"]
    np.testing.assert_array_equal(matrix[:, :3], OrdinalEncoder().fit_transform(frame.select(names).to_numpy()))
    np.testing.assert_array_equal(matrix[:, 4:], frame.select(modeled_flights.FEATURES[4:]).cast(pl.Float64).to_numpy())
    assert matrix.dtype == np.float64
    assert (matrix.flags.c_contiguous, matrix.shape) == (True, frame.shape)


def test_a_row_is_encoded_alike_alone_and_in_company() -> None:
    """Neither the other rows nor the order and number of the columns matter."""
    frame = modeled_flights.flights().select(modeled_flights.FEATURES)
    encoder = Encoder.fit(frame)
    together = encoder.matrix(frame.head(50))
    for row in range(50):
        np.testing.assert_array_equal(encoder.matrix(frame[row : row + 1, ::-1].with_columns(more=1))[0], together[row])


def test_an_encoder_survives_its_file(tmp_path: Path) -> None:
    """Written as canonical JSON and read back, it is equal, with levels in any script."""
    frame = pl.DataFrame({"n": [1.5], "t": ["Zürich"], "b": [True], "e": ["\x00\u2028🛬"]})
    encoder = Encoder.fit(frame, rare=1)
    write_json(tmp_path / "encoder.json", msgspec.to_builtins(encoder))
    again = msgspec.json.decode((tmp_path / "encoder.json").read_bytes(), type=Encoder)
    assert again == encoder
    np.testing.assert_array_equal(again.matrix(frame), [[1.5, 0, 1, 0]])
    assert (again.names, again.text) == (["n", "t", "b", "e"], [1, 3])


def test_what_a_model_cannot_read_is_refused_by_name() -> None:
    """A time is no number; a feature that is absent or changed its type is not guessed at."""
    with pytest.raises(ContractError, match="feature day is Date"):
        Encoder.fit(pl.DataFrame({"day": [None]}, schema={"day": pl.Date}))
    encoder = Encoder.fit(pl.DataFrame({"n": [1], "t": ["a"]}))
    with pytest.raises(ContractError, match=r"feature n is missing \(2 in all\)"):
        encoder.matrix(pl.DataFrame({"m": [1]}))
    with pytest.raises(ContractError, match=r"feature n is String"):
        encoder.matrix(pl.DataFrame({"n": ["1"], "t": ["a"]}))
    with pytest.raises(ContractError, match=r"feature t is Int64"):
        encoder.matrix(pl.DataFrame({"n": [1], "t": [1]}))
