"""The curves of the page that go step by step: what each threshold costs and finds, gain and lift, and rounds of training."""

from collections.abc import Mapping
from typing import Any

from interlock.cli.evaluate_draw import Chart, Points, axis, few, figures, guide, layered, level, line, points, upright
from interlock.cli.evaluate_words import amount, measured
from interlock.evaluation.paths import number

WHOLE = (0.0, 1.0)


def cost(records: Any, decision: Mapping[str, Any]) -> Chart | None:
    """The mean cost of a row by threshold, the chosen one as a line that stands, doing nothing and doing all as lines that lie."""
    curve = points(records, x="threshold", y="cost")
    if len(curve) < 2:
        return None
    x, y = axis("x", "threshold", _reach(curve)), axis("y", "cost of a row", zero=True)
    cut, none, every = (number(decision.get(name)) for name in ("threshold", "cost_of_none", "cost_of_all"))
    layers = [*(level(y, at) for at in (none, every) if at is not None), line(sorted(curve, key=lambda point: point["x"]), x, y)]
    label = f"Cost of a row by threshold; at {amount(cut)} it is {measured(decision, 'cost')}, if none is selected {amount(none)}, if all {amount(every)}"
    spec = layered([*layers, *([] if cut is None else [upright(x, cut)])])
    note = f"lying: none selected {amount(none)}, all selected {amount(every)}; standing: the threshold {amount(cut)}"
    return Chart("What a threshold costs", label, spec, ("threshold", "cost"), figures(curve, "x", "y"), (), note)


def rates(records: Any, decision: Mapping[str, Any]) -> Chart | None:
    """What is found, how much of it is right, and how much is selected, by threshold."""
    names = {"recall": "recall", "precision": "precision", "false_positive_rate": "false positive rate", "selected": "selected"}
    curves = [sorted(points(records, x="threshold", y=name), key=lambda point: point["x"]) for name in names]
    if max(map(len, curves)) < 2:
        return None
    x, y, cut = axis("x", "threshold", _reach(max(curves, key=len))), axis("y", "share", WHOLE), number(decision.get("threshold"))
    layers = [line(curve, x, y, place) for place, curve in enumerate(curves, 1)]
    rows = [[record.get(name) for name in ("threshold", *names)] for record in few([each for each in records if isinstance(each, Mapping)])]
    spec = layered([*layers, *([] if cut is None else [upright(x, cut)])])
    label = f"Recall, precision, false positive rate and share selected by threshold; {amount(cut)} is chosen"
    return Chart("What a threshold finds", label, spec, ("threshold", *names.values()), rows, tuple(names.values()))


def gain(records: Any) -> Chart | None:
    """The share of positives found among the rows that score highest."""
    curve, best = points(records, x="targeted", y="found"), points(records, x="targeted", y="perfect")
    if len(curve) < 2:
        return None
    x, y = axis("x", "share of rows, highest scores first", WHOLE), axis("y", "share of positives found", WHOLE)
    layers = [guide(x, y, [(0, 0), (1, 1)]), line(best, x, y, 2), line(curve, x, y, 1)]
    fifth = min(curve, key=lambda point: abs(point["x"] - 0.2))
    label = f"Gain: the {100 * fifth['x']:.3g} % of rows with the highest scores hold {100 * fifth['y']:.3g} % of the positives"
    rows = [[record.get(name) for name in ("targeted", "found", "perfect", "lift")] for record in few(records)]
    return Chart("Gain", label, layered(layers), ("targeted", "found", "perfect", "lift"), rows, ("model", "perfect"))


def lift(records: Any) -> Chart | None:
    """How many times more positives than among rows taken at random."""
    curve = [point for point in points(records, x="targeted", y="lift") if point["x"] > 0]
    if len(curve) < 2:
        return None
    x, y = axis("x", "share of rows, highest scores first", WHOLE), axis("y", "times the share at random", zero=True)
    label = f"Lift: {amount(curve[0]['y'])} at {100 * curve[0]['x']:.3g} % of rows, falling to {amount(curve[-1]['y'])}"
    return Chart("Lift", label, layered([level(y, 1.0), line(curve, x, y)]), ("targeted", "lift"), figures(curve, "x", "y"))


def learning(records: Any) -> Chart | None:
    """The metric that ends training early, by round."""
    training, validation = (points(records, x="round", y=name) for name in ("training", "validation"))
    if len(validation) < 2:
        return None
    x, y = axis("x", "round"), axis("y", "metric of early stopping")
    spec = layered([line(training, x, y, 1), line(validation, x, y, 2)], 150)
    label = f"How it learned: on validation from {amount(validation[0]['y'])} to {amount(validation[-1]['y'])} in {amount(validation[-1]['x'])} rounds"
    rows = [[record.get(name) for name in ("round", "training", "validation")] for record in few(records)]
    return Chart("How it learned", label, spec, ("round", "training", "validation"), rows, ("training", "validation"))


def _reach(curve: Points) -> tuple[float, float]:
    """From 0 to the highest threshold that selects a row."""
    return 0.0, max(point["x"] for point in curve) or 1.0
