"""Cases that a model passes or breaks, on real flights and scores whose behaviour is known."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlock.errors import DeclarationError
from interlock.evaluation.gates import Gate, judge
from interlock.evaluation.robustness import FEW, Known, always, spread
from interlock.evaluation.stress import Case, at_least, at_most, col, not_higher, not_lower, robust, unchanged
from interlock.evaluation.subject import Scores, Subject
from interlock.evaluation.trials import run
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.features.featureset import FeatureSet, Request
from interlock.modeling.task import Binary, Multiclass, Regression, Task
from tests.modeled_flights import FEATURES, KEY, flights

ROWS = flights().select(KEY + FEATURES).sample(1000, seed=1).sort(KEY)
TYPES = {name: ROWS.schema[name] for name in FEATURES}
KNOWN = Known(TYPES, FeatureSet(Request((), None, {}), {}, {}, ()))
Scored = Callable[[pl.DataFrame], Scores]


def by_hour(rows: pl.DataFrame) -> Scores:
    """A score that rises with the hour, and reads nothing else."""
    return (rows["hour"].fill_null(12).clip(0, 24) / 24).to_numpy()


def subject(score: Scored = by_hour, task: Task | None = None) -> Subject:
    return Subject(task or Binary("late"), KNOWN, score)


def tried(case: Case, score: Scored = by_hour, task: Task | None = None) -> dict[str, Any]:
    found = run({"case": case}, ROWS, KEY, subject(score, task))
    assert found["verdict"] == found["cases"]["case"]["verdict"]
    assert found["failed"] == (found["verdict"] != PASS)
    case_found: dict[str, Any] = found["cases"]["case"]
    return case_found


LATER, EARLIER = {"hour": col("hour") + 1}, {"hour": col("hour") - 1}


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (not_lower("", LATER), PASS),
        (not_lower("", EARLIER), FAIL),
        (not_higher("", EARLIER), PASS),
        (not_higher("", LATER), FAIL),
        (unchanged("", {"distance": col("distance") * 2, "tailnum": "X"}), PASS),
        (unchanged("", LATER), FAIL),
        (unchanged("", LATER, within=0.05), PASS),
        (not_lower("", EARLIER, within=0.05), PASS),
        (not_lower("", EARLIER, within=0.04), FAIL),
        (not_lower("", EARLIER, tolerated=0.999), FAIL),
        (not_lower("", {"hour": 12}, tolerated=0.9), PASS),
    ],
)
def test_a_case_passes_exactly_where_the_scores_behave(case: Case, verdict: str) -> None:
    """On a score of known direction each kind of case is right in both directions, with `within` and `tolerated`."""
    assert tried(case)["verdict"] == verdict


def test_only_rows_that_a_change_alters_count() -> None:
    """Rows that already have the value, or for which `where` does not hold or is null, are not tried."""
    found = tried(unchanged("", {"carrier": "UA"}, where=col("origin") == "EWR"))
    expected = ROWS.filter(col("origin") == "EWR", col("carrier") != "UA").height
    assert (found["rows"], found["violations"], found["largest_move"]) == (expected, 0, 0.0)
    air = tried(unchanged("", {"hour": 0}, where=col("air") > 100))
    assert air["rows"] == ROWS.filter(col("air") > 100, col("hour") != 0).height


def test_the_share_tolerated_is_a_bound_that_may_be_met() -> None:
    """Exactly as many violations as tolerated pass, one more fails."""
    change, where = {"hour": 12}, col("hour") != 12
    violations = ROWS.filter(col("hour") > 12).height
    share = violations / ROWS.filter(where).height
    assert tried(not_lower("", change, tolerated=share))["verdict"] == PASS
    assert tried(not_lower("", change, tolerated=share - 1e-9))["verdict"] == FAIL


def test_the_worst_violations_are_shown_with_key_change_and_scores() -> None:
    """Three examples, the largest moves first, with what was changed and the score before and after."""
    found = tried(not_higher("", {"hour": 23}))["examples"]
    earliest = ROWS.filter(col("hour") == ROWS["hour"].min())[0]
    assert found[0]["key"] == {name: str(earliest[name].item()) for name in KEY}
    assert found[0]["change"] == {"hour": f"{earliest['hour'].item()} → 23"}
    assert (found[0]["before"], found[0]["after"]) == pytest.approx((earliest["hour"].item() / 24, 23 / 24))
    assert len(found) == 3


def test_a_case_that_touches_no_row_is_no_evidence() -> None:
    """A behaviour that was never tried has not been shown, and counts as failed."""
    found = run({"none": unchanged("", {"hour": col("hour")})}, ROWS, KEY, subject())
    assert (found["verdict"], found["failed"], found["cases"]["none"]["share"]) == (LACKING, 1, None)


def test_a_score_that_becomes_nan_breaks_every_case() -> None:
    """NaN compares false with everything, and so must not pass for lack of a difference."""

    def broken(rows: pl.DataFrame) -> Scores:
        return np.where(rows["hour"] == 23, np.nan, 0.5)

    for case in (unchanged("", {"hour": 23}), not_lower("", {"hour": 23}), not_higher("", {"hour": 23})):
        assert tried(case, broken)["verdict"] == FAIL


@pytest.mark.parametrize("bad", [np.nan, 1.0001, -0.0001, np.inf])
@pytest.mark.parametrize(
    "case",
    [
        unchanged("", {"hour": 23}, within=0.999, tolerated=0.999),
        not_lower("", {"hour": 23}, within=0.999, tolerated=0.999),
        at_most("", 0.999, where=col("hour") < 24, tolerated=0.999),
        robust("", "missing", ["carrier"], tolerated=0.999),
    ],
    ids=lambda case: case.asks,
)
def test_a_score_that_is_none_is_never_tolerated(case: Case, bad: float) -> None:
    """One row whose score is no probability fails a case that tolerates nearly all, and is counted."""
    first = ROWS.filter(col("hour") < 23)["tailnum"].drop_nulls()[0]
    wrong = ROWS.filter(col("tailnum") == first).height
    assert tried(case, lambda rows: np.full(rows.height, 0.5))["verdict"] == PASS
    found = tried(case, lambda rows: np.where(rows["tailnum"].eq_missing(first), bad, 0.5))
    assert (found["verdict"], found["invalid"]) == (FAIL, wrong)
    assert found["share"] <= found["tolerated"]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (at_most("", 7.0, where=col("hour") > 3), "a bound of 7 .*0 or more, and less than 1"),
        (at_most("", 1.0, where=col("hour") > 3), "a bound of 1 "),
        (at_most("", -0.1, where=col("hour") > 3), "a bound of -0.1 "),
        (at_least("", 0.0, given={"hour": 3}), "a bound of 0 .*more than 0, and no more than 1"),
        (at_least("", 1.1, given={"hour": 3}), "a bound of 1.1 "),
        (unchanged("", LATER, within=5.0), "a bound of 5 .*less than 1"),
        (unchanged("", LATER, within=1.0), "a bound of 1 "),
        (not_higher("", LATER, within=1.0), "a bound of 1 "),
        (robust("", "noise", within=2.0), "a bound of 2 "),
        (robust("", "noise", on_average=1.0), "on_average is 1, "),
    ],
)
def test_a_bound_that_no_probability_can_break_or_meet_is_refused(case: Case, said: str) -> None:
    """Of one probability or of several; of a number such bounds are plain."""
    named = case if case.asks in {"unchanged", "valid"} else replace(case, of="late")
    for asked, score, task in ((case, by_hour, None), (named, three, CLASSES)):
        with pytest.raises(DeclarationError, match=f"(?s)test_trials\\.py:\\d+: {said}"):
            tried(asked, score, task)
    assert tried(case, minutes, Regression("min"))["rows"] > 0


@pytest.mark.parametrize(("bad", "case"), [(np.nan, "missing_all"), (1.01, "unseen_all"), (-0.01, "extreme_all")])
def test_the_default_cases_find_scores_that_are_no_probability(bad: float, case: str) -> None:
    """A score of NaN, above 1 or below 0 on missing, unseen or extreme values is found by its own case."""
    strange = {
        "missing_all": pl.all_horizontal(col("origin", "hour").is_null()),
        "unseen_all": col("origin").str.contains("unseen").fill_null(value=False),
        "extreme_all": (col("hour") > 100).fill_null(value=False),
    }[case]
    found = run(always(KNOWN), ROWS, KEY, subject(lambda rows: np.where(rows.select(strange).to_series(), bad, 0.5)))
    failed = {name for name, one in found["cases"].items() if one["verdict"] != PASS}
    assert case in failed
    assert {name.partition("_")[0] for name in failed} == {case.partition("_")[0]}


def test_the_default_cases_try_every_feature_alone_and_all_at_once() -> None:
    """Each feature goes missing, each text is unseen, each number takes both its extremes, on a part of the rows or all."""
    texts = sum(dtype == pl.String for dtype in TYPES.values())
    found = run(always(KNOWN), ROWS, KEY, subject())["cases"]
    assert list(found) == ["noise", "missing_one", "missing_all", "unseen_one", "unseen_all", "extreme_one", "extreme_all"]
    assert found["unseen_one"]["rows"] == texts * FEW
    assert found["unseen_all"]["rows"] == found["missing_all"]["rows"] == ROWS.height
    assert found["extreme_all"]["rows"] == 2 * ROWS.height
    assert found["missing_one"]["mean_move"] > 0
    assert {case["verdict"] for case in found.values()} == {PASS}


def test_a_default_case_that_nothing_could_touch_is_not_there() -> None:
    """Without text there is no unseen category, a hundredth of a day is no hour: no evidence that is lacking for ever."""
    known = Known({"hour": TYPES["hour"]}, KNOWN.features)
    found = run(always(known), ROWS, KEY, Subject(Binary("late"), known, by_hour))
    assert set(found["cases"]) == {"missing_one", "missing_all", "extreme_one", "extreme_all"}


REFUSED: dict[str, dict[str, Any]] = {
    "no feature of the model is called 'hours'": {"hours": 3},
    "no feature of the model is called 'as_of'": {"as_of": None},
    "ColumnNotFoundError": {"hour": col("our") + 1},
    "hour is Int8, which cannot hold 'late'": {"hour": "late"},
    "hour is Int8, which cannot hold '7'": {"hour": "7"},
    "hour is Int8, which cannot hold 7.9": {"hour": 7.9},
    "hour is Int8, which cannot hold True": {"hour": True},
    "hour is Int8, which cannot hold 1000": {"hour": 1000},
    "hour is Int8, which cannot hold 10000": {"hour": 10**40},
    "hour is Int8, which cannot hold inf": {"hour": math.inf},
    "carrier is String, which cannot hold 7": {"carrier": 7},
    "morning is Boolean, which cannot hold 1": {"morning": 1},
    "part is Float64, which cannot hold 9007199254740993": {"part": 2**53 + 1},
    "part is Float64, which cannot hold True": {"part": True},
    "part is Float64, which cannot hold 10000": {"part": 10**400},
    "hour is Int8, and what it becomes is Float64": {"hour": col("hour") * 0.5},
    "hour is Int8, and what it becomes is String": {"hour": pl.lit("7")},
    "hour is Int8, and what it becomes is Boolean": {"hour": col("hour") > 3},
    "carrier is String, and what it becomes is Int8": {"carrier": col("hour")},
    "InvalidOperationError": {"hour": col("distance") + 1000},
}


@pytest.mark.parametrize(("said", "change"), REFUSED.items())
def test_a_change_that_cannot_be_made_is_refused_by_name(said: str, change: dict[str, Any]) -> None:
    """A feature that is not there, or a value that its type cannot hold as it is: the error names line, case and features."""
    with pytest.raises(DeclarationError, match=rf"(?s)test_trials\.py:\d+: later: .*{said}.*features are: carrier, origin"):
        run({"later": unchanged("", change)}, ROWS, KEY, subject())
    if not any(isinstance(value, pl.Expr) for value in change.values()):
        with pytest.raises(DeclarationError, match=rf"(?s)test_trials\.py:\d+: row: .*{said}.*features are: carrier, origin"):
            run({"row": at_least("", 0.5, given=change)}, ROWS, KEY, subject())


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ({"hour": 7.0}, 7),
        ({"part": 3}, 3.0),
        ({"part": 0.1}, 0.1),
        ({"part": math.inf}, math.inf),
        ({"part": col("hour") * 0 + 2}, 2.0),
        ({"morning": None}, None),
        ({"hour": pl.lit(7)}, 7),
    ],
)
def test_a_value_of_another_type_that_loses_nothing_is_taken(change: dict[str, Any], value: Any) -> None:
    """Whole numbers for floats, whole floats for numbers, null for all: the model reads exactly what was written."""
    seen: list[pl.DataFrame] = []

    def score(rows: pl.DataFrame) -> Scores:
        seen.append(rows)
        return by_hour(rows)

    run({"case": unchanged("", change)}, ROWS, KEY, subject(score))
    (name,) = change
    assert set(seen[-1][name]) == {value}
    assert seen[-1].schema[name] == TYPES[name]


def test_a_condition_on_what_is_not_there_is_refused_by_name() -> None:
    """An unknown column in `where` names line and case, and every column that there is, which are more than the features."""
    expected = rf"(?s)test_trials\.py:\d+: later: .*colour.*columns are: {', '.join(ROWS.columns)}$"
    with pytest.raises(DeclarationError, match=expected):
        run({"later": unchanged("", LATER, where=col("colour") == "red")}, ROWS, KEY, subject())
    assert run({"later": unchanged("", LATER, where=col(KEY[0]).is_not_null())}, ROWS, KEY, subject())["cases"]["later"]["rows"] > 0


@pytest.mark.parametrize("where", [col("hour") + 1, col("carrier"), pl.lit(1)])
def test_a_condition_that_is_no_condition_is_refused(where: pl.Expr) -> None:
    """Numbers and text are neither true nor false: the error names line, case and type."""
    with pytest.raises(DeclarationError, match=r"(?s)test_trials\.py:\d+: case: .*where is (Int|String).*must be true or false"):
        tried(unchanged("", LATER, where=where))


def test_a_condition_without_a_column_holds_for_every_row_or_none() -> None:
    """Also where nothing is changed."""
    assert tried(at_least("", 0.1, where=pl.lit(value=True)))["rows"] == ROWS.height
    assert tried(at_least("", 0.1, where=pl.lit(value=False)))["verdict"] == LACKING


def test_without_rows_there_is_no_verdict_to_pass() -> None:
    """No test row: nothing was tried, which is no pass."""
    found = run({**always(KNOWN), "later": unchanged("", LATER)}, ROWS.head(0), KEY, subject())
    assert (found["verdict"], found["failed"], list(found["cases"])) == (LACKING, 1, ["later"])
    assert {case.place for case in always(KNOWN).values()} == {""}


def test_without_a_case_nothing_failed_and_nothing_passed() -> None:
    """No failure was found since none could be: that is null, which a gate takes for no evidence."""
    for cases, rows in (({}, ROWS), (always(KNOWN), ROWS.head(0))):
        found = run(cases, rows, KEY, subject())
        assert (found["verdict"], found["failed"], found["cases"]) == (LACKING, None, {})
        judged = judge({"stress": Gate("failed", "Nothing fails.", "stress", max=0)}, {"stress": found})
        assert (judged["verdict"], judged["passed"]) == (LACKING, False)


@pytest.mark.parametrize(
    "values", [[None] * 3, [float("inf"), 1.0, 2.0], [1e308, -1e308, float("nan")], [2**62, 1, 0], ["\x1b", None, ""], [True, None, False]]
)
def test_any_values_of_a_feature_bear_the_defaults(values: list[Any]) -> None:
    """Nulls alone, infinity, the greatest numbers, odd text: every default case runs, and its noise is finite or leaves a value."""
    rows = pl.DataFrame({"id": [1, 2, 3], "x": values}, strict=False)
    known = Known({"x": rows.schema["x"]}, KNOWN.features)
    found = run(always(known), rows, ["id"], Subject(Binary("late"), known, lambda frame: np.full(frame.height, 0.5)))
    assert found["failed"] == (0 if any(value is not None for value in values) else None)


def test_a_clear_case_asks_for_a_score_and_changes_nothing() -> None:
    """Rows where it holds score at least, or at most, so much: counted by hand on the same rows."""
    late = ROWS.filter(col("hour") >= 20)
    assert tried(at_least("", 0.833, where=col("hour") >= 20))["rows"] == late.height
    assert tried(at_least("", 0.833, where=col("hour") >= 20))["verdict"] == PASS
    found = tried(at_least("", 0.874, where=col("hour") >= 20))
    assert (found["verdict"], found["violations"]) == (FAIL, late.filter(col("hour") == 20).height)
    assert tried(at_most("", 0.834, where=col("hour") <= 20))["verdict"] == PASS
    assert found["mean_move"] == found["largest_move"] == 0
    assert found["examples"][0]["change"] == {"hour": "20"}
    assert found["examples"][0]["before"] == found["examples"][0]["after"] == pytest.approx(20 / 24)


def test_a_clear_case_may_give_a_row_of_its_own() -> None:
    """The values given, everything else missing; a value that the feature cannot hold is refused."""
    seen: list[pl.DataFrame] = []

    def score(rows: pl.DataFrame) -> Scores:
        seen.append(rows)
        return by_hour(rows)

    found = tried(at_most("", 0.2, given={"hour": 23, "carrier": "UA"}), score)
    assert (found["rows"], found["violations"]) == (1, 1)
    (example,) = found["examples"]
    assert (example["key"], example["class"], example["change"]) == ({}, None, {"hour": "23", "carrier": "UA"})
    assert example["before"] == example["after"] == pytest.approx(23 / 24)
    (row,) = seen[-1].select(FEATURES).to_dicts()
    assert row == {**dict.fromkeys(FEATURES), "hour": 23, "carrier": "UA"}
    with pytest.raises(DeclarationError, match="case: "):
        tried(at_least("", 0.2, given={"hour": "noon"}))


def test_noise_is_bounded_by_its_share_of_the_spread_and_the_same_every_time() -> None:
    """By at most 5 % of the feature's spread and of the value, by another part each; whole ones stay whole, text and truths stay."""
    seen: list[pl.DataFrame] = []

    def score(rows: pl.DataFrame) -> Scores:
        seen.append(rows)
        return by_hour(rows)

    first, second = (tried(robust("", "noise", share=0.05), score) for _ in range(2))
    noisy = seen[1]
    was = noisy.select(KEY).join(ROWS, on=KEY, maintain_order="left")
    assert seen[1].equals(seen[3])
    assert noisy.height > 0.95 * ROWS.height
    assert first["mean_move"] == second["mean_move"] > 0
    for name in ("part", "distance", "air"):
        moved = (noisy[name] - was[name]).drop_nulls().to_numpy()
        most = 0.05 * spread(ROWS[name].cast(pl.Float64).to_numpy(allow_copy=True))
        own = 0.05 * np.abs(was[name].drop_nulls().to_numpy())
        assert (np.abs(moved) <= np.minimum(most, own) * (1 + 1e-9) + (0 if name == "part" else 0.5)).all()
        assert len(np.unique(moved)) > 10
        assert abs(moved.mean()) < most / 5
        assert noisy[name].null_count() == was[name].null_count()
    assert abs(np.corrcoef((noisy["part"] - was["part"]).to_numpy(), (noisy["distance"] - was["distance"]).to_numpy())[0, 1]) < 0.15
    still = ["carrier", "origin", "dest", "tailnum", "morning"]
    assert noisy.select(still).equals(was.select(still))


def test_a_score_that_noise_sways_breaks_the_default() -> None:
    """A score that turns on the last digit of a number fails, one that follows it does not."""
    shaky = run(always(KNOWN), ROWS, KEY, subject(lambda rows: ((rows["distance"].fill_null(0) % 2) * 0.5).cast(pl.Float64).to_numpy()))[
        "cases"
    ]
    assert (shaky["noise"]["verdict"], shaky["noise"]["on_average"]) == (FAIL, 0.05)
    assert shaky["noise"]["mean_move"] > 0.05
    assert run(always(KNOWN), ROWS, KEY, subject())["cases"]["noise"]["verdict"] == PASS


def test_noise_does_not_drown_the_small_values_of_a_skewed_feature() -> None:
    """Of values over six powers of ten a hundredth of the spread is more than most of them; each moves by a hundredth of itself."""
    values = np.exp(np.linspace(0, 14, 400))
    rows = pl.DataFrame({"id": range(400), "x": values})
    known = Known({"x": rows.schema["x"]}, KNOWN.features)
    by_size = Subject(Binary("late"), known, lambda frame: np.log(frame["x"].to_numpy().clip(1)) / 15)
    noise = run(always(known), rows, ["id"], by_size)["cases"]["noise"]
    assert spread(values) * 0.01 > np.median(values)
    assert (noise["verdict"], noise["rows"]) == (PASS, 400)
    assert 0 < noise["largest_move"] < 0.001


def test_a_trouble_may_be_bounded_by_share_and_by_mean() -> None:
    """Without the hour the score is that of noon: moves, their mean and the share beyond a bound are those of NumPy."""
    moved = np.abs(by_hour(ROWS) - 0.5)
    found = tried(robust("", "missing", ["hour"], within=0.2, tolerated=0.5, on_average=0.9))
    assert found["mean_move"] == pytest.approx(moved.mean(), rel=1e-12)
    assert found["far"] == {"beyond": 0.2, "share": (moved > 0.2).mean()}
    assert (found["violations"], found["verdict"]) == ((moved > 0.2).sum(), PASS if (moved > 0.2).mean() <= 0.5 else FAIL)
    assert tried(robust("", "missing", ["hour"], on_average=float(moved.mean()) - 1e-9))["verdict"] == FAIL
    assert tried(robust("", "missing", ["hour"], on_average=float(moved.mean()) + 1e-9))["verdict"] == PASS


@pytest.mark.parametrize(("against", "name"), [("missing", "colour"), ("stale", "Departures")])
def test_a_trouble_of_what_is_not_there_is_refused(against: Any, name: str) -> None:
    """A feature or a history of that name: the error says which there are."""
    with pytest.raises(DeclarationError, match=f"(?s)test_trials.py:.*is called '{name}'.*known are"):
        tried(robust("", against, [name]))


CLASSES = Multiclass(("on time", "late", "cancelled"))


def three(rows: pl.DataFrame) -> Scores:
    """Three scores that add up to one: late rises with the hour, on time falls, cancelled stays."""
    late = by_hour(rows) / 2
    return np.column_stack([0.8 - late, late, np.full(len(late), 0.2)])


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (not_lower("", LATER, of="late"), PASS),
        (not_lower("", LATER, of="on time"), FAIL),
        (not_higher("", LATER, of="on time"), PASS),
        (unchanged("", LATER, of="cancelled"), PASS),
        (unchanged("", LATER), FAIL),
        (unchanged("", LATER, within=0.03), PASS),
        (at_least("", 0.2, where=col("hour") > 3, of="cancelled"), PASS),
        (at_most("", 0.1, where=col("hour") > 3, of="cancelled"), FAIL),
    ],
)
def test_of_several_classes_a_case_looks_at_one_or_at_all(case: Case, verdict: str) -> None:
    """Directions and clear cases are about the class `of`; without one, invariance is of all classes together."""
    found = tried(case, three, CLASSES)
    assert found["verdict"] == verdict
    assert {example["class"] for example in found["examples"]} <= {case.of or "on time", "late"}


def test_the_move_of_classes_is_half_of_what_their_probabilities_move() -> None:
    """Two classes that each lose a tenth to a third: a fifth has changed its class, not the tenth of one nor the four tenths of all."""

    def moved(rows: pl.DataFrame) -> Scores:
        gone = np.where(rows["hour"] == 23, 0.1, 0.0)
        return np.column_stack([0.4 - gone, 0.4 - gone, 0.2 + 2 * gone])

    change = {"hour": 23}
    found = tried(unchanged("", change, within=0.21), moved, CLASSES)
    assert (found["verdict"], found["mean_move"], found["largest_move"]) == (PASS, pytest.approx(0.2), pytest.approx(0.2))
    assert tried(unchanged("", change, within=0.19), moved, CLASSES)["verdict"] == FAIL
    assert tried(unchanged("", change, within=0.11, of="late"), moved, CLASSES)["verdict"] == PASS


@pytest.mark.parametrize(
    ("case", "task"), [(not_lower("", LATER), CLASSES), (not_lower("", LATER, of="red"), CLASSES), (unchanged("", LATER, of="late"), None)]
)
def test_a_class_must_be_named_where_there_are_classes_and_only_there(case: Case, task: Task | None) -> None:
    """A direction of no class, of one that is none, or of one score a row, is refused with the classes."""
    with pytest.raises(DeclarationError, match=r"(?s)test_trials\.py:\d+: of is .*(one of: on time, late, cancelled|one score a row)"):
        tried(case, three if task else by_hour, task)


def test_scores_of_classes_that_do_not_add_up_are_found() -> None:
    """A default case fails on rows whose probabilities are no longer one together."""
    found = run(
        always(KNOWN), ROWS, KEY, subject(lambda rows: three(rows) * np.where(rows["carrier"].is_null(), 1.01, 1.0)[:, None], CLASSES)
    )
    assert {name for name, case in found["cases"].items() if case["verdict"] != PASS} == {"missing_one", "missing_all"}


def minutes(rows: pl.DataFrame) -> Scores:
    """A delay in minutes, 100 for a whole day."""
    return by_hour(rows) * 100 - 50


def test_moves_of_a_regression_are_in_spreads_of_its_scores() -> None:
    """The same case has the same moves whatever the unit of the label; what a clear case asks is in that unit."""
    task = Regression("min")
    cases = {"later": unchanged("", LATER, within=0.1), "clear": at_least("", -50.0, where=col("hour") > 0)}
    found = run(cases, ROWS, KEY, subject(minutes, task))
    again = run(cases, ROWS, KEY, subject(lambda rows: minutes(rows) * 60, task))
    assert found["unit"] == spread(minutes(ROWS)) == again["unit"] / 60
    assert found["cases"]["later"]["mean_move"] == pytest.approx(again["cases"]["later"]["mean_move"], rel=1e-9)
    assert found["cases"]["later"]["largest_move"] == pytest.approx(100 / 24 / found["unit"])
    assert (found["cases"]["clear"]["verdict"], again["cases"]["clear"]["verdict"]) == (PASS, FAIL)


@pytest.mark.parametrize(("loss", "bad", "verdict"), [("squared", np.inf, FAIL), ("squared", -1e9, PASS), ("poisson", -1e-9, FAIL)])
def test_a_number_must_stay_finite_and_a_count_above_zero(loss: Any, bad: float, verdict: str) -> None:
    """What a score of a regression is depends on its loss."""
    task = Regression("min", loss)
    found = tried(robust("", "missing"), lambda rows: np.where(rows["hour"].is_null(), bad, 5.0), task)
    assert found["verdict"] == verdict
