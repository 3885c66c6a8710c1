"""The sections of the page on what the candidate may have known, and how it behaves under stress."""

from collections.abc import Iterator, Mapping
from typing import Any

from interlock.cli import evaluate_groups as groups
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_glyphs import bullet
from interlock.cli.evaluate_html import element, folded, joined, table
from interlock.cli.evaluate_quality import Part
from interlock.cli.evaluate_words import HEADLINE, LOOKS, amount, bound, called, share
from interlock.evaluation.paths import number
from interlock.evaluation.verdicts import SIGNS

TOP = 20


def leakage(found: Found) -> Iterator[Part]:
    """Rows in two splits, labels known too late, and how much each feature tells by itself."""
    report, metric = found.get("leakage"), HEADLINE.get(found.kind, "auc")
    shared, immature = report.get("shared") or {}, report.get("immature") or {}
    facts = [
        ["rows whose whole key lies in two splits, or twice in one", shared.get("keys")],
        ["test rows whose id trained the model", shared.get("ids")],
        *([f"{name} rows whose outcome was known only after its end", count] for name, count in immature.items() if name != "rows"),
    ]
    yield table(["what the model must not have known", "rows"], facts)
    alone = [
        (each["name"], each[metric]) for each in (report.get("alone") or {}).get("features") or [] if number(each.get(metric)) is not None
    ]
    gate = found.bound("leakage", f"alone.strongest.{metric}") or {}
    base = 0.5 if metric == "auc" else 0.0
    yield groups.beyond(f"Each feature alone: {called(metric)}", alone[:TOP], called(metric), base, number(gate.get("bound")))


def stress(found: Found) -> Iterator[Part]:
    """Each claim with the share that breaks it beside what is tolerated, and rows that break it."""
    report = found.get("stress")
    unit = number(report.get("unit"))
    if found.kind == "regression" and unit is not None:
        yield element("p", f"Moves are in spreads of the score, of {amount(unit)} each.", "dim")
    heads = ["", "claim", "rows tried", "broken", "tolerated", "", "mean move", "largest move"]
    yield table(heads, (_case(case) for case in report["cases"]), texts=2)
    for case in report["cases"]:
        if case.get("examples"):
            yield folded(
                f"Rows that break: {case['claim']}", [table(["row", "change", "before", "after"], map(_example, case["examples"]), texts=2)]
            )


def _case(case: Mapping[str, Any]) -> list[Any]:
    sign = element("span", SIGNS.get(case["verdict"], "?"), LOOKS.get(case["verdict"], "dim"))
    broken, tolerated, rows = number(case.get("share")), number(case.get("tolerated")) or 0.0, case["rows"]
    drawn = "" if broken is None else bullet(broken, broken, tolerated, upper=True, passed=broken <= tolerated)
    said = joined([element("div", case["claim"], "why"), element("div", case.get("kind") or "", "dim")])
    found = f"{share(broken)} ({amount(case['violations'])})" if rows else "no row to try"
    return [sign, said, rows, found, share(tolerated), drawn, _mean(case), amount(case.get("largest_move"))]


def _mean(case: Mapping[str, Any]) -> str:
    """The mean move, beside what it may be."""
    most = number(case.get("on_average"))
    return amount(case.get("mean_move")) + ("" if most is None else f" of {bound(most)}")


def _example(one: Mapping[str, Any]) -> list[Any]:
    key = ", ".join(str(value) for value in (one.get("key") or {}).values())
    of = f" ({one['class']})" if one.get("class") else ""
    change = joined(element("div", f"{name}: {said}") for name, said in (one.get("change") or {}).items())
    return [f"{key}{of}", change, amount(one.get("before")), amount(one.get("after"))]
