"""The vocabulary of a use case's stress.py."""

import math
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from interlock.errors import DeclarationError
from interlock.evaluation import behaviours
from interlock.evaluation.stress import Case, at_least, at_most, not_higher, not_lower, robust, unchanged
from interlock.files import write_text

CHANGE = {"hour": 3}
NUMBERS = count()
HEAD = "from interlock.evaluation.stress import *\nfrom interlock.evaluation.stress import Case, Trouble\n"
Loads = Callable[[str], dict[str, Case]]


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    """What a stress.py declares whose third line is the first of the text."""

    def load(text: str) -> dict[str, Case]:
        name = f"declared_{tmp_path.parent.name[-2:]}_{next(NUMBERS)}"
        write_text(tmp_path / f"usecases/{name}/stress.py", f"{HEAD}{text}\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        return behaviours.load(name)

    return load


FAMILY = 'family = {f"after_{hour}": at_least(str(hour), 0.1, where=col("hour") > hour) for hour in (3, 4)}'


def test_behaviours_are_variables_and_an_underscore_keeps_one_out(loads: Loads) -> None:
    """What a module declares is found by name, in its order, dictionaries by their keys; anything else in it is left alone."""
    drafts = '_draft = not_higher("", {"hour": 3})\n_drafts = [not_higher("", {"hour": 3})]'
    found = loads(f'first = unchanged("first", {{"hour": 3}})\nnumbers = [3]\n{drafts}\n{FAMILY}\nlast = not_lower("last", {{"hour": 3}})')
    assert {name: case.claim for name, case in found.items()} == {"first": "first", "after_3": "3", "after_4": "4", "last": "last"}
    assert list(found) == ["first", "after_3", "after_4", "last"]


MADE = 'unchanged("", {"hour": 1})'
LOST = {
    f"listed = [{MADE}]": "listed is a list, whose behaviours would not be tried.*\n.*collect them in a dictionary",
    f"pair = ({MADE}, 3)": "pair is a tuple",
    f"class Group:\n    same = {MADE}": "Group is a class",
    f'mixed = {{"same": {MADE}, "three": 3}}': "mixed is a dictionary of other things too",
    f"numbered = {{1: {MADE}}}": "1 is no name of a behaviour",
    f'spaced = {{"a b": {MADE}}}': "'a b' is no name of a behaviour",
    f"same = {MADE}\nsame = {MADE}": "this behaviour has no name of its own: it was bound again",
    f"for _ in range(2):\n    same = {MADE}": "this behaviour has no name of its own",
    f'same = {MADE}\nfamily = {{"same": {MADE}}}': "same is bound twice, first at usecases/.*:3",
    MADE: "this behaviour has no name of its own",
    f"nested = [[{MADE}]]": "this behaviour has no name of its own",
    f"same = {MADE}\ndel same": "this behaviour has no name of its own",
    'listed = [Case("invariance", "", "unchanged", ({"hour": 1},))]': "listed is a list",
    'Case("invariance", "", "unchanged", ({"hour": 1},))': "this behaviour has no name of its own",
}


@pytest.mark.parametrize(("text", "said"), LOST.items(), ids=range(len(LOST)))
def test_a_behaviour_that_would_not_be_tried_is_refused(text: str, said: str, loads: Loads) -> None:
    """In a list or a class, bound again, to a name that another has, or to none: the error has the line, and says how to write it."""
    with pytest.raises(DeclarationError, match=rf"(?s)^usecases/declared_\w+/stress.py:\d+: .*{said}"):
        loads(text)


def test_a_behaviour_cannot_take_the_place_of_a_case_that_always_runs() -> None:
    """A laxer claim of the same name is refused with its line; other names stand behind the defaults."""
    always, mine = Case("robustness", "", "unchanged", (CHANGE,), place=""), unchanged("", CHANGE, within=0.9)
    assert behaviours.beside({"noise": always}, {"mine": mine}) == {"noise": always, "mine": mine}
    with pytest.raises(DeclarationError, match=r"test_stress_cases\.py:\d+: noise is the name of a case that always runs\n.*another name"):
        behaviours.beside({"noise": always}, {"noise": mine})


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
    'unchanged("", {"hour": 1}, tolerated=1.5)': "tolerated is 1.5.*\n.*a share from 0 to less than 1",
    'unchanged("", {"hour": 1}, tolerated=1.0)': "tolerated is 1.0",
    'unchanged("", {"hour": 1}, tolerated=-0.1)': "tolerated is -0.1",
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
    'robust("", "noise", [1])': "a name is 1",
    'at_least("", 0.5, given={})': "the change is empty",
    'Case("x", "", "at least", where=col("hour") > 1)': "kind is 'x'",
    'Case("clear case", "", "at leastt")': "asks is 'at leastt'",
    'Case("clear case", "", "at least", by=float("nan"), where=col("hour") > 1, place="z")': "the bound on scores is nan",
    'Case("clear case", "", "at least", by=0.5)': "a clear case needs rows",
    'Case("invariance", "", "unchanged", by=0.5)': "the case changes nothing",
    'Case("invariance", "", "unchanged", [{"hour": 1}])': "changes is .*a tuple of changes",
    'Case("invariance", "", "unchanged", ({"hour": col("hour").max()},), by=0.5, place="z")': "Agg is not row-wise",
    'Case("invariance", "", "unchanged", ({"hour": 1},), tolerated=9.0)': "tolerated is 9.0",
    'Trouble("rain")': "against is 'rain'",
    "raise SystemExit(0)": "SystemExit: 0",
    "import sys; sys.exit()": "SystemExit",
    "1 / 0": "ZeroDivisionError",
}


@pytest.mark.parametrize(("mistake", "said"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_refused_with_the_line_where_it_stands(mistake: str, said: str, loads: Loads) -> None:
    """An expression that looks at other rows, a value or bound that is none, an end of the process: file, line, what is wrong."""
    with pytest.raises(DeclarationError, match=rf"(?s)^usecases/declared_\w+/stress.py:3: .*{said}"):
        loads(mistake)


def test_bounds_of_scores_may_be_below_zero() -> None:
    """What a score must reach is in its own unit, which may be degrees."""
    assert at_least("", -3.5, given=CHANGE).by == -3.5
    assert math.isclose(at_most("", -1, given=CHANGE).by, -1)


def test_a_behaviour_says_where_it_is_declared() -> None:
    """`file:line`, which the report and every error about it show, also of one that is made without its function."""
    here = test_a_behaviour_says_where_it_is_declared.__code__.co_firstlineno
    assert unchanged("", CHANGE).place.endswith(f"test_stress_cases.py:{here + 3}")
    assert Case("invariance", "", "unchanged", (CHANGE,)).place.endswith(f"test_stress_cases.py:{here + 4}")
