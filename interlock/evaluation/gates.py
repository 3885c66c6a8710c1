"""Gates: what a candidate must reach. They fail closed: what is missing, null or no number is no evidence, and no pass."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from interlock.evaluation.verdicts import FAIL, LACKING, PASS, overall
from interlock.files import by_name
from interlock.params import Section

Report: TypeAlias = Literal["parity", "metrics", "stress", "validation", "features", "explain"]


class Gate(Section, frozen=True):
    """A bound on the number at the dotted path `metric` of `reports/<report>.json`, both ends inclusive, and its reason."""

    metric: Annotated[str, Meta(min_length=1)]
    why: Annotated[str, Meta(min_length=1)]
    report: Report = "metrics"
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if len(bounds) != 1 or not math.isfinite(bounds[0]):
            raise ValueError("a gate has exactly one of min and max, a finite number")


Gates: TypeAlias = dict[str, Gate]


def judge(gates: Mapping[str, Gate], reports: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on `reports` (by name): pass only if there are gates and every one passes; with the finding of each."""
    found = {name: _find(gate, reports) for name, gate in gates.items()}
    verdict = overall(finding["verdict"] for finding in found.values())
    return {"verdict": verdict, "passed": verdict == PASS, "gates": found}


def _find(gate: Gate, reports: Mapping[str, Any]) -> dict[str, Any]:
    value = _number(reports.get(gate.report), gate.metric)
    margin = None if value is None else value - gate.min if gate.min is not None else (gate.max or 0.0) - value
    verdict = LACKING if margin is None else PASS if margin >= 0 else FAIL
    said = {"report": gate.report, "metric": gate.metric, "value": value, "min": gate.min, "max": gate.max, "margin": margin}
    return {"verdict": verdict, **said, "words": _words(gate, value, margin), "why": gate.why}


def _number(report: Any, path: str) -> float | None:
    for key in path.split("."):
        within = by_name(report) if isinstance(report, list) and all("name" in record for record in report) else report
        report = within.get(key) if isinstance(within, Mapping) else None
    if isinstance(report, bool) or not isinstance(report, int | float) or not math.isfinite(report):
        return None
    return report


def _words(gate: Gate, value: float | None, margin: float | None) -> str:
    bound = f"at least {gate.min:g}" if gate.min is not None else f"at most {gate.max:g}"
    if value is None or margin is None:
        return f"{gate.metric} is not in reports/{gate.report}.json as a number; {bound} is asked"
    return f"{gate.metric} is {value:.4g}, {bound} is asked: {'passes' if margin >= 0 else 'fails'} by {abs(margin):.2g}"
