"""Gates: what a candidate must reach. They fail closed: what is missing, null or no number is no evidence, and no pass.

A metric that has an interval is judged by its worse end: `min` by the lower, `max` by the upper one. So a gate names the metric,
never an end of its interval, which could be the better one.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from interlock.evaluation.paths import at, has, number, undeclared
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS, UNDECLARED, overall
from interlock.params import Section

Report: TypeAlias = Literal["parity", "metrics", "stress", "validation", "features", "explain", "fairness", "leakage"]
Against: TypeAlias = Literal["baseline", "champion"]
Dotted: TypeAlias = Annotated[str, Meta(min_length=1)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*\Z")]
BOUNDS = {"min": "at least", "max": "at most", "min_gain": "a gain of at least", "max_drop": "a drop of at most"}
WORSE = {"min": "_low", "max": "_high"}
ENDS = tuple(WORSE.values())
TESTED = "test."
MORE = "give the split more rows, and above all more of a class that is rare"


class Gate(Section, frozen=True):
    """A bound, both ends inclusive, on the number at the dotted path `metric` of `reports/<report>.json`, and its reason.

    `min_gain` and `max_drop` bound what the test rows' metric of that name gains over, or loses to, what it is judged `against`.
    With `per` the number is divided by the one at that path. A gate that holds `if_declared` is not judged where the use case
    declares nothing that it could be about, such as slices, and says so.
    """

    metric: Dotted
    why: Annotated[str, Meta(min_length=1)]
    report: Report = "metrics"
    min: float | None = None
    max: float | None = None
    min_gain: float | None = None
    max_drop: float | None = None
    against: Against | None = None
    per: Dotted | None = None
    if_declared: bool = False

    def __post_init__(self) -> None:
        said = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(said) != 1 or not math.isfinite(getattr(self, said[0])):
            raise ValueError(f"a gate has exactly one of {', '.join(BOUNDS)}, a finite number")
        if ends := [path for path in (self.metric, self.per) if path and path.endswith(ENDS)]:
            raise ValueError(f"{ends[0]} is one end of an interval: say {ends[0].rpartition('_')[0]}, whose worse end is judged")
        if (said[0] in WORSE) != (self.against is None):
            raise ValueError("against goes with min_gain and max_drop, and they with it: baseline or champion")
        if self.against and (self.report != "metrics" or not self.metric.startswith(TESTED) or self.per):
            raise ValueError(f"what is judged against another model is {TESTED}<metric> of the report metrics, with no per")
        if self.max_drop is not None and self.max_drop < 0:
            raise ValueError("max_drop is 0 or more: say min_gain where a gain is asked")

    @property
    def kind(self) -> str:
        return next(name for name in BOUNDS if getattr(self, name) is not None)

    @property
    def bound(self) -> float:
        return float(getattr(self, self.kind))

    @property
    def name(self) -> str:
        """The number in words."""
        return f"{self.metric} / {self.per}" if self.per else self.metric

    @property
    def asked(self) -> str:
        """The bound in words."""
        return f"{BOUNDS[self.kind]} {self.bound:g}" + (f" against the {self.against}" if self.against else "")

    @property
    def least_gain(self) -> float:
        """Of `min_gain` and `max_drop`: the least gain that passes."""
        return -self.bound if self.kind == "max_drop" else self.bound


Gates: TypeAlias = dict[Name, Gate]


def judge(gates: Mapping[str, Gate], reports: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on `reports` (by name): pass only if there are gates to judge and every one passes; the finding of each.

    What is asked against a champion is for the release, where the champion is, to judge.
    """
    found = {name: _find(gate, reports) for name, gate in gates.items()}
    verdict = overall(finding["verdict"] for finding in found.values())
    return {"verdict": verdict, "passed": verdict == PASS, "gates": found}


def finding(gate: Gate, verdict: str, words: str, value: float | None = None, judged: float | None = None) -> dict[str, Any]:
    """What is said of a gate: its verdict, what it asks, the number, the end that was judged, and the margin between that and the bound."""
    asked = {"kind": gate.kind, "bound": gate.bound, "against": gate.against}
    said = {"report": gate.report, "metric": gate.name, **asked, "value": value, "judged": judged, "margin": margin(gate, judged)}
    return {"verdict": verdict, **said, "words": words, "why": gate.why}


def margin(gate: Gate, judged: float | None) -> float | None:
    """How far what is judged lies on the good side of the bound."""
    if judged is None:
        return None
    return judged - gate.bound if gate.kind == "min" else gate.bound - judged if gate.kind == "max" else judged - gate.least_gain


def _find(gate: Gate, reports: Mapping[str, Any]) -> dict[str, Any]:
    if gate.against == "champion":
        return finding(gate, LATER, f"{gate.metric}: {gate.asked} is asked, and judged at release")
    report = reports.get(gate.report)
    if gate.if_declared and undeclared(report, gate.metric):
        return finding(gate, UNDECLARED, f"{gate.metric}: {gate.asked} is asked, and the use case declares nothing that it could be of")
    value, judged = _gained(gate, report) if gate.against else _measured(gate, report)
    left = margin(gate, judged)
    verdict = LACKING if left is None else PASS if left >= 0 else FAIL
    return finding(gate, verdict, _words(gate, report, value, judged), value, judged)


def _measured(gate: Gate, report: Any) -> tuple[float | None, float | None]:
    """The number that a gate is about, and the end of its interval that is judged: the number itself where there is none."""
    value, end = number(at(report, gate.metric)), gate.metric + WORSE[gate.kind]
    judged = number(at(report, end)) if has(report, end) else value
    if value is None or judged is None:
        return value, None
    worse = min(value, judged) if gate.kind == "min" else max(value, judged)
    return (value, worse) if gate.per is None else _divided(value, worse, number(at(report, gate.per)))


def _divided(value: float, judged: float, per: float | None) -> tuple[float | None, float | None]:
    """None where the divisor is missing or not above 0, or the ratio no finite number."""
    if per is None or per <= 0:
        return None, None
    return number(value / per), number(judged / per)


def _gained(gate: Gate, report: Any) -> tuple[float | None, float | None]:
    """The gain over the baseline that is hardest to beat, and its lower end."""
    gains = at(report, "gain")
    of = [at(gain, gate.metric.removeprefix(TESTED)) for gain in gains] if isinstance(gains, list) else []
    found = [(number(at(gain, "gain_low")), number(at(gain, "gain"))) for gain in of]
    known = [(min(low, gain), gain) for low, gain in found if low is not None and gain is not None]
    if not known or len(known) < len(found):
        gains = [gain for _, gain in found if gain is not None]
        return (min(gains) if gains and len(gains) == len(found) else None), None
    low, gain = min(known)
    return gain, low


def _words(gate: Gate, report: Any, value: float | None, judged: float | None) -> str:
    if report is None:
        return f"reports/{gate.report}.json is not there; {gate.name} of {gate.asked} is asked"
    if value is not None and judged is None:
        few = f"{gate.name} {_verb(gate)} {value:.4g}, of too few rows for an interval; {gate.asked} is asked"
        return few + (_why(gate, report) or f": {MORE}")
    left = margin(gate, judged)
    if value is None or left is None:
        return f"{gate.name} is not in reports/{gate.report}.json as a number; {gate.asked} is asked{_why(gate, report)}"
    sure = "" if judged == value else f" ({'up to' if gate.kind == 'max' else 'from'} {judged:.4g})"
    return f"{gate.name} {_verb(gate)} {value:.4g}{sure}, {gate.asked} is asked: {outcome(left)}"


def _why(gate: Gate, report: Any) -> str:
    """What the report says of why there is not enough evidence, and what to do."""
    said = at(report, f"{gate.metric.rpartition('.')[0]}.lacking")
    return f": {said}" if isinstance(said, str) else ""


def _verb(gate: Gate) -> str:
    return "gains" if gate.against else "is"


def outcome(left: float) -> str:
    """A margin in words."""
    return f"{'passes' if left >= 0 else 'fails'} by {abs(left):.2g}"
