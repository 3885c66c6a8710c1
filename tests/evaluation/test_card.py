"""The model card."""

from dataclasses import replace
from typing import Any

import pytest

from interlock.catalog import Catalog
from interlock.evaluation.card import Facts, card
from interlock.files import by_name, read_json
from interlock.params import convert
from tests.evaluation.world import PARAMS, built

REPORTS = ("metrics", "slices", "fairness", "stress", "gates")


@pytest.fixture(scope="module")
def facts() -> Facts:
    """What the stages of the small project found."""
    reports = {name: read_json(built() / "reports" / f"{name}.json") for name in REPORTS}
    catalog = convert(PARAMS["usecase"]["catalog"], Catalog, "usecase.catalog")
    provenance = read_json(built() / "models" / "bundle" / "provenance.json")
    return Facts("sampled_flights", catalog, ("2013-01-01", "2013-12-31"), provenance["configuration"], reports, provenance)


def test_a_card_says_what_the_reports_say(facts: Facts) -> None:
    """Every metric with its interval, every slice, every gate in its words, every table with licence and owner is on the card."""
    text, test = card(facts), facts.reports["metrics"]["test"]
    assert f"{test['auc']:.4f} ({test['auc_low']:.4f} to {test['auc_high']:.4f})" in text
    assert all(f"| {found['slice']} | {found['rows']:,} |" in text for found in facts.reports["slices"])
    assert all(found["words"] in text and found["why"] in text for found in facts.reports["gates"]["gates"])
    assert "| flights | Flights that left New York in 2013. | CC0-1.0 | data-team |" in text
    assert "from 2013-01-01 to 2013-12-31" in text


def test_protected_groups_are_on_the_card_with_gaps_and_intervals(facts: Facts) -> None:
    """Each group with its rates, the gap beneath; a use case that declares none says so."""
    text = card(facts).partition("## Fairness")[2].partition("##")[0]
    origin = by_name(facts.reports["fairness"]["attributes"])["origin"]
    for group in origin["groups"]:
        assert f"| {group['name']} | {group['rows']:,} | {group['selection_rate']:.4f} ({group['selection_rate_low']:.4f} to " in text
    assert f"| **gap** |  | {origin['gaps']['selection_rate']:.4f} (" in text
    none = card(replace(facts, reports={**facts.reports, "fairness": {"declared": False}}))
    assert "No protected groups were declared." in none


def test_what_stress_broke_is_a_limit_and_what_passed_is_none(facts: Facts) -> None:
    """A behaviour that was violated, or never tried, is named with its numbers; one without violation is not."""
    limits = card(facts).partition("## Limits that stress found")[2].partition("##")[0]
    cases = by_name(facts.reports["stress"]["cases"])
    assert f"- {cases['blind']['claim']}: broken by {cases['blind']['violations']} of {cases['blind']['rows']} rows" in limits
    assert cases["same"]["claim"] in limits
    assert cases["missing_all"]["claim"] not in limits


def test_what_is_not_known_is_not_said(facts: Facts) -> None:
    """Without time there is no period, a null metric is a dash, and without gates or violations the card says so."""
    reports: dict[str, Any] = {**facts.reports, "stress": {"cases": []}, "gates": {"verdict": "not enough evidence", "gates": []}}
    reports["metrics"] = {**facts.reports["metrics"], "test": {**facts.reports["metrics"]["test"], "auc": None}}
    text = card(replace(facts, period=None, reports=reports))
    assert "Time plays no part." in text
    assert "No gate was declared." in text
    assert "None." in text.partition("Limits")[2]
    assert any(line.startswith("| auc |") and "| – (" in line for line in text.splitlines())
