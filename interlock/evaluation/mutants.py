"""Gates under test: faults that are made on purpose, each of which the gate that is meant for it must find.

A mutant is the candidate with one fault, evaluated and judged by the functions that judge the candidate itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec
import numpy as np
import polars as pl

from interlock.evaluation import reports
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.evaluation.predictions import Predictions
from interlock.evaluation.ranks import Labels, Scores
from interlock.evaluation.verdicts import LATER, PASS
from interlock.modeling.booster import GAIN
from interlock.modeling.dataset import Rows
from interlock.modeling.groups import crossed
from interlock.modeling.score import Scorer
from interlock.modeling.split import MATURED

ROUNDS = 200
YEARS = 100
FEW = 20
Found: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A fault in words, the report and metric of the gate that is meant for it, and the reports that come of it.

    `applies` tells whether the use case has what the fault is made of.
    """

    fault: str
    report: str
    metric: str
    reports: Callable[[Candidate, Found], Found]
    applies: Callable[[Candidate, Gates], bool] = lambda _candidate, _gates: True

    def gates(self, gates: Gates) -> list[str]:
        """The names of the gates that are meant for it."""
        return [name for name, gate in gates.items() if self._meant(gate)]

    def _meant(self, gate: Gate) -> bool:
        kind = "baseline" if gate.against == "baseline" else "champion" if gate.against else ""
        report, _, against = self.report.partition(":")
        return gate.report == report and kind == against and gate.metric.startswith(self.metric)


def run(candidate: Candidate, gates: Gates, others: Mapping[str, Any]) -> Iterator[Found]:
    """The candidate first, then each mutant: its name, whether all is as it must be, and what the gates said.

    `others` are the reports of other stages, by name. A mutant that no gate is meant for lives.
    """
    candidate = replace(candidate, how=Evaluation(min(ROUNDS, candidate.how.rounds), candidate.how.seed))
    good = {**others, **candidate.evaluate()}
    verdict = judge(gates, good)
    failed = [name for name, found in verdict["gates"].items() if found["verdict"] not in {PASS, LATER}]
    yield {
        "name": "candidate",
        "fault": "No fault: it must pass",
        "gates": failed,
        "killed": verdict["passed"],
        "words": verdict["verdict"],
    }
    for name, mutant in MUTANTS.items():
        if mutant.applies(candidate, gates):
            yield {"name": name, "fault": mutant.fault} | _judged(mutant, candidate, gates, good)


def _judged(mutant: Mutant, candidate: Candidate, gates: Gates, good: Found) -> Found:
    meant = mutant.gates(gates)
    found = judge({name: gates[name] for name in meant}, {**good, **mutant.reports(candidate, good)})["gates"]
    killers = [name for name in meant if found[name]["verdict"] != PASS]
    nobody = f"no gate asks for {mutant.metric} of reports/{mutant.report.partition(':')[0]}.json"
    return {"gates": killers, "killed": bool(killers), "words": "; ".join(found[name]["words"] for name in killers or meant) or nobody}


def _metrics(change: Callable[[Candidate], Candidate]) -> Callable[[Candidate, Found], Found]:
    return lambda candidate, _: {"metrics": change(candidate).evaluate()["metrics"]}


def _scored(test: Predictions, **columns: Any) -> Predictions:
    return Predictions(test.key, test.scored.with_columns(**{name: pl.Series(values) for name, values in columns.items()}))


def _labelled(change: Callable[[Labels], Labels]) -> Callable[[Candidate, Found], Found]:
    return _metrics(lambda given: replace(given, test=_scored(given.test, label=change(given.test.labels))))


def _rescored(change: Callable[[Candidate], Scores]) -> Callable[[Candidate, Found], Found]:
    return _metrics(lambda given: replace(given, test=_scored(given.test, score=change(given))))


def _shuffled(labels: Labels) -> Labels:
    return labels[np.argsort(np.random.PCG64(1).random_raw(len(labels)), kind="stable")]


def _half(candidate: Candidate) -> Scores:
    """The linear baseline's scores for every other row, and the base rate for the rest."""
    scores = candidate.scorer.model.baselines.scores(candidate.features)
    return np.where(np.arange(candidate.features.height) % 2 == 0, scores["linear"], scores["base_rate"])


def _in_one_group(scores: Scores, columns: pl.DataFrame, name: str, minimum: int, change: Callable[[Scores], Scores]) -> Scores:
    """`change` made in the smallest group of a column that stands alone."""
    (column,) = crossed(columns, [name], [])
    sizes = sorted((rows, value) for value, rows in column.value_counts(name="rows").iter_rows() if rows >= minimum)
    members = (column == sizes[0][1]).to_numpy() if sizes else np.ones(len(scores), bool)
    return np.where(members, change(scores), scores)


def _broken_slice(candidate: Candidate) -> Scores:
    name = candidate.slices.read[0]
    return _in_one_group(candidate.test.scores, candidate.columns, name, candidate.slices.minimum, lambda scores: 1 - scores)


def _leaked(candidate: Candidate, _: Found) -> Found:
    name = candidate.scorer.model.features[0]
    train, holdout = (_with_outcome(rows, name) for rows in (candidate.train, candidate.holdout))
    return {"leakage": replace(candidate, train=train, holdout=holdout).leaks()}


def _with_outcome(rows: Rows, name: str) -> Rows:
    return Rows(rows.name, rows.key, rows.features.with_columns(rows.label.cast(pl.Float64).alias(name)), rows.label)


def _twice(candidate: Candidate, _: Found) -> Found:
    train = candidate.train
    both = Rows(train.name, pl.concat([candidate.test.key.head(1), train.key[1:]]), train.features, train.label)
    return {"leakage": replace(candidate, train=both).leaks()}


def _immature(candidate: Candidate, _: Found) -> Found:
    later = candidate.outcomes.with_columns(pl.col(MATURED).dt.offset_by(f"{YEARS}y"))
    return {"leakage": replace(candidate, outcomes=later).leaks()}


def _stale(candidate: Candidate) -> Candidate:
    model = candidate.scorer.model
    half = tuple(probability / 2 for probability in model.calibrator.probability)
    other = msgspec.structs.replace(model, calibrator=msgspec.structs.replace(model.calibrator, probability=half))
    return replace(candidate, scorer=Scorer(other, candidate.scorer.booster))


def _dropped(candidate: Candidate) -> Candidate:
    gains = candidate.scorer.booster.importance(GAIN)
    strongest = candidate.scorer.model.features[gains.index(max(gains))]
    nothing = pl.lit(None, candidate.features.schema[strongest]).alias(strongest)
    return replace(candidate, features=candidate.features.with_columns(nothing))


def _few(candidate: Candidate) -> Candidate:
    test = Predictions(candidate.test.key.head(FEW), candidate.test.scored.head(FEW))
    return replace(candidate, test=test, features=candidate.features.head(FEW), columns=candidate.columns.head(FEW))


def _biased(candidate: Candidate, _: Found) -> Found:
    assert candidate.fairness is not None
    name = candidate.fairness.attributes[0]
    scores = _in_one_group(candidate.test.scores, candidate.columns, name, candidate.fairness.minimum, np.zeros_like)
    return {"fairness": replace(candidate, test=_scored(candidate.test, score=scores)).fair()}


def _one_more(report: str, key: str) -> Callable[[Candidate, Found], Found]:
    """The report with one more of what it counts."""
    return lambda _, good: {report: {**good[report], key: good[report][key] + 1} if report in good else {}}


MUTANTS = {
    "shuffled labels": Mutant("The labels of the test rows are shuffled", "metrics", "test.auc", _labelled(_shuffled)),
    "swapped classes": Mutant("Positives are taken for negatives", "metrics", "test.auc", _labelled(np.logical_not)),
    "too few rows": Mutant(f"Only {FEW} rows have an outcome", "metrics", "test.auc", _metrics(_few)),
    "no metrics": Mutant("The report of the metrics is empty", "metrics", "test.auc", lambda _candidate, _good: {"metrics": {}}),
    "miscalibrated scores": Mutant(
        "Every score is half as far from certainty", "metrics", "test.ece", _rescored(lambda given: (given.test.scores + 1) / 2)
    ),
    "worse than the baseline": Mutant(
        "Half of the rows are scored by the linear baseline, the rest by the base rate", "metrics:baseline", "test.", _rescored(_half)
    ),
    "broken slice": Mutant(
        "In the smallest slice of the first column scores are turned around",
        "metrics",
        "worst_slice.",
        _rescored(_broken_slice),
        lambda candidate, _: bool(candidate.slices.read),
    ),
    "stale model": Mutant("The scores were made by another model", "metrics", "rescored.", _metrics(_stale)),
    "dropped column": Mutant(
        "The feature that the model gains most from is empty since the rows were scored", "metrics", "rescored.", _metrics(_dropped)
    ),
    "leaked outcome": Mutant("A feature is the outcome", "leakage", "alone.", _leaked),
    "row in two splits": Mutant("A test row was trained on", "leakage", "shared.", _twice),
    "immature labels": Mutant(
        "Outcomes were known long after their period",
        "leakage",
        "immature.",
        _immature,
        lambda candidate, _: MATURED in candidate.outcomes.columns and bool(candidate.split.ends),
    ),
    "online mismatch": Mutant("One more value is another online", "parity", "mismatches", _one_more("parity", "mismatches")),
    "broken behaviour": Mutant("One more case of stress.py is broken", "stress", "failed", _one_more("stress", "failed")),
    "biased group": Mutant(
        "The smallest group is never selected", "fairness", "attributes.", _biased, lambda candidate, _: candidate.fairness is not None
    ),
}


def others(gates: Gates) -> Found:
    """The reports of other stages that `gates` read."""
    return reports.read(sorted({gate.report for gate in gates.values()} - {"metrics", "fairness", "leakage"}))
