"""Every mutant is killed by the gate that is meant for it, and lives where that gate is missing or open."""

from dataclasses import replace
from typing import Any

import pytest

from interlock import params
from interlock.evaluation import mutants
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.gates import Gate, Gates
from interlock.evaluation.mutants import MUTANTS
from tests.evaluation.world import world

__all__ = ["world"]
OPEN = {"min": -1e9, "max": 1e9, "min_gain": -1e9, "max_drop": 1e9}


def tried(gates: Gates, names: tuple[str, ...] = tuple(MUTANTS)) -> dict[str, dict[str, Any]]:
    """What becomes of the mutants of these names, on the project in the current folder."""
    before = dict(MUTANTS)
    try:
        for name in before.keys() - set(names):
            del MUTANTS[name]
        return {one["name"]: one for one in mutants.run(Candidate.open(), gates, mutants.others(gates))}
    finally:
        MUTANTS.clear()
        MUTANTS.update(before)


def declared() -> Gates:
    gates: Gates = params.load("gates", Gates)
    return gates


def opened(gate: Gate) -> Gate:
    return Gate(gate.metric, gate.why, gate.report, against=gate.against, **{gate.kind: OPEN[gate.kind]})


@pytest.mark.usefixtures("world")
def test_the_candidate_passes_and_every_mutant_is_killed() -> None:
    """Each by a gate that is meant for it, on a project that declares protected groups as well."""
    found = tried(declared())
    assert found.pop("candidate")["killed"]
    assert found.keys() == MUTANTS.keys()
    assert {name: one["words"] for name, one in found.items() if not one["killed"]} == {}
    for name, one in found.items():
        assert set(one["gates"]) <= set(MUTANTS[name].gates(declared()))


QUICK = ("leaked outcome", "row in two splits", "immature labels", "online mismatch", "broken behaviour", "biased group", "shuffled labels")


@pytest.mark.usefixtures("world")
def test_a_mutant_lives_where_its_gate_is_gone() -> None:
    """Without the gates that are meant for it a mutant is not killed by others, and the words say what nobody asks."""
    for name in QUICK:
        rest = {gate: value for gate, value in declared().items() if gate not in MUTANTS[name].gates(declared())}
        found = tried(rest, (name,))[name]
        assert not found["killed"]
        assert found["words"].startswith("no gate asks for")


@pytest.mark.usefixtures("world")
def test_a_mutant_lives_where_its_gate_is_open() -> None:
    """A bound that everything keeps kills nothing: the gates under test can fail their test."""
    gates = {name: opened(gate) for name, gate in declared().items()}
    found = tried(gates, QUICK)
    assert [one["name"] for one in found.values() if one["killed"]] == ["candidate"]


@pytest.mark.usefixtures("world")
def test_a_candidate_that_fails_is_told_from_a_gate_that_works() -> None:
    """With a bound that nobody reaches the mutants die as well, but the candidate is named as failing, and by which gate."""
    gates = {**declared(), "auc": replace_min(declared()["auc"], 0.99)}
    found = tried(gates, ("shuffled labels",))
    assert (found["candidate"]["killed"], found["candidate"]["gates"]) == (False, ["auc"])


def replace_min(gate: Gate, least: float) -> Gate:
    return Gate(gate.metric, gate.why, gate.report, min=least)


@pytest.mark.usefixtures("world")
def test_without_protected_groups_there_is_no_biased_one() -> None:
    """What the use case has not is not tried."""
    candidate = replace(Candidate.open(), fairness=None)
    names = [one["name"] for one in mutants.run(candidate, declared(), mutants.others(declared()))]
    assert set(MUTANTS) - set(names) == {"biased group"}
