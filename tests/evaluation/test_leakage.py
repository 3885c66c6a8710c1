"""Leaks that are planted are found, and what is no leak is none."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.evaluation.leakage import alone, shared
from interlock.modeling.dataset import Rows

RANDOM = np.random.default_rng(2)
LABEL = RANDOM.random(4000) < 0.3


def rows(features: dict[str, object], label: "np.ndarray" = LABEL) -> tuple[Rows, Rows]:
    frame, labels = pl.DataFrame(features), pl.Series("late", label)
    key = pl.DataFrame({"id": range(len(label))})
    half = len(label) // 2
    return (
        Rows("train", key[:half], frame[:half], labels[:half]),
        Rows("validation", key[half:], frame[half:], labels[half:]),
    )


@pytest.mark.parametrize(
    "leak",
    [
        LABEL,
        LABEL * -7.5,
        np.where(LABEL, "yes", "no"),
        np.where(LABEL, np.nan, RANDOM.random(4000)),
        np.where(LABEL, RANDOM.normal(0, 1, 4000), np.where(RANDOM.random(4000) < 0.5, 5.0, -5.0)),
    ],
    ids=["the label", "turned around", "as text", "as what is missing", "in the middle"],
)
def test_a_feature_that_tells_the_outcome_is_found_in_any_guise(leak: "np.ndarray") -> None:
    """As itself, reversed, as text, as missing values or as a band: its AUC is nearly 1, and it is named first."""
    found = alone(*rows({"noise": RANDOM.random(4000), "leak": leak}))
    assert found["strongest"]["name"] == found["features"][0]["name"] == "leak"
    assert found["strongest"]["auc"] > 0.99


def test_noise_is_no_leak_however_many_values_it_has() -> None:
    """A text that is another for each row, one of many levels, a constant and numbers without meaning are near a coin."""
    ids, levels = [str(number) for number in range(4000)], [str(number % 150) for number in range(4000)]
    found = alone(
        *rows(
            {
                "id": ids,
                "level": levels,
                "constant": [1] * 4000,
                "noise": RANDOM.random(4000),
                "null": pl.Series([None] * 4000, dtype=pl.Float64),
            }
        )
    )
    assert all(0.44 < one["auc"] < 0.56 for one in found["features"])


@given(
    st.lists(st.integers(0, 20), max_size=8, unique=True),
    st.lists(st.integers(0, 20), max_size=8, unique=True),
    st.lists(st.integers(0, 20), min_size=1, max_size=8, unique=True),
)
@settings(max_examples=100, deadline=None)
def test_shared_keys_are_those_of_sets(train: list[int], validation: list[int], test: list[int]) -> None:
    """Keys in two splits count once for each repetition, and the ids are those of test rows that training knew."""
    keys = {
        name: pl.DataFrame({"id": ids}, schema={"id": pl.Int64})
        for name, ids in (("train", train), ("validation", validation), ("test", test))
    }
    found = shared(keys, ["id"])
    assert found["keys"] == len(train) + len(validation) + len(test) - len({*train, *validation, *test})
    assert found["ids"] == len(set(train) & set(test))
    assert found["ids_share"] == pytest.approx(len(set(train) & set(test)) / len(test))


def test_an_id_may_come_again_at_another_time() -> None:
    """The same id asked about twice is no shared key, and is counted as an id that training knew."""
    keys = {name: pl.DataFrame({"as_of": [time], "id": ["a"]}) for time, name in enumerate(("train", "validation", "test"))}
    assert shared(keys, ["id"]) == {"keys": 0, "ids": 1, "ids_share": 1.0}
