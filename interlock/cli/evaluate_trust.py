"""The sections of the page on whether the candidate can be trusted: fairness, leakage and stress."""

from collections.abc import Iterator, Mapping
from typing import Any

from interlock.cli import evaluate_groups as groups
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_glyphs import bullet
from interlock.cli.evaluate_html import Html, element, folded, joined, table
from interlock.cli.evaluate_quality import Part
from interlock.cli.evaluate_words import HEADLINE, LOOKS, amount, bound, called, measured, metrics, share
from interlock.evaluation.paths import number
from interlock.evaluation.verdicts import PASS, SIGNS

TOP = 20
SIDES = {"gaps": "largest less smallest", "ratios": "smallest over largest"}


def fairness(found: Found) -> Iterator[Part]:
    """Per attribute the rates of each group, and what lies between the groups beside the bound that gates it."""
    report = found.get("fairness")
    if not report.get("declared"):
        yield element("p", "The use case declares no protected columns. → declare usecase.fairness in conf/usecase, then run: make")
        return
    yield element("p", f"{_rule(report)}Groups have {amount(report.get('minimum'))} rows at least.", "dim")
    if not report["attributes"]:
        yield element("p", "Nothing says which rows are selected. → say usecase.decision in conf/usecase, then run: make")
    for attribute in report["attributes"]:
        yield from _attribute(found, attribute)


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


def _attribute(found: Found, attribute: Mapping[str, Any]) -> Iterator[Part]:
    name, every = attribute["name"], attribute["groups"]
    yield element("h3", name)
    rates = [rate for rate in metrics(every[0]) if rate != "rows"] if every else []
    yield from (groups.forest(name, every, "name", rate, low=rate != "ece") for rate in rates)
    between = [_between(found, attribute, rate) for rate in metrics(attribute.get("gaps") or {})]
    yield table([f"between the groups of {name}", *SIDES.values(), "gate", ""], between)
    if apart := [f"{each['name']} ({each['rows']:,})" for each in every if each.get("compared") is False]:
        yield element("p", f"Measured, and of too few rows to be compared: {', '.join(apart)}.", "dim")
    if small := [f"{each['name']} ({each['rows']:,})" for each in attribute.get("left_out") or []]:
        yield element("p", f"Too small to tell: {', '.join(small)}.", "dim")
    rows = ([each["name"], each["rows"], *(measured(each, rate) for rate in rates)] for each in every)
    yield folded(f"{len(every):,} groups of {name} in figures", [table([name, "rows", *map(called, rates)], rows)])


def _between(found: Found, attribute: Mapping[str, Any], rate: str) -> list[Any]:
    gates = [found.bound("fairness", f"attributes.{attribute['name']}.{side}.{rate}") for side in SIDES]
    asked = [_asked(gate) for gate in gates if gate]
    said = [measured(attribute.get(side) or {}, rate) for side in SIDES]
    return [called(rate), *said, joined(words for words, _ in asked), joined(drawn for _, drawn in asked)]


def _asked(gate: Mapping[str, Any]) -> tuple[Html, Html]:
    """The bound that gates a gap or a ratio in words, and in a picture where it was judged."""
    upper, verdict = gate["kind"] == "max", gate["verdict"]
    words = f"{SIGNS.get(verdict, '?')} {'at most' if upper else 'at least'} {bound(gate['bound'])}"
    value, judged, least = (number(gate.get(key)) for key in ("value", "judged", "bound"))
    known = value is not None and judged is not None and least is not None
    drawn = bullet(value or 0.0, judged or 0.0, least or 0.0, upper=upper, passed=verdict == PASS) if known else Html("")
    return element("div", words, LOOKS.get(verdict, "dim")), element("div", drawn)


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


def _rule(report: Mapping[str, Any]) -> str:
    """Which rows are selected, in words."""
    favourable, cut = report.get("favourable") or (), number(report.get("threshold"))
    likeliest = f"Selected is whose likeliest class is {' or '.join(map(str, favourable))}. " if favourable else ""
    return likeliest or ("" if cut is None else f"Selected is who scores {amount(cut)} or more. ")


def _example(one: Mapping[str, Any]) -> list[Any]:
    key = ", ".join(str(value) for value in (one.get("key") or {}).values())
    of = f" ({one['class']})" if one.get("class") else ""
    change = joined(element("div", f"{name}: {said}") for name, said in (one.get("change") or {}).items())
    return [f"{key}{of}", change, amount(one.get("before")), amount(one.get("after"))]
