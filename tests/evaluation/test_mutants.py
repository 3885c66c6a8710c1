"""Every mutant is killed by the gate that is meant for it, and lives where that gate is missing or open."""

from dataclasses import replace
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock.evaluation import faults_of_behaviour, mutants
from interlock.evaluation.candidate import Candidate
from interlock.evaluation.gates import Gate, Gates
from interlock.evaluation.mutants import MUTANTS
from interlock.evaluation.robustness import always
from interlock.modeling.groups import Slices
from tests.evaluation.kinds import KINDS, OTHERS, candidate, gates

OPEN = {"min": -1e9, "max": 1e9, "min_gain": -1e9, "max_drop": 1e9}
QUICK = (
    "no metrics", "champion on one row", "worse candidate", "leaked outcome", "row in two splits", "immature labels", "shifted period",
    "online mismatch", "no parity", "broken behaviour", "no stress", "biased group", "bounds turned around",
)  # fmt: skip


def tried(of: Candidate, asked: Gates, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What becomes of the candidate and of the mutants of these names."""
    monkeypatch.setattr(mutants, "MUTANTS", {name: MUTANTS[name] for name in names})
    return {one["name"]: one for one in mutants.run(of, asked, OTHERS)}


def opened(gate: Gate) -> Gate:
    return msgspec.structs.replace(gate, **{gate.kind: OPEN[gate.kind]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_use_case_passes_its_gates_and_every_mutant_is_killed(kind: str) -> None:
    """With the gates that any use case of a kind begins with: a good model passes, each fault is found by a gate meant for it."""
    found = {one["name"]: one for one in mutants.run(candidate(kind), gates(kind), OTHERS)}
    good = found.pop("candidate")
    assert (good["killed"], good["gates"]) == (True, [])
    assert found.keys() == MUTANTS.keys()
    assert {name: one["words"] for name, one in found.items() if one["killed"] is False} == {}
    assert {name for name, one in found.items() if one["killed"] is None} == {"id in two splits"}
    for name, one in found.items():
        assert set(one["gates"]) <= set(MUTANTS[name].gates(candidate(kind).task, gates(kind)))


@pytest.mark.parametrize("name", [name for name in QUICK if name != "bounds turned around"])
def test_a_mutant_lives_where_its_gate_is_gone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the gates that are meant for it a mutant is not killed by others, and the words say what nobody asks."""
    of = candidate("binary")
    meant = MUTANTS[name].gates(of.task, gates("binary"))
    found = tried(of, {gate: value for gate, value in gates("binary").items() if gate not in meant}, (name,), monkeypatch)[name]
    assert meant
    assert not found["killed"]
    assert found["words"].startswith("no gate asks for")


def test_a_mutant_lives_where_its_gate_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that everything keeps kills nothing but what leaves no number at all: the gates under test can fail their test."""
    open_ones = {name: opened(gate) for name, gate in gates("binary").items()}
    found = tried(candidate("binary"), open_ones, QUICK, monkeypatch)
    killed = [name for name, one in found.items() if one["killed"]]
    assert killed == ["candidate", "no metrics", "champion on one row", "no parity", "no stress", "bounds turned around"]


def test_of_a_fault_that_every_gate_must_find_one_open_gate_is_enough_to_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two gates on groups that asks nothing lets a biased group through, and is named in its words."""
    said = {**gates("binary"), "odds": opened(gates("binary")["odds"])}
    found = tried(candidate("binary"), said, ("biased group",), monkeypatch)["biased group"]
    assert (found["killed"], found["gates"]) == (False, ["crossed"])
    assert found["words"].startswith("attributes.origin.gaps.selection_rate is")


def test_a_gate_on_a_group_that_nobody_declares_is_no_pass_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt attribute, or a path that ends too early: the candidate fails by that gate's name, and every mutant is tried."""
    for metric in ("attributes.orgin.gaps.selection_rate", "attributes.", "attributes.origin"):
        said = {**gates("binary"), "odd": Gate(metric, "Misspelt.", "fairness", max=0.1)}
        found = tried(candidate("binary"), said, ("biased group",), monkeypatch)
        assert found["candidate"]["gates"] == ["odd"]
        assert found["biased group"]["killed"]


def test_a_model_that_any_change_sways_is_tried_and_not_only_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cases of one kind alone the broken model is found by each; without cases that could find it, it lives."""
    of = candidate("binary")
    for kind, killed in (("noise", True), ("missing_one", True), ("extreme_all", False)):
        monkeypatch.setattr(faults_of_behaviour, "always", lambda known, kind=kind: {kind: always(known)[kind]})
        found = tried(of, gates("binary"), ("broken behaviour",), monkeypatch)["broken behaviour"]
        assert (found["killed"], found["words"].startswith("failed is 1")) == (killed, killed)


@pytest.mark.parametrize("column", [[1.5, None], [None, float("nan"), -0.0], [None, 3], ["a"], [True, False]])
def test_the_comparison_itself_sees_one_value_that_is_another(column: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any type: by its last bit a number, missing all else; where parity saw nothing, the mutant would live."""
    of = replace(candidate("binary"), features=pl.DataFrame({"nothing": [None] * len(column), "x": column}))
    (name,) = MUTANTS["online mismatch"].gates(of.task, gates("binary"))
    assert MUTANTS["online mismatch"].judged(of, gates("binary"), {})[name]["judged"] == 1
    monkeypatch.setattr(faults_of_behaviour, "differing", lambda left, _: pl.repeat(False, len(left), eager=True))
    assert MUTANTS["online mismatch"].judged(of, gates("binary"), {})[name]["judged"] == 0
    assert faults_of_behaviour.empty(replace(of, features=of.features.select("nothing")), {}).startswith("every feature")


def test_a_candidate_that_no_champion_gate_lets_pass_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a champion that is plainly worse a gate that asks for more than there is to gain fails, and is named."""
    of = candidate("binary")
    few = replace(of, test=replace(of.test, key=of.test.key.head(12), scored=of.test.scored.head(12)), features=of.features.head(12), columns=of.columns.head(12))  # fmt: skip
    (first, *_) = mutants.run(few, {"champion": gates("binary")["champion"]}, OTHERS)
    assert (first["killed"], first["gates"]) == (False, ["champion"])
    assert tried(of, {"champion": gates("binary")["champion"]}, (), monkeypatch)["candidate"]["gates"] == []


def test_a_candidate_that_fails_is_told_from_a_gate_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound that nobody reaches the mutants die as well, but the candidate is named as failing, and by which gate."""
    said = {**gates("binary"), "auc": Gate("test.auc", "Nobody reaches it.", min=0.9999)}
    found = tried(candidate("binary"), said, ("shuffled labels",), monkeypatch)
    assert found["shuffled labels"]["killed"]
    assert (found["candidate"]["killed"], found["candidate"]["gates"]) == (False, ["auc"])


def test_what_the_use_case_has_not_is_not_tried_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No protected groups, slices, moments of outcomes: their faults are named with what is missing, and count neither way."""
    of = candidate("binary")
    plain = replace(of, fairness=None, slices=Slices([], 100), outcomes=of.outcomes.drop("matured_at"))
    said = {name: gate for name, gate in gates("binary").items() if gate.report != "fairness"}
    found = tried(plain, said, ("broken slice", "biased group", "immature labels", "shifted period", "shuffled labels"), monkeypatch)
    assert found["candidate"]["killed"]
    assert {name: one["killed"] for name, one in found.items() if one["killed"] is None}.keys() == {
        "broken slice", "biased group", "immature labels", "shifted period",
    }  # fmt: skip
    assert found["broken slice"]["words"] == "no slices are declared"
