"""Gates: what a candidate must reach. They fail closed: what is missing, null or no number is no evidence, and no pass.

A metric that has an interval is judged by its worse end: `min` by the lower, `max` by the upper one.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS, overall
from interlock.files import by_name
from interlock.params import Section

Report: TypeAlias = Literal["parity", "metrics", "stress", "validation", "features", "explain", "fairness", "leakage"]
Against: TypeAlias = Literal["baseline", "champion"]
BOUNDS = {"min": "at least", "max": "at most", "min_gain": "a gain of at least", "max_drop": "a drop of at most"}
WORSE = {"min": "_low", "max": "_high"}


class Gate(Section, frozen=True):
    """A bound, both ends inclusive, on the number at the dotted path `metric` of `reports/<report>.json`, and its reason.

    `min_gain` and `max_drop` bound what the metric of that name gains over, or loses to, what it is judged `against`.
    """

    metric: Annotated[str, Meta(min_length=1)]
    why: Annotated[str, Meta(min_length=1)]
    report: Report = "metrics"
    min: float | None = None
    max: float | None = None
    min_gain: float | None = None
    max_drop: float | None = None
    against: Against | None = None

    def __post_init__(self) -> None:
        said = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(said) != 1 or not math.isfinite(getattr(self, said[0])):
            raise ValueError(f"a gate has exactly one of {', '.join(BOUNDS)}, a finite number")
        if (said[0] in WORSE) != (self.against is None):
            raise ValueError("against goes with min_gain and max_drop, and they with it: baseline or champion")

    @property
    def kind(self) -> str:
        return next(name for name in BOUNDS if getattr(self, name) is not None)

    @property
    def bound(self) -> float:
        return float(getattr(self, self.kind))


Gates: TypeAlias = dict[str, Gate]


def judge(gates: Mapping[str, Gate], reports: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on `reports` (by name): pass only if there are gates to judge and every one passes; the finding of each.

    What is asked against a champion is for the release, where the champion is, to judge.
    """
    found = {name: _find(gate, reports) for name, gate in gates.items()}
    verdict = overall(finding["verdict"] for finding in found.values() if finding["verdict"] != LATER)
    return {"verdict": verdict, "passed": verdict == PASS, "gates": found}


def _find(gate: Gate, reports: Mapping[str, Any]) -> dict[str, Any]:
    value, judged = (None, None) if gate.against == "champion" else _measured(gate, reports)
    margin = None if value is None or judged is None else _margin(gate, judged)
    verdict = LATER if gate.against == "champion" else LACKING if margin is None else PASS if margin >= 0 else FAIL
    asked = {"kind": gate.kind, "bound": gate.bound, "against": gate.against}
    said = {"report": gate.report, "metric": gate.metric, **asked, "value": value, "judged": judged, "margin": margin}
    return {"verdict": verdict, **said, "words": _words(gate, value, judged, margin), "why": gate.why}


def _measured(gate: Gate, reports: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The number that a gate is about, and the end of its interval that is judged: the number itself where there is none."""
    if gate.against:
        return _gained(gate, reports.get(gate.report))
    report = reports.get(gate.report)
    value, end = _at(report, gate.metric), gate.metric + WORSE[gate.kind]
    return _number(value), _number(_at(report, end) if _has(report, end) else value)


def _gained(gate: Gate, report: Any) -> tuple[float | None, float | None]:
    """The gain over the baseline that is hardest to beat, and its lower end."""
    gains = report.get("gain") if isinstance(report, Mapping) else None
    of = [_at(gain, gate.metric.rpartition(".")[2]) for gain in gains] if isinstance(gains, list) else []
    found = [(_number(_at(gain, "gain_low")), _number(_at(gain, "gain"))) for gain in of]
    known = [(low, gain) for low, gain in found if low is not None and gain is not None]
    if not known or len(known) < len(found):
        return None, None
    low, gain = min(known)
    return gain, low


def _margin(gate: Gate, judged: float) -> float:
    return {"min": judged - gate.bound, "max": gate.bound - judged, "min_gain": judged - gate.bound, "max_drop": judged + gate.bound}[
        gate.kind
    ]


def _at(report: Any, path: str) -> Any:
    for key in path.split("."):
        within = by_name(report) if isinstance(report, list) and all("name" in record for record in report) else report
        report = within.get(key) if isinstance(within, Mapping) else None
    return report


def _has(report: Any, path: str) -> bool:
    parent, _, key = path.rpartition(".")
    within = _at(report, parent) if parent else report
    return isinstance(within, Mapping) and key in within


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _words(gate: Gate, value: float | None, judged: float | None, margin: float | None) -> str:
    asked = f"{BOUNDS[gate.kind]} {gate.bound:g}" + (f" against the {gate.against}" if gate.against else "")
    if gate.against == "champion":
        return f"{gate.metric}: {asked} is asked, and judged at release"
    if value is not None and judged is None:
        return f"{gate.metric} is {value:.4g}, of too few rows for an interval; {asked} is asked"
    if value is None or judged is None or margin is None:
        return f"{gate.metric} is not in reports/{gate.report}.json as a number; {asked} is asked"
    gains = "gains" if gate.against else "is"
    sure = "" if judged == value else f" ({'up to' if gate.kind == 'max' else 'from'} {judged:.4g})"
    return f"{gate.metric} {gains} {value:.4g}{sure}, {asked} is asked: {'passes' if margin >= 0 else 'fails'} by {abs(margin):.2g}"
