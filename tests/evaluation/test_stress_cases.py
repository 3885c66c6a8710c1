"""The vocabulary of a use case's stress.py."""

from types import ModuleType

import numpy as np
import pytest

from interlock.evaluation.stress import Case, declared, not_higher, not_lower, unchanged

BEFORE = np.array([0.5, 0.5, 0.5, 0.5])
AFTER = np.array([0.4, 0.5, 0.6, np.nan])


@pytest.mark.parametrize(
    ("case", "broken"),
    [
        (unchanged("", {}), [True, False, True, True]),
        (unchanged("", {}, within=0.2), [False, False, False, True]),
        (not_lower("", {}), [True, False, False, True]),
        (not_lower("", {}, within=0.2), [False, False, False, True]),
        (not_higher("", {}), [False, False, True, True]),
        (not_higher("", {}, within=0.2), [False, False, False, True]),
    ],
)
def test_each_behaviour_is_broken_by_its_own_moves(case: Case, broken: list[bool]) -> None:
    """Down, still, up, and NaN, which breaks each."""
    assert case.broken(BEFORE, AFTER).tolist() == broken


def test_behaviours_are_variables_and_an_underscore_keeps_one_out() -> None:
    """What a module declares is found by name, in its order; anything else in it is left alone."""
    module = ModuleType("stress")
    first, second = unchanged("first", {}), not_lower("second", {})
    vars(module).update(first=first, number=3, _draft=not_higher("draft", {}), second=second)
    assert declared(module) == {"first": first, "second": second}
