"""Figures, metrics and the verdict in words, as the page and the terminal of `interlock evaluate` say them."""

from collections.abc import Iterable, Mapping
from typing import Any

from interlock.evaluation.paths import number
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS, SIGNS, UNJUDGED

LOOKS = {PASS: "pass", FAIL: "fail", LACKING: "fail"}
ASKED = {"min": "at least", "max": "at most", "min_gain": "gains at least", "max_drop": "drops at most"}
METRICS = {
    "rows": "rows",
    "base_rate": "share of positives",
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "ece": "calibration error",
    "macro_f1": "F1, mean of classes",
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "mean": "mean of the labels",
    "bias": "bias: score − label",
    "equalized_odds": "equalized odds",
    "cost": "cost of a row",
    "cost_of_none": "cost of a row if none is selected",
    "cost_of_all": "cost of a row if all are selected",
    "selected": "share selected",
}
HEADLINE = {"binary": "auc", "multiclass": "auc", "regression": "r2"}
ENDS = ("_low", "_high")
DASH = "–"


def called(metric: str) -> str:
    """A metric's name as people say it."""
    return METRICS.get(metric, metric.replace("_", " "))


def amount(value: Any) -> str:
    """A figure as people read it: four places below ten, whole thousands; a dash where there is none."""
    found = number(value)
    if found is None:
        return DASH if value is None or isinstance(value, float) else str(value)
    size = abs(found)
    if isinstance(found, int) or size >= 1000 or not size:
        return f"{found:,.0f}" if size < 1e15 else f"{found:.4g}"
    return f"{found:.2f}" if size >= 10 else f"{found:.4f}" if size >= 0.001 else f"{found:.2g}"


def bound(value: Any) -> str:
    """A bound as it was written."""
    found = number(value)
    return DASH if found is None else f"{found:g}"


def share(value: Any) -> str:
    """A share in percent, to three digits."""
    found = number(value)
    return DASH if found is None else f"{100 * found:.3g} %"


def shared(record: Mapping[str, Any], metric: str) -> str:
    """A share with its interval, in percent."""
    found = ends(record, metric)
    return share(record.get(metric)) + (f" ({share(found[0])} to {share(found[1])})" if found else "")


def ends(record: Mapping[str, Any], metric: str) -> tuple[float, float] | None:
    """The interval of a metric, where both ends are known."""
    low, high = (number(record.get(metric + end)) for end in ENDS)
    return None if low is None or high is None else (low, high)


def measured(record: Mapping[str, Any], metric: str) -> str:
    """A metric with its interval."""
    found = ends(record, metric)
    return amount(record.get(metric)) + (f" ({amount(found[0])} to {amount(found[1])})" if found else "")


def least(record: Mapping[str, Any], metric: str) -> str:
    """A metric with its lower end, which is all that is reported of the worst slice."""
    low = number(record.get(f"{metric}_low"))
    return measured(record, metric) if low is None or ends(record, metric) else f"{amount(record.get(metric))} (from {amount(low)})"


def metrics(record: Mapping[str, Any]) -> list[str]:
    """The names of what a record measures, without the ends of intervals."""
    return [name for name, value in record.items() if not name.endswith(ENDS) and (value is None or isinstance(value, int | float))]


def verdict(gates: Mapping[str, Any] | None) -> tuple[str, str]:
    """How the verdict looks, and the line that says it."""
    if not gates:
        return "warn", "? no verdict: reports/gates.json is not here"
    found, judged = str(gates["verdict"]), [gate for gate in gates["gates"] if gate["verdict"] not in UNJUDGED]
    later = sum(gate["verdict"] == LATER for gate in gates["gates"])
    tail = f"; {_count(later, 'is', 'are')} judged at release" if later else ""
    passed = sum(gate["verdict"] == PASS for gate in judged)
    said = f"{SIGNS.get(found, '?')} {found}: {passed} of {_count(len(judged), 'gate passes', 'gates pass')}{_refused(judged)}{tail}"
    return LOOKS.get(found, "dim"), said


def _refused(judged: Iterable[Mapping[str, Any]]) -> str:
    names = [str(gate["name"]) for gate in judged if gate["verdict"] != PASS]
    return f", not {', '.join(names)}" if names else ""


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
