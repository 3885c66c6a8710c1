"""Cases that a model passes or breaks, on real flights and scores whose behaviour is known."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from interlock.errors import DeclarationError
from interlock.evaluation.ranks import Scores
from interlock.evaluation.stress import FEW, Case, always, col, not_higher, not_lower, unchanged
from interlock.evaluation.trials import run
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from tests.modeled_flights import FEATURES, KEY, flights

ROWS = flights().select(KEY + FEATURES).sample(1000, seed=1).sort(KEY)
TYPES = {name: ROWS.schema[name] for name in FEATURES}


def by_hour(rows: pl.DataFrame) -> Scores:
    """A score that rises with the hour, and reads nothing else."""
    return (rows["hour"].fill_null(12).clip(0, 24) / 24).to_numpy()


def tried(case: Case, score: Callable[[pl.DataFrame], Scores] = by_hour) -> dict[str, object]:
    found = run({"case": case}, ROWS, KEY, score)
    assert found["verdict"] == found["cases"]["case"]["verdict"]
    assert found["failed"] == (found["verdict"] != PASS)
    return found["cases"]["case"]  # type: ignore[no-any-return]


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
        (not_lower("", EARLIER, tolerated=1.0), PASS),
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
    assert isinstance(found, list)
    earliest = ROWS.filter(col("hour") == ROWS["hour"].min())[0]
    assert found[0]["key"] == {name: str(earliest[name].item()) for name in KEY}
    assert found[0]["change"] == {"hour": f"{earliest['hour'].item()} → 23"}
    assert (found[0]["before"], found[0]["after"]) == pytest.approx((earliest["hour"].item() / 24, 23 / 24))
    assert len(found) == 3


def test_a_case_that_touches_no_row_is_no_evidence() -> None:
    """A behaviour that was never tried has not been shown, and counts as failed."""
    found = run({"none": unchanged("", {"hour": col("hour")})}, ROWS, KEY, by_hour)
    assert (found["verdict"], found["failed"], found["cases"]["none"]["share"]) == (LACKING, 1, None)


def test_a_score_that_becomes_nan_breaks_every_case() -> None:
    """NaN compares false with everything, and so must not pass for lack of a difference."""

    def broken(rows: pl.DataFrame) -> Scores:
        return np.where(rows["hour"] == 23, np.nan, 0.5)

    for case in (unchanged("", {"hour": 23}), not_lower("", {"hour": 23}), not_higher("", {"hour": 23})):
        assert tried(case, broken)["verdict"] == FAIL


@pytest.mark.parametrize(("bad", "case"), [(np.nan, "missing_all"), (1.01, "unseen_all"), (-0.01, "extreme_all")])
def test_the_default_cases_find_scores_that_are_no_probability(bad: float, case: str) -> None:
    """A score of NaN, above 1 or below 0 on missing, unseen or extreme values is found by its own case."""
    strange = {
        "missing_all": pl.all_horizontal(col("origin", "hour").is_null()),
        "unseen_all": col("origin").str.contains("unseen").fill_null(value=False),
        "extreme_all": (col("hour") > 100).fill_null(value=False),
    }[case]
    found = run(always(TYPES), ROWS, KEY, lambda rows: np.where(rows.select(strange).to_series(), bad, 0.5))
    failed = {name for name, one in found["cases"].items() if one["verdict"] != PASS}
    assert case in failed
    assert {name.partition("_")[0] for name in failed} == {case.partition("_")[0]}


def test_the_default_cases_try_every_feature_alone_and_all_at_once() -> None:
    """Each feature goes missing, each text is unseen, each number takes both its extremes, on a part of the rows or all."""
    cases = always(TYPES)
    texts = sum(dtype == pl.String for dtype in TYPES.values())
    numbers = sum(dtype.is_numeric() for dtype in TYPES.values())
    assert {name: len(case.changes) for name, case in cases.items()} == {
        "missing_one": len(TYPES), "missing_all": 1, "unseen_one": texts, "unseen_all": 1, "extreme_one": 2 * numbers, "extreme_all": 2,
    }  # fmt: skip
    found = run(cases, ROWS, KEY, by_hour)["cases"]
    assert found["unseen_one"]["rows"] == texts * FEW
    assert found["unseen_all"]["rows"] == ROWS.height


def test_features_without_text_have_no_unseen_category() -> None:
    """A case that nothing could touch is not there, rather than lacking evidence for ever."""
    assert set(always({"hour": pl.Int8()})) == {"missing_one", "missing_all", "extreme_one", "extreme_all"}


@pytest.mark.parametrize(
    "change",
    [{"hours": 3}, {"hour": "late"}, {"hour": 1000}, {"hour": col("our") + 1}],
    ids=["no feature", "text", "too great", "no column"],
)
def test_a_change_that_cannot_be_made_is_refused_by_name(change: dict[str, object]) -> None:
    """A feature that is not there, or a value that its type cannot hold: the error names the case and the features."""
    with pytest.raises(DeclarationError, match=r"(?s)stress\.py: later: .*features are: carrier, origin"):
        run({"later": unchanged("", change)}, ROWS, KEY, by_hour)  # type: ignore[arg-type]
