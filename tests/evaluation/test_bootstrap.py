"""Intervals from resampled rows, and two scorings compared."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.evaluation import bootstrap, resample
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.metrics import measure
from interlock.evaluation.ranked import Ranked
from interlock.evaluation.ranks import Labels, Scores
from interlock.params import convert

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 1 / 3, 0.7, 1.0]) | st.floats(0, 1)), min_size=1, max_size=60)
WRITTEN = [[0, 1, 0, 0, 1, 2, 2, 2], [1, 3, 1, 0, 0, 0, 2, 1]]
HOW = Evaluation(rounds=400, seed=3)


def arrays(rows: list[tuple[bool, float]]) -> tuple[Labels, Scores]:
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, bool), np.array(scores, float)


def sampled(seed: int, rows: int) -> tuple[Labels, Scores]:
    """Scores that are the very chances of their labels."""
    random = np.random.default_rng(seed)
    scores = random.random(rows)
    return random.random(rows) < scores, scores


@given(ROWS, st.data())
@settings(max_examples=100, deadline=None)
def test_a_round_measures_what_the_repeated_rows_would(rows: list[tuple[bool, float]], data: st.DataObject) -> None:
    """With the same counts, every metric of a round is that of a naive resample within 1e-9, in a group as among all rows."""
    labels, scores = arrays(rows)
    group = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    assume(len(group))
    counts = resample.counts(len(rows), range(5), seed=data.draw(st.integers(0, 9)))
    found = Ranked.of(labels, scores, group).measure(counts)
    for number, drawn in enumerate(counts):
        again = np.repeat(group, drawn[group])
        for name, value in found.items():
            expected = measure("binary", labels[again], scores[again])[name]
            assert value[number] == pytest.approx(np.nan if expected is None else expected, abs=1e-9, nan_ok=True), name


def test_a_resample_draws_every_row_alike_and_as_many_as_there_are() -> None:
    """Each round draws as many rows as there are; over many rounds each row as often as any, with the spread of chance."""
    counts = resample.counts(100, range(2000), seed=1)
    assert set(counts.sum(axis=1)) == {100}
    assert np.abs(counts.mean(axis=0) - 1).max() < 4.5 * np.sqrt(0.99 / 2000)
    assert counts.var() == pytest.approx(0.99, abs=0.02)
    assert not np.array_equal(counts, resample.counts(100, range(2000), seed=2))


def test_a_resample_is_written_down() -> None:
    """The counts rest on PCG64's bits alone, which NumPy promises to keep: these are the ones of seed 7."""
    assert resample.counts(8, range(2), seed=7).tolist() == WRITTEN


def test_neither_chunks_nor_workers_change_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """However rounds are cut into chunks, and however many run at once, every interval has the same bits."""
    labels, scores = sampled(1, 700)
    before = bootstrap.metrics("binary", labels, scores, HOW)
    monkeypatch.setattr(resample, "CELLS", 3000)
    monkeypatch.setattr(resample, "WORKERS", 1)
    assert bootstrap.metrics("binary", labels, scores, HOW) == before


def test_the_interval_of_the_auc_is_as_wide_as_delongs() -> None:
    """The bootstrap's standard error of the AUC is DeLong's of 1988 (structural components, over all pairs) within a tenth."""
    labels, scores = sampled(4, 1500)
    wins = np.sign(scores[labels][:, None] - scores[~labels][None, :]) / 2 + 0.5
    error = np.sqrt(np.var(wins.mean(axis=1), ddof=1) / wins.shape[0] + np.var(wins.mean(axis=0), ddof=1) / wins.shape[1])
    found = bootstrap.metrics("binary", labels, scores, Evaluation())
    assert (found["auc_high"] - found["auc_low"]) / (2 * 1.96) == pytest.approx(error, rel=0.1)


@pytest.mark.parametrize(("metric", "truth"), [("auc", 5 / 6), ("brier", 1 / 6), ("brier_skill", 1 / 3)])
def test_the_interval_covers_the_truth_about_nineteen_times_in_twenty(metric: str, truth: float) -> None:
    """Where P(positive | score) = score and scores are uniform, the truth is known; of 300 samples 91 to 98 % cover it."""
    covered = 0
    for seed in range(300):
        found = bootstrap.metrics("binary", *sampled(seed, 300), Evaluation(rounds=200, seed=seed))
        covered += found[f"{metric}_low"] <= truth <= found[f"{metric}_high"]
    assert 0.91 <= covered / 300 <= 0.98


def gains(labels: Labels, first: Scores, second: Scores) -> dict[str, dict[str, Any]]:
    """What the second scoring gains over the first."""
    return bootstrap.Scorings.of("binary", labels, {"first": first, "second": second}, HOW).gains("second", "first")


def test_two_scorings_that_agree_differ_by_less_than_each_is_unsure() -> None:
    """Drawn together, a hardly changed scoring is told from the first within a fraction of the interval of either."""
    labels, scores = sampled(5, 3000)
    other = np.clip(scores + np.random.default_rng(1).normal(0, 0.03, 3000), 0, 1)
    alone = bootstrap.metrics("binary", labels, scores, HOW)
    one, two = (measure("binary", labels, given)["auc"] or 0.0 for given in (other, scores))
    found = gains(labels, other, scores)["auc"]
    assert found["gain_high"] - found["gain_low"] < (alone["auc_high"] - alone["auc_low"]) / 3
    assert found["gain"] == two - one


def test_a_gain_is_better_and_turns_its_sign_with_the_sides() -> None:
    """For every metric, errors too, what one gains over the other the other loses; against itself nothing is gained."""
    labels, scores = sampled(6, 500)
    worse = np.full(500, labels.mean())
    there, back = gains(labels, worse, scores), gains(labels, scores, worse)
    for name in ("auc", "average_precision", "brier", "brier_skill"):
        assert there[name]["gain_low"] > 0
        assert there[name]["gain"] == -back[name]["gain"]
    same = gains(labels, scores, scores)
    assert {value for found in same.values() for name, value in found.items() if "gain" in name} == {0.0}


def test_what_rows_cannot_bear_has_no_interval() -> None:
    """With so few rows of a class that a round may draw none, the metric stands and its ends are None; without rows all is None."""
    labels, scores = np.array([True, False, False, False]), np.array([0.9, 0.1, 0.2, 0.3])
    found = bootstrap.metrics("binary", labels, scores, HOW)
    assert (found["auc"], found["auc_low"], found["auc_high"]) == (1.0, None, None)
    nothing = bootstrap.metrics("binary", np.zeros(0, bool), np.zeros(0), HOW)
    assert nothing.pop("rows") == 0
    assert set(nothing.values()) == {None}


def test_an_interval_holds_its_value() -> None:
    """A calibration error lies below its resamples: the interval is widened to it, never narrowed."""
    found = bootstrap.metrics("binary", *sampled(2, 5000), HOW)
    assert found["ece_low"] <= found["ece"] < found["ece_high"]


def test_too_few_rounds_are_refused() -> None:
    """Forty rounds are the fewest that have a fortieth at each end."""
    with pytest.raises(ConfigError, match=r"usecase\.evaluation\.rounds.*>= 40"):
        convert({"rounds": 39}, Evaluation, "usecase.evaluation")
