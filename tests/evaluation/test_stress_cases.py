"""The vocabulary of a use case's stress.py."""

import math
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest

from interlock.errors import DeclarationError
from interlock.evaluation.stress import Case, at_least, at_most, declared, not_higher, not_lower, robust, unchanged
from interlock.files import write_text
from interlock.loading import load

CHANGE = {"hour": 3}
NUMBERS = count()


def test_behaviours_are_variables_and_an_underscore_keeps_one_out() -> None:
    """What a module declares is found by name, in its order; anything else in it is left alone."""
    module = ModuleType("stress")
    first, second = unchanged("first", CHANGE), not_lower("second", CHANGE)
    vars(module).update(first=first, number=3, _draft=not_higher("draft", CHANGE), second=second)
    assert declared(module) == {"first": first, "second": second}


def test_each_kind_of_behaviour_has_its_name() -> None:
    """The four kinds of behaviour are told apart in the report by these words."""
    cases = [unchanged("", CHANGE), not_lower("", CHANGE), not_higher("", CHANGE), at_least("", 0.5, given=CHANGE)]
    cases += [at_most("", 0.5, given=CHANGE), robust("", "noise")]
    assert [case.kind for case in cases] == ["invariance", "direction", "direction", "clear case", "clear case", "robustness"]


MISTAKES = {
    'unchanged("", {"hour": col("hour").mean()})': "'hour' of the change: Agg is not row-wise",
    'unchanged("", {"hour": col("hour").shift(1)})': "Shift is not row-wise",
    'unchanged("", {"hour": col("hour").map_batches(len)})': "a Python function cannot be part of a declaration",
    'unchanged("", {"hour": [1, 2]})': r"'hour' of the change is \[1, 2\]",
    'unchanged("", {"hour": float("nan")})': "'hour' of the change is NaN",
    'unchanged("", {3: 4})': "a feature is 3",
    'unchanged("", {})': "the change is empty",
    'unchanged("", "hour")': "the change is 'hour'",
    'unchanged(None, {"hour": 1})': "claim is None",
    'unchanged("", {"hour": 1}, where=col("hour") > col("hour").max())': "where: Agg is not row-wise",
    'unchanged("", {"hour": 1}, where=True)': "where is True",
    'unchanged("", {"hour": 1}, within=-0.1)': "the bound on scores is -0.1.*\n.*0 or more",
    'unchanged("", {"hour": 1}, within=float("nan"))': "the bound on scores is nan",
    'unchanged("", {"hour": 1}, within=float("inf"))': "the bound on scores is inf",
    'unchanged("", {"hour": 1}, tolerated=1.5)': "tolerated is 1.5.*\n.*between 0 and 1",
    'unchanged("", {"hour": 1}, tolerated=True)': "tolerated is True",
    'not_lower("", {"hour": 1}, of=2)': "of is 2",
    'at_least("", float("-inf"), where=col("hour") > 1)': "the bound on scores is -inf",
    'at_least("", "0.5", where=col("hour") > 1)': "the bound on scores is '0.5'",
    'at_least("", 0.5)': "a clear case needs rows",
    'at_most("", 0.5, where=col("hour") > 1, given={"hour": 1})': "a clear case needs rows",
    'at_most("", 0.5, given={"hour": col("hour").sum()})': "Agg is not row-wise",
    'robust("", "rain")': "against is 'rain'.*\n.*noise, missing, unseen, extremes, stale",
    'robust("", "noise", "hour")': "names is 'hour'",
    'robust("", "noise", share=2.0)': "share is 2.0",
    'robust("", "noise", on_average=-1)': "on_average is -1",
    "raise SystemExit(0)": "SystemExit: 0",
    "import sys; sys.exit()": "SystemExit",
    "1 / 0": "ZeroDivisionError",
}


@pytest.mark.parametrize(("mistake", "said"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_refused_with_the_line_where_it_stands(
    mistake: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An expression that looks at other rows, a value or bound that is none, an end of the process: file, line, what is wrong."""
    name = f"mistaken_{tmp_path.parent.name[-2:]}_{next(NUMBERS)}"
    write_text(tmp_path / f"usecases/{name}/stress.py", f"from interlock.evaluation.stress import *\n\n{mistake}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeclarationError, match=f"(?s)^usecases/{name}/stress.py:3: .*{said}"):
        load(name, "stress")


def test_bounds_of_scores_may_be_below_zero() -> None:
    """What a score must reach is in its own unit, which may be degrees."""
    assert at_least("", -3.5, given=CHANGE).by == -3.5
    assert math.isclose(at_most("", -1, given=CHANGE).by, -1)


def test_a_behaviour_says_where_it_is_declared() -> None:
    """`file:line`, which the report and every error about it show; what always runs stands nowhere."""
    assert unchanged("", CHANGE).place.endswith(
        "test_stress_cases.py:" + str(test_a_behaviour_says_where_it_is_declared.__code__.co_firstlineno + 2)
    )
    assert Case("robustness", "", "valid").place == ""
