"""The hashed sample."""

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.evaluation.sample import sample
from tests.examples import fewer
from tests.modeled_flights import KEY, flights

ROWS = flights().head(3000)


def test_a_sample_is_in_order_and_of_the_size_asked_for() -> None:
    """Rows keep their order; of fewer rows than asked for, all are taken."""
    found = sample(ROWS, KEY, 500, "salt")
    assert found.height == 500
    assert found.equals(found.sort(KEY))
    assert sample(ROWS, KEY, 10_000, "salt").equals(ROWS)


@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
@settings(max_examples=fewer(3))
def test_who_is_chosen_depends_on_the_keys_alone(seed: int, rows: int) -> None:
    """Shuffled rows give the same sample, and a smaller sample lies within a larger one."""
    found = sample(ROWS, KEY, rows, "salt")
    assert sample(ROWS.sample(fraction=1, shuffle=True, seed=seed), KEY, rows, "salt").sort(KEY).equals(found)
    assert set(found["flight_id"]) <= set(sample(ROWS, KEY, rows + 100, "salt")["flight_id"])


def test_another_salt_chooses_others() -> None:
    """Samples for different purposes are independent: they overlap as chance has it."""
    one, other = (set(sample(ROWS, KEY, 300, salt)["flight_id"]) for salt in ("one", "other"))
    assert 5 <= len(one & other) <= 65
