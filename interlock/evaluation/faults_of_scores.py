"""Faults in labels and scores: those that metrics, slices and the champion must show."""

from dataclasses import replace

import numpy as np
import polars as pl

from interlock.evaluation.candidate import Candidate
from interlock.evaluation.faults import Fault, Found, Worse, beside, dealt, labelled, metrics, rescored, smallest, with_scores
from interlock.evaluation.gates import Gates
from interlock.evaluation.predictions import Predictions
from interlock.evaluation.ranks import Scores
from interlock.modeling.booster import GAIN
from interlock.modeling.score import Scorer

TYPICAL = "test.{headline}"


class Other(Scorer):
    """Another model, whose scores are half as large."""

    def score(self, features: pl.DataFrame) -> pl.DataFrame:
        return super().score(features) / 2


def _turned(candidate: Candidate) -> Scores:
    """What is likely is not, and high is low: the ranks of rows by each score are turned around, so an AUC becomes 1 less itself."""
    labels, scores = candidate.test.labels, candidate.test.scores
    if candidate.task.kind == "regression":
        return float(labels.max() + labels.min()) - scores
    return (1 - scores) / (1 if scores.ndim == 1 else scores.shape[1] - 1)


def _constant(candidate: Candidate) -> Scores:
    """The base rate of every row."""
    return candidate.scorer.model.baselines.scores(candidate.features)["base_rate"]


def _half(candidate: Candidate) -> Scores:
    """The linear baseline's scores for every other row, and the base rate for the rest."""
    scores = candidate.scorer.model.baselines.scores(candidate.features)
    every_other = np.arange(candidate.features.height) % 2 == 0
    half: Scores = np.where(beside(every_other, scores["linear"]), scores["linear"], scores["base_rate"])
    return half


def _miscalibrated(candidate: Candidate) -> Scores:
    """Far from certainty or too near to it, whichever is worse; of a regression too high by twice what labels vary."""
    labels, scores = candidate.test.labels, candidate.test.scores
    if candidate.task.kind == "binary":
        return (scores + 1) / 2 if 2 * np.count_nonzero(labels) < len(labels) else scores / 2
    if candidate.task.kind == "regression":
        return _too_high(candidate, scores)
    classes, likeliest = scores.shape[1], scores.argmax(axis=1)
    often = 2 * np.count_nonzero(likeliest == labels) > len(labels) * (1 + 1 / classes)
    towards: Scores = np.full_like(scores, 1 / classes) if often else np.eye(classes)[likeliest]
    return scores * 0.1 + towards * 0.9


def _too_high(candidate: Candidate, scores: Scores) -> Scores:
    return scores + 2 * float(np.std(candidate.test.labels))


def _broken_slice(candidate: Candidate) -> Scores:
    scores = candidate.test.scores
    wrong = _too_high(candidate, scores) if candidate.task.kind == "regression" else _turned(candidate)
    members = smallest(candidate.columns, candidate.slices.read[0], candidate.slices.minimum)
    broken: Scores = np.where(beside(members, scores), wrong, scores)
    return broken


def _stale(candidate: Candidate) -> Candidate:
    return replace(candidate, scorer=Other(candidate.scorer.model, candidate.scorer.booster))


def _dropped(candidate: Candidate) -> Candidate:
    gains = candidate.scorer.booster.importance(GAIN)
    strongest = candidate.scorer.model.features[gains.index(max(gains))]
    nothing = pl.lit(None, candidate.features.schema[strongest]).alias(strongest)
    return replace(candidate, features=candidate.features.with_columns(nothing))


def _one_row(candidate: Candidate) -> Candidate:
    test = _first(candidate.test)
    return replace(candidate, test=test, features=candidate.features.head(1), columns=candidate.columns.head(1))


def _first(test: Predictions) -> Predictions:
    return replace(test, key=test.key.head(1), scored=test.scored.head(1))


def _no_number(candidate: Candidate, good: Found) -> Found:
    """The metrics with NaN in place of the headline of the test rows, and of the ends of its interval."""
    nothing = {name: float("nan") for name in good["metrics"]["test"] if name.startswith(candidate.task.headline)}
    return {"metrics": {**good["metrics"], "test": {**good["metrics"]["test"], **nothing}}}


def mixed(candidate: Candidate) -> tuple[Predictions, Predictions]:
    """The candidate with the scores of every fourth row dealt among them, and as it is."""
    scores, rows = candidate.test.scores.copy(), np.arange(0, len(candidate.test.labels), 4)
    scores[rows] = scores[rows[dealt(len(rows))]]
    return with_scores(candidate.test, scores), candidate.test


def _sliced(candidate: Candidate, _: Gates) -> str:
    return "" if candidate.slices.read else "no slices are declared"


def _nothing(_candidate: Candidate, _good: Found) -> Found:
    return {"metrics": {}}


FAULTS: dict[str, Fault] = {
    "shuffled labels": Fault("The labels of the test rows are shuffled", "metrics", TYPICAL, labelled(lambda _, labels: labels[dealt(len(labels))])),
    "swapped classes": Fault("The likely class is taken for the unlikely, and high for low", "metrics", TYPICAL, rescored(_turned)),
    "constant scores": Fault("Every row gets the base rate", "metrics", TYPICAL, rescored(_constant)),
    "a single row": Fault("Only one row has an outcome", "metrics", TYPICAL, metrics(_one_row)),
    "no metrics": Fault("The report of the metrics is empty", "metrics", TYPICAL, _nothing),
    "no number": Fault("The metric is not a number", "metrics", TYPICAL, _no_number),
    "miscalibrated scores": Fault("Scores are far from what comes of them", "metrics", "test.{calibration}", rescored(_miscalibrated)),
    "worse than the baseline": Fault(
        "Half of the rows are scored by the linear baseline, the rest by the base rate", "metrics", "test.", rescored(_half), against="baseline"
    ),
    "broken slice": Fault(
        "In the smallest slice of the first column scores are turned around", "metrics", "worst_slice.", rescored(_broken_slice), _sliced
    ),
    "stale model": Fault("The scores were made by another model", "metrics", "rescored.", metrics(_stale)),
    "dropped column": Fault(
        "The feature that the model gains most from is empty since the rows were scored", "metrics", "rescored.", metrics(_dropped)
    ),
    "worse candidate": Worse(
        "Of every fourth row the champion's score is another's", "metrics", "test.", _nothing, against="champion", predictions=mixed
    ),
    "champion on one row": Worse(
        "Champion and candidate meet on a single row", "metrics", "test.", _nothing, against="champion",
        predictions=lambda candidate: (_first(candidate.test), _first(candidate.test)),
    ),
}  # fmt: skip
