"""The pictures of the page that have a row a name: slices, groups, classes, features, and the way to one score."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlock.cli.evaluate_draw import Chart, Points, Spec, axis, lane, lanes, mark, upright
from interlock.cli.evaluate_words import amount, called, ends, measured
from interlock.contracts.evidence import text
from interlock.evaluation.paths import number

MOST, FEW = 40, 8
SPAN: Spec = {"x": axis("low", ""), "x2": {"field": "high"}, "y": lane()}
STEPPED: Spec = {"x": axis("x", "raw score"), "x2": {"field": "to"}, "y": lane()}


def forest(
    title: str,
    records: Sequence[Mapping[str, Any]],
    name: str,
    metric: str,
    overall: Any = None,
    *,
    low: bool = True,
    unit: str = "",
    lacks: str = "their rows cannot bear it",
) -> Chart | None:
    """A metric of each record with its interval, the value of all rows as a line; the worst where there are many.

    Records that have none are in the table; `lacks` says why beneath the picture.
    """
    known = [record for record in records if number(record.get(metric)) is not None]
    if not known:
        return None
    worst = sorted(known, key=lambda record: record[metric], reverse=not low)[:MOST]
    shown = [record for record in known if any(record is one for one in worst)]
    data = [_lane(place, record, name, metric) for place, record in enumerate(shown)]
    x, all_rows = axis("x", ""), number(overall)
    bars = mark("rule", [one for one in data if one["low"] is not None], 1, encoding=SPAN, strokeWidth=3, opacity=0.4)
    spots = mark("point", data, 1, encoding={"x": x, "y": lane()}, filled=True, opacity=1, size=38)
    spec = lanes([*([] if all_rows is None else [upright(x, all_rows)]), bars, spots], data)
    least = min(known, key=lambda record: record[metric] if low else -record[metric])
    what = called(metric) + (f", {unit}" if unit else "")
    label = f"{what} by {title}: {len(known)} rows; the worst is {text(least.get(name), 40)} with {measured(least, metric)}; all rows {amount(all_rows)}"
    cut = f"the worst {MOST} of {len(known):,}" if len(known) > MOST else ""
    rows = [[str(record.get(name)), record.get("rows"), record.get(metric), *(ends(record, metric) or (None, None))] for record in records]
    note = "; ".join(filter(None, (cut, _lacking(records, name, metric, lacks))))
    return Chart(f"{what}: {title}", label, spec, (title, "rows", what, "from", "to"), rows, (), note)


def bars(title: str, pairs: Sequence[tuple[str, float]], what: str, marks: Iterable[float] = ()) -> Chart | None:
    """A bar a name, in the order given, from 0."""
    if not pairs:
        return None
    data: Points = [{"order": place, "name": text(name, 34), "x": value} for place, (name, value) in enumerate(pairs)]
    x = axis("x", what, zero=True)
    drawn = mark("bar", data, 1, encoding={"x": x, "y": lane()}, height={"band": 0.7}, opacity=0.85)
    spec = lanes([drawn, *(upright(x, at) for at in marks)], data)
    label = f"{title}: {', '.join(f'{name} {amount(value)}' for name, value in pairs[:3])} come first"
    return Chart(title, text(label, 300), spec, ("name", what), [list(pair) for pair in pairs])


def beyond(title: str, pairs: Sequence[tuple[str, float]], what: str, base: float, bound: float | None) -> Chart | None:
    """A point a name on a scale from `base`, with a bound as a line."""
    if not pairs:
        return None
    data: Points = [{"order": place, "name": text(name, 34), "low": base, "x": value} for place, (name, value) in enumerate(pairs)]
    x = axis("x", what)
    stems = mark("rule", data, 1, encoding={"x": axis("low", what), "x2": {"field": "x"}, "y": lane()}, opacity=0.5, strokeWidth=2)
    spots = mark("point", data, 1, encoding={"x": x, "y": lane()}, filled=True, opacity=1, size=38)
    spec = lanes([stems, spots, *([] if bound is None else [upright(x, bound)])], data)
    return Chart(
        title,
        f"{title}: the strongest is {text(pairs[0][0], 40)} with {amount(pairs[0][1])}",
        spec,
        ("name", what),
        [list(pair) for pair in pairs],
    )


def waterfall(title: str, expected: float, parts: Sequence[tuple[str, float]], raw: float) -> Chart:
    """From what is expected of any row to the raw score of this one, a step a feature."""
    rest = raw - expected - sum(part for _, part in parts)
    steps = [*parts, *([("all others", rest)] if abs(rest) > 1e-6 else [])]
    data: Points = []
    at = expected
    for place, (name, part) in enumerate(steps):
        data.append({"order": place, "name": text(name, 34), "x": at, "to": at + part, "size": part})
        at += part
    x = axis("x", "raw score")
    drawn = [
        mark("bar", [one for one in data if (one["size"] >= 0) is up], colour, encoding=STEPPED, height={"band": 0.7}, opacity=0.85)
        for up, colour in ((True, 2), (False, 1))
    ]
    spec = lanes([upright(x, expected), *drawn], data)
    label = f"{title}: from {amount(expected)} to {amount(raw)}, most by {', '.join(f'{name} {part:+.3g}' for name, part in steps[:3])}"
    return Chart(title, text(label, 300), spec, ("feature", "adds"), [list(step) for step in steps], ("lowers", "raises"))


def _lacking(records: Sequence[Mapping[str, Any]], name: str, metric: str, lacks: str) -> str:
    """The records that a picture cannot show."""
    without = [text(record.get(name), 30) for record in records if number(record.get(metric)) is None]
    more = f" and {len(without) - FEW} more" if len(without) > FEW else ""
    return f"not drawn, since {lacks}: {', '.join(without[:FEW])}{more}" if without else ""


def _lane(place: int, record: Mapping[str, Any], name: str, metric: str) -> dict[str, Any]:
    low, high = ends(record, metric) or (None, None)
    rows = number(record.get("rows"))
    said = text(record.get(name), 30) + (f" ({rows:,.0f})" if rows is not None else "")
    return {"order": place, "name": said, "x": record[metric], "low": low, "high": high}
