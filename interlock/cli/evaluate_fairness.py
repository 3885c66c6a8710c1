"""The section of the page on how decisions fall on protected groups."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.cli import evaluate_groups as groups
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_glyphs import bullet
from interlock.cli.evaluate_html import Html, element, folded, joined, table
from interlock.cli.evaluate_quality import Part, unit_of
from interlock.cli.evaluate_words import LOOKS, amount, bound, called, measured, metrics
from interlock.evaluation.paths import number
from interlock.evaluation.verdicts import PASS, SIGNS
from interlock.evaluation.words import apart, compared

SIDES = {"gaps": "largest less smallest", "ratios": "smallest over largest"}
LACKS = {
    "precision": "nobody is selected",
    "true_positive_rate": "nobody should be selected",
    "false_positive_rate": "everybody should be selected",
}


def fairness(found: Found) -> Iterator[Part]:
    """Per attribute the rates of each group, and what lies between the groups beside the bound that gates it."""
    report = found.get("fairness")
    if not report.get("declared"):
        yield element("p", "The use case declares no protected columns. → declare usecase.fairness in conf/usecase, then run: make")
        return
    yield element("p", f"{_rule(report)}{_sizes(report)}", "dim")
    if not report["attributes"]:
        yield element("p", "Nothing says which rows are selected. → say usecase.decision in conf/usecase, then run: make")
    for attribute in report["attributes"]:
        yield from _attribute(found, attribute)


def _attribute(found: Found, attribute: Mapping[str, Any]) -> Iterator[Part]:
    name, every = attribute["name"], attribute["groups"]
    yield element("h3", name)
    rates = [rate for rate in metrics(every[0]) if rate != "rows"] if every else []
    yield from (_pictured(found, name, every, rate) for rate in rates)
    yield _table_between(found, attribute)
    if few := [f"{each['name']} ({each['rows']:,})" for each in every if each.get("compared") is False]:
        yield element("p", f"Measured, and of too few rows to be compared: {', '.join(few)}.", "dim")
    if small := [f"{each['name']} ({each['rows']:,})" for each in attribute.get("left_out") or []]:
        yield element("p", f"Too small to tell: {', '.join(small)}.", "dim")
    rows = ([each["name"], each["rows"], *(measured(each, rate) for rate in rates)] for each in every)
    yield folded(f"{len(every):,} groups of {name} in figures", [table([name, "rows", *(_called(found, rate) for rate in rates)], rows)])


def _pictured(found: Found, name: str, every: Sequence[Mapping[str, Any]], rate: str) -> Part:
    error = rate == "ece"
    why = {"lacks": LACKS[rate]} if rate in LACKS else {}
    return groups.forest(name, every, "name", rate, low=not error, unit=unit_of(found) if error else "", **why)


def _table_between(found: Found, attribute: Mapping[str, Any]) -> Html:
    """What lies between the groups that are compared, each beside that between all which are measured where these are more."""
    every, rates = attribute["groups"], metrics(attribute.get("gaps") or {})
    few, all_of = compared(every), len(every)
    of = f"{few} of the {all_of}" if few < all_of else "the"
    sides = [[f"{words}, of {few}", f"of all {all_of}"] if few < all_of else [words] for words in SIDES.values()]
    heads = [f"between {of} groups of {attribute['name']}", *(head for heads in sides for head in heads), "gate", ""]
    return table(heads, (_between(found, attribute, rate, beyond=few < all_of) for rate in rates))


def _called(found: Found, rate: str) -> str:
    return called(rate) + (f", {unit_of(found)}" if rate == "ece" and unit_of(found) else "")


def _between(found: Found, attribute: Mapping[str, Any], rate: str, *, beyond: bool) -> list[Any]:
    gates = [found.bound("fairness", f"attributes.{attribute['name']}.{side}.{rate}") for side in SIDES]
    asked = [_asked(gate) for gate in gates if gate]
    pairs = zip(SIDES, apart(attribute["groups"], rate), strict=True)
    said = [[measured(attribute.get(side) or {}, rate), *([amount(every)] if beyond else [])] for side, every in pairs]
    return [
        _called(found, rate),
        *(one for side in said for one in side),
        joined(words for words, _ in asked),
        joined(drawn for _, drawn in asked),
    ]


def _sizes(report: Mapping[str, Any]) -> str:
    least, compared_from = number(report.get("minimum")), number(report.get("compared"))
    more = f", those that are compared {amount(compared_from)}" if least and compared_from and compared_from > least else ""
    return f"Groups have {amount(least)} rows at least{more}."


def _asked(gate: Mapping[str, Any]) -> tuple[Html, Html]:
    """The bound that gates a gap or a ratio in words, and in a picture where it was judged."""
    upper, verdict = gate["kind"] == "max", gate["verdict"]
    words = f"{SIGNS.get(verdict, '?')} {'at most' if upper else 'at least'} {bound(gate['bound'])}"
    value, judged, least = (number(gate.get(key)) for key in ("value", "judged", "bound"))
    known = value is not None and judged is not None and least is not None
    drawn = bullet(value or 0.0, judged or 0.0, least or 0.0, upper=upper, passed=verdict == PASS) if known else Html("")
    return element("div", words, LOOKS.get(verdict, "dim")), element("div", drawn)


def _rule(report: Mapping[str, Any]) -> str:
    """Which rows are selected, in words."""
    favourable, cut = report.get("favourable") or (), number(report.get("threshold"))
    likeliest = f"Selected is whose likeliest class is {' or '.join(map(str, favourable))}. " if favourable else ""
    return likeliest or ("" if cut is None else f"Selected is who scores {amount(cut)} or more. ")
