"""The model card."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.catalog import Catalog
from interlock.evaluation.card import Facts, card
from interlock.evaluation.markdown import figure, plain, table
from interlock.files import by_name, read_json
from interlock.params import convert, read_yaml
from tests.cli.evaluated import CLASSES, NAMED, TEST, fairness, project, reports
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


def test_a_split_is_told_without_a_line_of_python(facts: Facts) -> None:
    """Settings within settings stand in brackets, lists as well; no key or value is quoted or in braces."""
    shares = {"train": 0.6, "validation": 0.2, "test": 0.2}
    usecase = {**facts.configuration["usecase"], "split": {"by": "row", "shares": shares, "days": ["mon", "sun"], "salt": None}}
    text = card(replace(facts, configuration={**facts.configuration, "usecase": usecase}))
    assert "Split: by row, shares (train 0.6, validation 0.2, test 0.2), days (mon, sun), salt none." in text


def test_what_lies_between_all_groups_stands_beside_what_is_compared(facts: Facts) -> None:
    """With a group too small to be compared, the count, and the gap and ratio of all measured groups without an interval."""
    report = fairness(["sex"], least=3500)
    one, two = report["attributes"][0]["groups"]
    assert (one["compared"], two["compared"]) == (True, False)
    text = card(replace(facts, reports={**facts.reports, "fairness": report})).partition("## Fairness")[2].partition("##")[0]
    rate, other = one["selection_rate"], two["selection_rate"]
    assert "| **gap of 1 of 2 groups** |  | 0.0600 (0.0420 to 0.0780) |" in text
    assert f"| gap of all 2 |  | {rate - other:.4f} |" in text
    assert f"| ratio of all 2 |  | {other / rate:.4f} |" in text
    odds = one["true_positive_rate"] - two["true_positive_rate"]
    assert f"the larger gap is 0.0600 (0.0420 to 0.0780) between 1 of 2 groups; between all 2 it is {odds:.4f}." in text
    assert "Measured, and too few rows to be compared: 2 (3,400)." in text
    assert "of all" not in card(replace(facts, reports={**facts.reports, "fairness": fairness()}))


def test_the_error_of_a_regression_is_in_its_unit(facts: Facts) -> None:
    """The calibration error of its groups is called so, with the unit; of a probability there is none."""
    for said, head in (({"kind": "regression", "unit": "a|b"}, r"calibration error, a\|b |"), (facts.task, "calibration error |")):
        usecase = {**facts.configuration["usecase"], "task": said}
        reports = {**facts.reports, "fairness": fairness(), "slices": []}
        text = card(replace(facts, configuration={**facts.configuration, "usecase": usecase}, reports=reports)).partition("## Fairness")[2]
        assert f"| precision | {head}" in text
        assert "ece" not in text


@pytest.fixture(params=list(TEST))
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Facts:
    """The reports of a candidate of each kind of task."""
    folder = project(tmp_path / "project", request.param)
    said = read_yaml(folder / "params.yaml")
    catalog = convert(said["usecase"]["catalog"], Catalog, "usecase.catalog")
    found = {**reports(request.param), "gates": read_json(folder / "reports/gates.json")}
    return Facts("commuters", catalog, None, said, found, {"made_from": {"model": {"booster.txt": "a" * 64}}})


def test_the_card_of_every_kind_has_its_metrics_and_its_words(told: Facts) -> None:
    """Each metric of the kind with its interval, what a score is, the gain over each baseline, drivers with what they are, leaks."""
    text, kind = card(told), told.task["kind"]
    for name, value in TEST[kind].items():
        assert f"| {figure(value)} ({figure(value * 0.98 if value > 0 else value * 1.02)} to " in text, name
    scores = {
        "binary": "the probability of: employed",
        "multiclass": f"the probability of each of: {', '.join(CLASSES)}",
        "regression": "a number in people/h",
    }
    assert f"A score is {scores[kind]}." in text
    always = {"binary": "base rate", "multiclass": "class shares", "regression": "mean"}[kind]
    titles = [always, "a line", *([plain(NAMED)] if kind == "regression" else [])]
    assert f"| metric | validation | test | {' | '.join(titles)} |" in text
    assert f"| metric | {' | '.join(f'over {title}' for title in titles)} |" in text
    assert "| age | Age in years | a | 0.5000 |" in text
    assert "Test rows whose id trained the model: 12." in text
    assert "## Decision" in text
    assert "Selected is who scores 0.4200 or more (least_cost)." in text


def test_no_figure_stands_on_a_card_that_no_report_holds(told: Facts) -> None:
    """Without explanation, leaks and decision their sections are left out, and the others are as they were."""
    lacking = {name: report for name, report in told.reports.items() if name not in {"explain", "leakage"}}
    fair: dict[str, Any] = {"declared": False, "minimum": None, "attributes": []}
    whole, less = (
        card(told),
        card(replace(told, reports={**lacking, "fairness": fair, "metrics": {**told.reports["metrics"], "decision": None}})),
    )
    assert set(heads(whole)) - set(heads(less)) == {"Decision", "Leakage", "What moves its scores"}
    assert set(re.findall(r"\d+\.\d+", less)) <= set(re.findall(r"\d+\.\d+", whole))


def test_a_claim_whose_mean_move_was_too_far_is_a_limit(told: Facts) -> None:
    """A case that no row broke and that failed by the mean of all moves is named with both figures."""
    case = {**by_name(told.reports["stress"]["cases"])["missing"], "name": "noise", "verdict": "fail", "on_average": 0.01, "mean_move": 0.2}
    text = card(replace(told, reports={**told.reports, "stress": {"cases": [case]}}))
    assert "scores move by 0.2000 on average, 0.0100 tolerated: fail." in text


def heads(text: str) -> list[str]:
    """The sections of a card."""
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["a|b", "</td>", "![x](y)", "`x`", "\\", "a\n## b", "_x_", "&lt;"])
)
def test_a_name_from_data_stays_in_its_cell(name: str) -> None:
    """Whatever a slice or a claim is called, it is one line and one cell, and no character of it is markup."""
    text = table(["slice", "rows"], [[name, 3]])
    assert text.count("\n") == 2
    line = text.splitlines()[2]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>`\[\]&]", line)
    assert plain(name).splitlines() in ([], [plain(name)])
