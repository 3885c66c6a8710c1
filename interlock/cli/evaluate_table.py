"""The summary that `interlock evaluate` prints: the verdict, headline metrics, the worst slice, gaps, stress, and what to type next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_quality import BRIEF
from interlock.cli.evaluate_words import HEADLINE, amount, called, least, measured, metrics, verdict
from interlock.contracts.evidence import text
from interlock.evaluation.verdicts import PASS, UNJUDGED
from interlock.evaluation.words import apart, baselines, compared, over

STYLES = {"pass": "bold green", "fail": "bold red", "warn": "bold yellow", "dim": "bold"}
GAPS = ("selection_rate", "equalized_odds")
LONG, WIDE = 300, 30


def show(found: Found) -> None:
    """Print the summary."""
    console = Console(highlight=False, markup=False, emoji=False)
    look, line = verdict(found.get("gates"))
    console.print(Text(text(f"{found.usecase}: {line}", LONG), style=STYLES[look]))
    for odd in found.odd:
        console.print(Text(f"✗ {text(odd, LONG)}", style="red"))
    if found.get("metrics"):
        console.print(_metrics(found))
    for head, said in _lines(found):
        console.print(Text.assemble((f"{head}  ", "dim"), text(said, LONG)))
    for words, why in _next(found):
        console.print(Text.assemble("→ ", (words, "bold"), (f"  {why}", "dim")), soft_wrap=True)


def told(found: Found) -> dict[str, Any]:
    """The summary for a program: the verdict, what does not belong to it, and the reports' own figures."""
    report, gates, stress = (found.get(name) for name in ("metrics", "gates", "stress"))
    return {
        "usecase": found.usecase,
        "task": found.kind,
        "verdict": gates.get("verdict"),
        "belongs": not found.odd,
        "odd": list(found.odd),
        "refused": [gate["name"] for gate in _refused(gates)],
        **{name: report.get(name) for name in ("test", "validation", "baseline", "linear", "named", "gain", "decision", "worst_slice")},
        "fairness": [{"name": each["name"], **{side: each.get(side) for side in ("gaps", "ratios")}} for each in _attributes(found)],
        "stress": {"verdict": stress.get("verdict"), "failed": stress.get("failed")},
        "missing": [
            name for name in ("gates", "metrics", "slices", "fairness", "leakage", "stress", "explain") if name not in found.reports
        ],
    }


def _metrics(found: Found) -> Table:
    report, table = found.get("metrics"), Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    titles = {"test": "test", **baselines(found.task)}
    there = [name for name in titles if report.get(name)]
    table.add_column("")
    for name in there:
        table.add_column(text(titles[name], WIDE), justify="right", no_wrap=True)
    for metric in BRIEF.get(found.kind, ()):
        table.add_row(called(metric), *(measured(report[name], metric) for name in there))
    return table


def _lines(found: Found) -> Iterator[tuple[str, str]]:
    """What a person asks first, a line each."""
    report, metric = found.get("metrics"), HEADLINE.get(found.kind, "auc")
    for gain in report.get("gain") or []:
        if found.kind and (one := gain.get(metric)):
            yield "gain", f"{called(metric)} {measured(one, 'gain')} over {over(str(gain['name']), found.task)}"
    if (worst := report.get("worst_slice") or {}).get("slice"):
        yield "worst slice", f"{worst['slice']}: {called(metric)} {least(worst, metric)} on {amount(worst.get('rows'))} rows"
    if chosen := report.get("decision"):
        yield (
            "decision",
            f"from {amount(chosen.get('threshold'))}: precision {amount(chosen.get('precision'))}, recall {amount(chosen.get('recall'))}",
        )
    for attribute in _attributes(found):
        gaps = attribute.get("gaps") or {}
        brief = [name for name in GAPS if name in gaps] or metrics(gaps)[:2]
        yield (
            "gaps",
            f"{attribute['name']}: {', '.join(f'{called(name)} {measured(gaps, name)}' for name in brief)}{_beyond(attribute, brief)}",
        )
    if stress := found.get("stress"):
        yield "stress", f"{stress.get('verdict')}: {amount(stress.get('failed'))} of {len(stress.get('cases') or [])} claims broken"
    for gate in _refused(found.get("gates")):
        yield "refused", f"{gate['name']}: {gate['words']}"


def _beyond(attribute: Mapping[str, Any], brief: Sequence[str]) -> str:
    """What lies between all measured groups, where some are not compared."""
    groups = attribute.get("groups") or []
    if compared(groups) == len(groups):
        return ""
    every = ", ".join(f"{called(name)} {amount(apart(groups, name)[0])}" for name in brief)
    return f"; between {compared(groups)} of {len(groups)} groups, of all {len(groups)}: {every}"


def _attributes(found: Found) -> list[Mapping[str, Any]]:
    return found.get("fairness").get("attributes") or [] if found.get("fairness") else []


def _refused(gates: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [gate for gate in gates.get("gates") or [] if gate["verdict"] != PASS and gate["verdict"] not in UNJUDGED]


def _next(found: Found) -> list[tuple[str, str]]:
    if found.odd or not found.get("gates"):
        return [("make", "reports and verdict of one run")]
    reasons = [("interlock gates", "each gate with its reason")] if _refused(found.get("gates")) else []
    return [*reasons, ("interlock evaluate --open", "the page with every picture, in a browser")]
