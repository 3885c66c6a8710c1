"""The curves of the page that are about scores: how they rank, how far they can be believed, and what is left of a number."""

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.cli.evaluate_draw import (
    Chart,
    Points,
    Spec,
    axis,
    figures,
    guide,
    layered,
    level,
    line,
    mark,
    points,
    stacked,
)
from interlock.cli.evaluate_words import amount, measured
from interlock.evaluation.paths import number

LOW = 80
WHOLE = (0.0, 1.0)


def roc(records: Any, test: Mapping[str, Any], decision: Mapping[str, Any]) -> Chart | None:
    """Found among positives against flagged among negatives, with the decision as a point."""
    curve = points(records, x="false_positive_rate", y="true_positive_rate")
    if len(curve) < 2:
        return None
    x, y = axis("x", "false positive rate", WHOLE), axis("y", "true positive rate", WHOLE)
    chosen = points([decision], x="false_positive_rate", y="recall")
    layers = [guide(x, y, [(0, 0), (1, 1)]), line(curve, x, y), _spots(chosen, x, y, 2)]
    label = f"ROC curve: the area under it is {measured(test, 'auc')}"
    return Chart(
        "ROC", label, layered(layers), ("false positive rate", "true positive rate"), figures(curve, "x", "y"), _legend(chosen, "model")
    )


def precision_recall(records: Any, test: Mapping[str, Any], decision: Mapping[str, Any]) -> Chart | None:
    """Precision against recall, with the share of positives as a line."""
    curve = points(records, x="recall", y="precision")
    if len(curve) < 2:
        return None
    x, y = axis("x", "recall", WHOLE), axis("y", "precision", WHOLE)
    chosen, rate = points([decision], x="recall", y="precision"), number(test.get("base_rate"))
    layers = [*([] if rate is None else [level(y, rate)]), line(curve, x, y), _spots(chosen, x, y, 2)]
    label = f"Precision against recall: average precision is {measured(test, 'average_precision')}, the share of positives {amount(rate)}"
    return Chart(
        "Precision and recall", label, layered(layers), ("recall", "precision"), figures(curve, "x", "y"), _legend(chosen, "model")
    )


def calibration(records: Any, scores: Any, test: Mapping[str, Any], kind: str, unit: str) -> Chart | None:
    """What was observed against what was predicted, with intervals, and how the scores are distributed below."""
    bins = points(records, x="predicted", y="observed", low="observed_low", high="observed_high", size="rows")
    if not bins:
        return None
    below = _distributions(scores, kind)
    room = WHOLE if kind != "regression" else _room(bins, below)
    said = {"binary": "score", "multiclass": "score of the likeliest class"}.get(kind, f"score, {unit}")
    watched = {"binary": "share of positives", "multiclass": "share that is right"}.get(kind, f"mean of the labels, {unit}")
    x, y = axis("x", said, room), axis("y", watched, room)
    bare = x | {"title": None} if below else x
    sure = [point for point in bins if point["low"] is not None and point["high"] is not None]
    bars = mark(
        "rule", sure, 1, encoding={"x": bare, "y": axis("low", watched, room), "y2": {"field": "high"}}, strokeWidth=2, opacity=0.55
    )
    curve = layered(
        [guide(bare, y, [(room[0], room[0]), (room[1], room[1])]), bars, line(bins, bare, y, strokeWidth=1), _spots(bins, bare, y, 1)]
    )
    error = "ece" if "ece" in test else "calibration_error"
    heads = ("predicted", "observed", "from", "to", "rows")
    return Chart(
        "Calibration",
        f"Observed against predicted by deciles of the score; calibration error {measured(test, error)}; the diagonal is perfect",
        stacked(curve, _below(below, x)) if below else curve,
        heads,
        [[point[name] for name in ("x", "y", "low", "high", "size")] for point in bins],
        _names(kind) if below else (),
        f"calibration error {measured(test, error)}",
    )


def residuals(records: Any, unit: str) -> Chart | None:
    """Label less score by what was predicted: the middle, the mean, and where eight of ten lie."""
    bins = points(records, x="predicted", y="mean", low="p10", high="p90", to="p50", size="rows")
    if not bins:
        return None
    x, y = axis("x", f"predicted, {unit}"), axis("y", f"residual, {unit}", zero=True)
    band = [point for point in bins if point["low"] is not None and point["high"] is not None]
    area = mark("area", band, 1, encoding={"x": x, "y": axis("low", f"residual, {unit}"), "y2": {"field": "high"}}, opacity=0.22)
    middle = line([point for point in bins if point["to"] is not None], x, axis("to", f"residual, {unit}"), 1)
    spec = layered([area, level(y, 0.0), middle, _spots(bins, x, y, 2)])
    rows = [[point[name] for name in ("x", "y", "low", "to", "high", "size")] for point in bins]
    return Chart(
        "Residuals",
        f"Residuals by what was predicted, from {amount(bins[0]['x'])} to {amount(bins[-1]['x'])} {unit}: median, mean, and the band of eight in ten",
        spec,
        ("predicted", "mean", "10 %", "median", "90 %", "rows"),
        rows,
        ("median, and the band of eight in ten", "mean"),
    )


def distribution(scores: Any, unit: str) -> Chart | None:
    """How labels and scores of a regression are distributed."""
    below = _distributions(scores, "regression")
    if not below:
        return None
    x = axis("x", unit, _room([], below))
    rows = [[one["x"], one["y"], two["y"]] for one, two in zip(*below, strict=False)]
    return Chart(
        "Predicted and actual",
        "Distribution of what was predicted and of the labels",
        _below(below, x, 210),
        (unit, "predicted", "actual"),
        rows,
        _names("regression"),
    )


def _spots(data: Points, x: Spec, y: Spec, colour: int) -> Spec:
    return mark("point", data, colour, encoding={"x": x, "y": y}, filled=True, opacity=1, size=42)


def _distributions(scores: Any, kind: str) -> list[Points]:
    names = ("predicted", "actual") if kind == "regression" else ("negatives", "positives")
    found = [points(scores, x="score", y=name) for name in names]
    return found if all(found) else []


def _names(kind: str) -> tuple[str, str]:
    return ("predicted", "actual") if kind == "regression" else ("negatives", "positives")


def _below(parts: Sequence[Points], x: Spec, height: int = LOW) -> Spec:
    """Distributions over one another, as steps."""
    y = axis("y", "share of rows", zero=True)
    areas = [
        mark("area", part, place, encoding={"x": x, "y": y | {"stack": None}}, opacity=0.3, interpolate="step")
        for place, part in enumerate(parts, 1)
    ]
    return layered([*areas, *(line(part, x, y, place, interpolate="step", strokeWidth=1.3) for place, part in enumerate(parts, 1))], height)


def _room(bins: Points, parts: Sequence[Points]) -> tuple[float, float]:
    """From the least to the greatest number of all."""
    known = [point[name] for point in bins for name in ("x", "y", "low", "high") if point.get(name) is not None]
    known += [point["x"] for part in parts for point in part]
    return (min(known), max(known)) if min(known) < max(known) else (min(known) - 1, min(known) + 1)


def _legend(chosen: Points, name: str) -> tuple[str, ...]:
    return (name, "the decision") if chosen else ()
