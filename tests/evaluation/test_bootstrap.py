"""Intervals from resampled rows, and two scorings compared."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.evaluation import bootstrap, resample
from interlock.evaluation.bootstrap import RESAMPLED, Evaluation
from interlock.evaluation.metrics import TABLE, measure
from interlock.evaluation.ranks import Labels, Scores
from interlock.params import convert

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 1 / 3, 0.7, 1.0]) | st.floats(0, 1)), min_size=1, max_size=60)
WRITTEN = [[0, 1, 0, 0, 1, 2, 2, 2], [1, 3, 1, 0, 0, 0, 2, 1]]
HOW = Evaluation(rounds=400, seed=3)
OVER_CLASSES = {"balanced_accuracy", "macro_f1", "auc"}


def arrays(rows: list[tuple[bool, float]]) -> tuple[Labels, Scores]:
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, bool), np.array(scores, float)


def sampled(seed: int, rows: int) -> tuple[Labels, Scores]:
    """Scores that are the very chances of their labels."""
    random = np.random.default_rng(seed)
    scores = random.random(rows)
    return random.random(rows) < scores, scores


def erring(seed: int, rows: int) -> tuple[Labels, Scores]:
    """Scores of variance 1, and labels that are off them by errors of variance 1."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 1, rows)
    return scores + random.normal(0, 1, rows), scores


SHARES = st.sampled_from([(8, 0, 0, 0), (2, 2, 2, 2), (4, 2, 1, 1), (0, 4, 4, 0), (1, 1, 1, 5), (0, 3, 3, 2)])
NUMBERS = st.sampled_from([0.0, 1.0, 1.0, -3.5]) | st.floats(-100, 100).map(lambda value: round(value, 6))
UNITS = st.sampled_from([1e-6, 1.0, 1e9])
CASES: dict[str, st.SearchStrategy[tuple[Labels, Scores]]] = {
    "binary": ROWS.map(arrays),
    "multiclass": st.lists(st.tuples(st.integers(0, 3), SHARES), min_size=1, max_size=60).map(
        lambda rows: (np.array([label for label, _ in rows]), np.array([shares for _, shares in rows]) / 8)
    ),
    "regression": st.tuples(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=60), UNITS).map(
        lambda made: (np.array([label for label, _ in made[0]]) * made[1], np.array([score for _, score in made[0]]) * made[1])
    ),
}


def test_every_kind_of_task_is_tried() -> None:
    """A new kind of task needs its case here."""
    assert set(CASES) == set(RESAMPLED) == set(TABLE)


@pytest.mark.parametrize("kind", CASES)
@given(st.data())
def test_a_round_measures_what_the_repeated_rows_would(kind: str, data: st.DataObject) -> None:
    """With the same counts, every metric of a round is that of a naive resample within 1e-9, in a group as among all rows.

    Where it lacks a class that the group has it has no mean over classes.
    """
    labels, scores = data.draw(CASES[kind])
    group = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(labels), max_size=len(labels))))
    assume(len(group))
    counts = resample.counts(len(labels), range(5), seed=data.draw(st.integers(0, 9)))
    found = RESAMPLED[kind](labels, scores, group).measure(counts)
    for number, drawn in enumerate(counts):
        again = np.repeat(group, drawn[group])
        lacks = OVER_CLASSES if kind == "multiclass" and set(labels[again].tolist()) < set(labels[group].tolist()) else set()
        for name, value in found.items():
            expected = None if name in lacks else measure(kind, labels[again], scores[again])[name]
            assert value[number] == pytest.approx(np.nan if expected is None else expected, rel=1e-9, abs=1e-9, nan_ok=True), name


@pytest.mark.parametrize("kind", CASES)
def test_every_metric_but_what_labels_alone_say_has_an_interval(kind: str) -> None:
    """Rows, base rate and mean label are facts of the rows; each other metric comes with both ends, around it."""
    random = np.random.default_rng(1)
    labels = {"binary": random.random(400) < 0.3, "multiclass": random.integers(0, 4, 400), "regression": random.normal(3, 1, 400)}[kind]
    scores = random.dirichlet(np.ones(4), 400) if kind == "multiclass" else random.random(400)
    found = bootstrap.metrics(kind, labels, scores, HOW)
    told = set(TABLE[kind]) - {"rows", "base_rate", "mean"}
    assert {name.removesuffix("_low") for name in found if name.endswith("_low")} == told
    assert all(found[f"{name}_low"] <= found[name] <= found[f"{name}_high"] for name in told)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_rounds_without_an_outlier_are_as_exact_as_those_with_it(unit: float) -> None:
    """One label a billion times the others, in half of the rounds: those without it keep all of their digits."""
    random = np.random.default_rng(2)
    labels, scores = random.random(300) * unit, random.random(300) * unit
    labels[7] = 1e9 * unit
    counts = resample.counts(300, range(20), seed=1)
    assert set((counts[:, 7] > 0).tolist()) == {True, False}
    found = RESAMPLED["regression"](labels, scores, None).measure(counts)
    for number, drawn in enumerate(counts):
        again = np.repeat(np.arange(300), drawn)
        for name, expected in measure("regression", labels[again], scores[again]).items():
            if name in found:
                assert found[name][number] == pytest.approx(expected, rel=1e-9), name


def test_a_class_that_a_round_may_lack_leaves_no_interval() -> None:
    """Four of 400 rows are of a class that is never found: what is a mean over classes has no ends, and accuracy has."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 400)
    labels[:4] = 2
    scores = np.column_stack([np.where(labels == 0, 0.7, 0.3), np.where(labels == 0, 0.3, 0.7), np.zeros(400)])
    found = bootstrap.metrics("multiclass", labels, scores, HOW)
    assert {name for name in found if name.endswith("_low") and found[name] is None} == {f"{name}_low" for name in OVER_CLASSES}
    assert found["balanced_accuracy"] == pytest.approx(2 / 3)
    enough = bootstrap.metrics("multiclass", np.where(np.arange(400) < 40, 2, labels), scores, HOW)
    assert enough["auc_low"] < enough["auc"] < enough["auc_high"]


def test_labels_that_hardly_vary_are_measured_row_by_row() -> None:
    """Where all but one label are the same, rounds without it have no R², and those with it that of their rows."""
    labels, scores = np.full(60, 1e6), np.linspace(0, 1e6, 60)
    labels[3] = 1e6 + 1
    counts = resample.counts(60, range(40), seed=1)
    found = RESAMPLED["regression"](labels, scores, None).measure(counts)["r2"]
    expected = [measure("regression", *(np.repeat(values, drawn) for values in (labels, scores)))["r2"] for drawn in counts]
    assert None in expected
    assert found.tolist() == pytest.approx([np.nan if value is None else value for value in expected], rel=1e-9, nan_ok=True)


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


@pytest.mark.parametrize("kind", CASES)
def test_neither_chunks_nor_workers_change_a_number(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However rounds are cut into chunks, and however many run at once, every interval has the same bits."""
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(12), 700) if kind == "multiclass" else random.lognormal(0, 2, 700)
    labels = {"binary": scores > 1, "multiclass": random.integers(0, 12, 700), "regression": random.lognormal(0, 2, 700)}[kind]
    before = bootstrap.metrics(kind, labels, scores, HOW)
    monkeypatch.setattr(resample, "CELLS", 3000)
    monkeypatch.setattr(resample, "WORKERS", 1)
    assert bootstrap.metrics(kind, labels, scores, HOW) == before


def test_the_interval_of_the_auc_is_as_wide_as_delongs() -> None:
    """The bootstrap's standard error of the AUC is DeLong's of 1988 (structural components, over all pairs) within a tenth."""
    labels, scores = sampled(4, 1500)
    wins = np.sign(scores[labels][:, None] - scores[~labels][None, :]) / 2 + 0.5
    error = np.sqrt(np.var(wins.mean(axis=1), ddof=1) / wins.shape[0] + np.var(wins.mean(axis=0), ddof=1) / wins.shape[1])
    found = bootstrap.metrics("binary", labels, scores, Evaluation())
    assert (found["auc_high"] - found["auc_low"]) / (2 * 1.96) == pytest.approx(error, rel=0.1)


TRUTHS = {
    "binary": {"auc": 5 / 6, "brier": 1 / 6, "brier_skill": 1 / 3, "log_loss": 1 / 2},
    "regression": {"r2": 0.5, "rmse": 1.0, "bias": 0.0, "mae": float(np.sqrt(2 / np.pi))},
}


@pytest.mark.parametrize("kind", TRUTHS)
def test_the_interval_covers_the_truth_about_nineteen_times_in_twenty(kind: str) -> None:
    """Where P(positive | score) = score and scores are uniform, or labels are scores and an error of variance 1, the truth is known.

    Of 300 samples 91 to 98 % cover it, by every metric that has one.
    """
    covered = dict.fromkeys(TRUTHS[kind], 0)
    for seed in range(300):
        rows = {"binary": sampled, "regression": erring}[kind](seed, 300)
        found = bootstrap.metrics(kind, *rows, Evaluation(rounds=200, seed=seed))
        for metric, truth in TRUTHS[kind].items():
            covered[metric] += found[f"{metric}_low"] <= truth <= found[f"{metric}_high"]
    assert all(0.91 <= hits / 300 <= 0.98 for hits in covered.values()), covered


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


@pytest.mark.parametrize(("metric", "good", "poor"), [("bias", -1.0, 3.0), ("rmse", 1.0, 2.0), ("mae", 1.0, -2.0)])
def test_a_smaller_error_is_a_gain_and_so_is_a_bias_nearer_to_zero(metric: str, good: float, poor: float) -> None:
    """Scores that are off by one gain over those that are off by more, whichever way either is off."""
    labels = np.random.default_rng(3).normal(0, 1, 200)
    found = bootstrap.Scorings.of("regression", labels, {"good": labels + good, "poor": labels + poor}, HOW).gains("good", "poor")[metric]
    assert found["gain"] == pytest.approx(abs(poor) - abs(good))
    assert found["gain_low"] == pytest.approx(found["gain_high"]) == pytest.approx(found["gain"])


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
