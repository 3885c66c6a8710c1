"""Champion against candidate: what a release gains over the model that it replaces, on the same rows, and whether that can be told.

Both are resampled together, so what rows have in common cancels, and the interval of a gain is one of 95 %. It speaks of the luck
of the rows. Two trainings of one configuration differ by the luck of their seeds as well, which no resample of rows shows: in the
small world of flights by up to twice as much. So a difference is told where the interval, twice as wide, lies off zero, and of
two models of one configuration no more than 2.5 in 100 should be called worse. A gate judges these two models, whatever made
them, so by the interval as it is: `max_drop` asks that the candidate is not inferior by more than the bound (Piaggio and others,
"Reporting of noninferiority and equivalence randomized trials", JAMA 308, 2012), `min_gain` that it is superior by it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from interlock.errors import ArtifactError, listed
from interlock.evaluation.bootstrap import Evaluation, Scorings
from interlock.evaluation.gates import TESTED, Gate, finding, margin, outcome
from interlock.evaluation.predictions import LABEL, Predictions
from interlock.evaluation.verdicts import FAIL, FIRST, LACKING, PASS, overall
from interlock.modeling.score import Scorer

LUCK = 2
BETTER, WORSE, SAME, UNKNOWN = "better", "worse", "no difference that can be told", "too few rows to tell"


def compare(candidate: Predictions, champion: Predictions | None, gates: Mapping[str, Gate], how: Evaluation) -> dict[str, Any]:
    """What the candidate gains over the champion, and the verdict of every gate that is `against: champion`.

    Without a champion the outcome is a first release, which is no pass: who releases must say that it is one. Otherwise it is what
    can be told of the task's headline metric. `verdict` and `passed` are of the gates; where none asks there is not enough evidence.
    Raises ArtifactError where the two are not of the same rows with the same labels.
    """
    asked = {name: gate for name, gate in gates.items() if gate.against == "champion"}
    about = {"headline": candidate.task.headline, "rows": len(candidate.labels)}
    if champion is None:
        judged = {
            name: finding(gate, FIRST, f"{gate.metric}: {gate.asked} is asked, and there is none yet") for name, gate in asked.items()
        }
        return {"outcome": FIRST, **about, "metrics": [], "verdict": FIRST, "passed": False, "gates": judged}
    _same_rows(candidate, champion)
    found = Scorings.of(candidate.task.kind, candidate.labels, {"candidate": candidate.scores, "champion": champion.scores}, how)
    gains = found.gains("candidate", "champion")
    both = {name: {side: found.exact[side][name] for side in ("candidate", "champion")} for name in gains}
    metrics = [{"name": name, **both[name], **gain, "outcome": word(gain)} for name, gain in gains.items()]
    judged = {name: _judged(gate, gains.get(gate.metric.removeprefix(TESTED), {})) for name, gate in asked.items()}
    told, verdict = word(gains.get(candidate.task.headline, {})), overall(one["verdict"] for one in judged.values())
    return {"outcome": told, **about, "metrics": metrics, "verdict": verdict, "passed": verdict == PASS, "gates": judged}


def predictions(scorer: Scorer, test: Predictions, features: pl.DataFrame) -> Predictions:
    """The rows of `test` as `scorer` scores them; `features` are aligned with them.

    Raises ArtifactError where it reads a feature that is not there.
    """
    if missing := [name for name in scorer.model.reads if name not in features.columns]:
        found = f"the champion reads features that are not there: {listed(missing)}"
        raise ArtifactError(found, "compare with a model of these features, or release the candidate as a first one")
    scores = scorer.score(features)
    return Predictions(test.key, test.scored.select(LABEL).with_columns(scores), scorer.model.task)


def word(gain: Mapping[str, Any]) -> str:
    """What a gain and its interval tell: a difference only where the interval, made wider for luck, lies off zero."""
    value, low, high = (gain.get(name) for name in ("gain", "gain_low", "gain_high"))
    if value is None or low is None or high is None:
        return UNKNOWN
    return BETTER if value > LUCK * (value - low) else WORSE if -value > LUCK * (high - value) else SAME


def _judged(gate: Gate, gain: Mapping[str, Any]) -> dict[str, Any]:
    """Pass where the whole interval keeps the bound, fail where none of it does; else the rows do not tell, which is no pass."""
    value, low, high = (gain.get(name) for name in ("gain", "gain_low", "gain_high"))
    left = margin(gate, low)
    if value is None or left is None or high is None:
        why = f"is {value:+.4g} of too few rows for an interval" if value is not None else "is no number that champion and candidate have"
        return finding(gate, LACKING, f"the gain in {gate.metric} {why}; {gate.asked} is asked", value)
    verdict = PASS if left >= 0 else FAIL if high < gate.least_gain else LACKING
    told = outcome(left) if verdict != LACKING else "more rows must tell"
    words = f"{gate.metric} gains {value:+.4g} ({low:+.4g} to {high:+.4g}), {gate.asked} is asked: {told}"
    return finding(gate, verdict, words, value, low)


def _same_rows(candidate: Predictions, champion: Predictions) -> None:
    remedy = "score the same rows with both"
    if candidate.task != champion.task:
        raise ArtifactError("champion and candidate have other tasks", "release the candidate as the first of its kind")
    if not candidate.key.equals(champion.key):
        raise ArtifactError(f"champion and candidate scored other rows: {champion.key.height} and {candidate.key.height}", remedy)
    for side, of in (("champion", champion), ("candidate", candidate)):
        if not len(of.labels) == len(of.scores) == of.key.height or not np.isfinite(of.scores).all():
            raise ArtifactError(f"the {side} has rows without a label or a finite score", remedy)
    if different := int((candidate.labels != champion.labels).sum()):
        raise ArtifactError(f"champion and candidate are judged by other labels on {different} of {len(candidate.labels)} rows", remedy)
