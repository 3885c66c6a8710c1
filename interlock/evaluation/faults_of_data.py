"""Faults in what a model was made of and in what other reports say: leaks, periods, behaviour, groups, and the gates' own bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl

from interlock.evaluation.candidate import Candidate
from interlock.evaluation.faults import Fault, Found, beside, smallest, with_scores
from interlock.evaluation.faults_of_behaviour import empty, online, swayed
from interlock.evaluation.gates import Gate, Gates, judge
from interlock.evaluation.ranks import Scores
from interlock.evaluation.verdicts import PASS
from interlock.modeling.dataset import Rows
from interlock.modeling.split import MATURED, ByTime
from interlock.modeling.task import Multiclass, Task

YEARS = 100
JUST = timedelta(microseconds=1)
STEP = 1e-6


@dataclass(frozen=True)
class Turned(Fault):
    """The bounds that the candidate keeps, each moved to just beyond it: every gate must refuse it."""

    def gates(self, task: Task, gates: Gates) -> Gates:  # noqa: ARG002 - one signature for all faults
        return {name: gate for name, gate in gates.items() if gate.against != "champion"}

    def judged(self, candidate: Candidate, gates: Gates, good: Found) -> Mapping[str, Any]:  # noqa: ARG002 - only bounds change
        before = judge(gates, good)["gates"]
        beyond = {name: _beyond(gate, before[name]["judged"]) for name, gate in gates.items() if before[name]["verdict"] == PASS}
        return {**before, **judge(beyond, good)["gates"]}


@dataclass(frozen=True)
class Biased(Fault):
    """A group of the attribute that a gate names is never selected, or always: every gate on a group must refuse one of them."""

    def judged(self, candidate: Candidate, gates: Gates, good: Found) -> Mapping[str, Any]:
        return {name: self._one(candidate, name, gate, good) for name, gate in gates.items()}

    @staticmethod
    def _one(candidate: Candidate, name: str, gate: Gate, good: Found) -> Any:
        found = judge({name: gate}, good)["gates"][name]
        if found["verdict"] != PASS:
            return found
        for always in (False, True):
            report = replace(candidate, test=with_scores(candidate.test, _biased(candidate, gate, always=always))).fair()
            found = judge({name: gate}, {**good, "fairness": report})["gates"][name]
            if found["verdict"] != PASS:
                break
        return found


def _beyond(gate: Gate, judged: float) -> Gate:
    step = STEP * max(1.0, abs(judged))
    if gate.kind == "max_drop":
        return msgspec.structs.replace(gate, max_drop=None, min_gain=judged + step)
    return msgspec.structs.replace(gate, **{gate.kind: judged - step if gate.kind == "max" else judged + step})


def _biased(candidate: Candidate, gate: Gate, *, always: bool) -> Scores:
    assert candidate.fairness is not None
    attribute = gate.metric.split(".")[1]
    members = smallest(candidate.columns, attribute, candidate.fairness.between)
    scores = candidate.test.scores
    biased: Scores = np.where(beside(members, scores), _extreme(candidate, always=always), scores)
    return biased


def _extreme(candidate: Candidate, *, always: bool) -> Any:
    """The score of a row that is selected whatever the threshold, or never."""
    task, scores = candidate.task, candidate.test.scores
    if not isinstance(task, Multiclass):
        reach = [*scores, *([candidate.cut] if candidate.cut is not None else [])]
        ends = (0.0, 1.0) if task.kind == "binary" else (min(reach) - 1, max(reach) + 1)
        return ends[always]
    wanted = [(name in candidate.decision.favourable) == always for name in task.classes]
    return np.eye(len(wanted))[wanted.index(True)] if any(wanted) else np.full(len(wanted), 1 / len(wanted))


def _leaked(candidate: Candidate, _: Found) -> Found:
    name = candidate.scorer.model.features[0]
    train, holdout = (_with_outcome(candidate, rows, name) for rows in (candidate.train, candidate.holdout))
    return {"leakage": replace(candidate, train=train, holdout=holdout).leaks()}


def _with_outcome(candidate: Candidate, rows: Rows, name: str) -> Rows:
    outcome = pl.Series(name, candidate.task.labels(rows.label).astype(np.float64))
    return replace(rows, features=rows.features.with_columns(outcome))


def _twice(candidate: Candidate, _: Found) -> Found:
    train = candidate.train
    both = replace(train, key=pl.concat([candidate.test.key.head(1), train.key[1:]]))
    return {"leakage": replace(candidate, train=both).leaks()}


def _immature(candidate: Candidate, _: Found) -> Found:
    later = candidate.outcomes.with_columns(pl.col(MATURED).dt.offset_by(f"{YEARS}y"))
    return {"leakage": replace(candidate, outcomes=later).leaks()}


def _shifted(candidate: Candidate, _: Found) -> Found:
    """The training rows' period ends just before the last of their outcomes was known."""
    assert isinstance(candidate.split, ByTime)
    known = candidate.train.key.join(candidate.outcomes, on=candidate.train.key.columns, how="inner")[MATURED]
    last: Any = known.max()
    split = msgspec.structs.replace(candidate.split, train_until=last - JUST)
    return {"leakage": replace(candidate, split=split).leaks()}


def _matures(candidate: Candidate, _: Gates) -> str:
    timed = MATURED in candidate.outcomes.columns and bool(candidate.split.ends)
    return "" if timed else "rows are not split by time, or have no moment at which their outcome was known"


def _protects(candidate: Candidate, _: Gates) -> str:
    return "" if candidate.fairness else "no protected groups are declared"


def _once(_: Candidate, gates: Gates) -> str:
    return "" if any(gate.metric.startswith("shared.ids") for gate in gates.values()) else "ids may come again: no gate asks for shared.ids"


FAULTS: dict[str, Fault] = {
    "leaked outcome": Fault("A feature is the outcome", "leakage", "alone.", _leaked),
    "row in two splits": Fault("A test row was trained on", "leakage", "shared.keys", _twice),
    "id in two splits": Fault("The id of a test row was trained on", "leakage", "shared.ids", _twice, _once),
    "immature labels": Fault("Outcomes were known long after their period", "leakage", "immature.", _immature, _matures),
    "shifted period": Fault("Training ended just before its last outcome was known", "leakage", "immature.", _shifted, _matures),
    "online mismatch": Fault("One value is another online, by its last bit", "parity", "mismatches", online, empty),
    "no parity": Fault("Nothing was replayed through the online path", "parity", "mismatches", lambda _, __: {"parity": None}),
    "broken behaviour": Fault("Any change of a row may change its score to anything", "stress", "failed", swayed),
    "no stress": Fault("No behaviour was tried", "stress", "failed", lambda _, __: {"stress": None}),
    "biased group": Biased("A group is never selected, or always", "fairness", "attributes.", lambda _, __: {}, _protects, every=True),
    "bounds turned around": Turned("Every bound lies just beyond what the candidate reaches", "metrics", "", lambda _, __: {}, every=True),
}
