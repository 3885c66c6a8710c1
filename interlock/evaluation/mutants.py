"""Gates under test: faults that are made on purpose, each of which the gate that is meant for it must find.

A mutant is the candidate with one fault, evaluated and judged by the functions that judge the candidate itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from interlock.evaluation import reports
from interlock.evaluation.bootstrap import Evaluation
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.champion import compare
from interlock.evaluation.faults import Fault, Found
from interlock.evaluation.faults_of_data import FAULTS as OF_DATA
from interlock.evaluation.faults_of_scores import FAULTS as OF_SCORES
from interlock.evaluation.faults_of_scores import mixed
from interlock.evaluation.gates import Gates, judge
from interlock.evaluation.verdicts import PASS, UNJUDGED

ROUNDS = 200
MUTANTS: dict[str, Fault] = {**OF_SCORES, **OF_DATA}


def run(candidate: Candidate, gates: Gates, others: Mapping[str, Any]) -> Iterator[Found]:
    """The candidate first, then each mutant: its name, what became of it, and what the gates said.

    `killed` is whether all is as it must be, None where the use case has not what the fault is made of: it is not tried. `others`
    are the reports of other stages, by name. A mutant that no gate is meant for lives.
    """
    candidate = replace(candidate, how=Evaluation(min(ROUNDS, candidate.how.rounds), candidate.how.seed))
    good = {**others, **candidate.evaluate()}
    yield _unchanged(candidate, gates, good)
    for name, fault in MUTANTS.items():
        missing = fault.missing(candidate, gates)
        became = {"gates": [], "killed": None, "words": missing} if missing else _judged(fault, candidate, gates, good)
        yield {"name": name, "fault": fault.words} | became


def others(gates: Gates) -> Found:
    """The reports of other stages that `gates` read."""
    return reports.read(sorted({gate.report for gate in gates.values()} - {"metrics", "fairness", "leakage"}))


def _unchanged(candidate: Candidate, gates: Gates, good: Found) -> Found:
    """The candidate without a fault must pass, and so it must against a champion that is plainly worse."""
    drops = {name: gate for name, gate in gates.items() if gate.kind == "max_drop"}
    worse, itself = mixed(candidate)
    met = compare(itself, worse, drops, candidate.how)["gates"]
    verdict = judge(gates, good)
    found = verdict["gates"] | met
    failed = [name for name, one in found.items() if one["verdict"] not in {PASS, *UNJUDGED}]
    fault = "No fault: it must pass, and so against a champion of which every fourth row's score is another's"
    return {"name": "candidate", "fault": fault, "gates": failed, "killed": verdict["passed"] and not failed, "words": verdict["verdict"]}


def _judged(fault: Fault, candidate: Candidate, gates: Gates, good: Found) -> Found:
    found = fault.judged(candidate, fault.gates(candidate.task, gates), good)
    asked = [name for name, one in found.items() if one["verdict"] not in UNJUDGED]
    killers = [name for name in asked if found[name]["verdict"] != PASS]
    killed = len(killers) == len(asked) > 0 if fault.every else bool(killers)
    told = [found[name]["words"] for name in asked if killed == (name in killers)]
    more = f"; and so do {len(told) - 1} more" if killed and fault.every and len(told) > 1 else ""
    words = (told[0] + more if more else "; ".join(told)) or fault.nobody(candidate.task)
    return {"gates": killers, "killed": killed, "words": words}
