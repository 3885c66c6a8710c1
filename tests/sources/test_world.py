"""The rows that a world keeps."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.sources.spec import Keep
from interlock.sources.world import restrict
from tests.examples import fewer

FRAME = pl.DataFrame({"kind": ["a", "b", None, "a"], "size": [1, 2, 3, None], "source_row": range(4)})


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({}, [0, 1, 2, 3]),
        ({"kind": ["a"]}, [0, 3]),
        ({"kind": ["a", None]}, [0, 2, 3]),
        ({"kind": ["a"], "size": [1, 2]}, [0]),
    ],
)
def test_rows_hold_one_of_the_values(where: dict[str, list[str | int | float | bool | None]], rows: list[int]) -> None:
    """Every column of `where` holds one of its values, null only where null is named."""
    assert restrict("t", FRAME, Keep(where=where))["source_row"].to_list() == rows


@settings(max_examples=fewer(3))
@given(st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_smaller_share_is_part_of_a_larger(one: float, other: float) -> None:
    """A share keeps about that part, the same rows every time, and the rows of any smaller share."""
    frame = pl.DataFrame({"source_row": range(4000)})
    small, large = (set(restrict("t", frame, Keep(share=share))["source_row"]) for share in sorted((one, other)))
    assert small <= large
    assert len(large) / 4000 == pytest.approx(max(one, other), abs=0.04)


@pytest.mark.parametrize("value", ["x", 1.5, 2**70, 2**200, float("nan")])
def test_a_value_of_another_type_is_refused(value: str | float) -> None:
    """A value that the column cannot hold is named with its key, and no row is kept or lost on its account."""
    with pytest.raises(ConfigError, match=r"usecase.world.keep.t.where.size: \[.*\] are not values of type Int64"):
        restrict("t", FRAME, Keep(where={"size": [value]}))
