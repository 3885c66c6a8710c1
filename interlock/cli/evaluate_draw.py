"""Vega-Lite made small: layers over plain points, rendered to SVG by vl-convert without a browser or a network.

Whatever is drawn comes as values under the fixed names of `FIELDS`; no expression, field or title is made of a name from data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, TypeAlias

from interlock.contracts.evidence import text
from interlock.evaluation.paths import number

Spec: TypeAlias = dict[str, Any]
Points: TypeAlias = list[dict[str, Any]]
FIELDS = ("x", "y", "low", "high", "to", "name", "size", "order")
SHOWN = 12
WIDTH, HEIGHT, STEP, LABEL = 300, 210, 17, 240
CARD, NARROW = 345, (140, 210)  # what a card has room for, and the least and the most that is left beside names
INK, DIM = "currentColor", 0.62
COLOURS = tuple(f"var(--c{place})" for place in (1, 2, 3, 4))
NAMED: Spec = {"align": "right", "fontSize": 11, "limit": LABEL, "baseline": "middle", "opacity": 0.85}
VERSION = "6.4"
FONT = "Arial"  # whose widths vl-convert knows; the page names what is as wide elsewhere
WIDEST, LETTER = 6.0, 0.8  # room for a letter, and what a wider font may take beyond it
AXIS: Spec = {
    "labelColor": INK, "labelOpacity": DIM, "titleColor": INK, "titleFontWeight": "normal", "titleOpacity": 0.8, "gridColor": INK,
    "gridOpacity": 0.1, "domainColor": INK, "domainOpacity": 0.4, "tickColor": INK, "tickOpacity": 0.4, "labelFontSize": 11,
    "titleFontSize": 11, "titlePadding": 10, "tickCount": 5, "labelOverlap": "greedy", "labelSeparation": 10,
}  # fmt: skip
CONFIG: Spec = {"aria": False, "background": "transparent", "view": {"stroke": None}, "axis": AXIS, "font": FONT}


@dataclass(frozen=True)
class Chart:
    """A picture with its title, what it says to who cannot see it, what each colour means, and its figures as a table."""

    title: str
    label: str
    spec: Spec
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]
    legend: Sequence[str] = field(default_factory=tuple)
    note: str = ""


def points(records: Any, **fields: str) -> Points:
    """The records with these fields alone, under the names of FIELDS: finite numbers and short texts; a point without x or y is none."""
    if not isinstance(records, list):
        return []
    found = ({name: _value(record.get(key)) for name, key in fields.items()} for record in records if isinstance(record, Mapping))
    return [point for point in found if all(point[name] is not None for name in ("x", "y") if name in point)]


def _value(value: Any) -> float | str | None:
    return text(value, 40) if isinstance(value, str) else number(value)


def axis(of: str, title: str, domain: Sequence[float] | None = None, *, percent: bool = False, zero: bool = False) -> Spec:
    """A channel of numbers."""
    scale: Spec = {"zero": zero, "nice": domain is None} | ({"domain": list(domain)} if domain else {})
    return {
        "field": of,
        "type": "quantitative",
        "title": text(title, 80) if title else None,
        "scale": scale,
        "axis": {"format": "~p"} if percent else {},
    }


def lane(title: str | None = None) -> Spec:
    """A row a name, in the order of the points."""
    return {"field": "order", "type": "ordinal", "title": title, "axis": None}


def mark(kind: str, data: Points, colour: int | None = 1, *, encoding: Spec | None = None, **said: Any) -> Spec:
    """One layer of its own points; `colour` counts from 1, none is ink."""
    ink = INK if colour is None else COLOURS[colour - 1]
    return {"data": {"values": data}, "mark": {"type": kind, "color": ink} | said, "encoding": encoding or {}}


def line(data: Points, x: Spec, y: Spec, colour: int | None = 1, **said: Any) -> Spec:
    return mark("line", data, colour, encoding={"x": x, "y": y}, **{"strokeWidth": 1.8} | said)


def guide(x: Spec, y: Spec, ends: Sequence[tuple[float, float]]) -> Spec:
    """A dashed line of reference."""
    return line([{x["field"]: a, y["field"]: b} for a, b in ends], x, y, None, strokeDash=[4, 3], opacity=0.55, strokeWidth=1.2)


def upright(x: Spec, at: float) -> Spec:
    """A line that stands, through the whole picture."""
    return mark("rule", [{x["field"]: at}], None, encoding={"x": x}, strokeDash=[4, 3], opacity=0.7)


def level(y: Spec, at: float) -> Spec:
    """A line that lies, through the whole picture."""
    return mark("rule", [{y["field"]: at}], None, encoding={"y": y}, strokeDash=[4, 3], opacity=0.55)


def layered(layers: Iterable[Spec], height: int | Spec = HEIGHT, width: int = WIDTH) -> Spec:
    return {"width": width, "height": height, "layer": list(layers)}


def lanes(layers: Iterable[Spec], data: Points) -> Spec:
    """Layers over rows that have names on the left, with room for these."""
    longest = max((len(str(point["name"])) for point in data), default=0)
    padding = {"left": 4 + round(LETTER * longest), "right": 8, "top": 4, "bottom": 4}
    width = min(max(CARD - round(WIDEST * longest), NARROW[0]), NARROW[1])
    return layered([*layers, names(data)], {"step": STEP}, width) | {"padding": padding}


def names(data: Points) -> Spec:
    """The name of each row, left of it."""
    return mark("text", data, None, encoding={"x": {"value": -8}, "y": lane(), "text": {"field": "name"}}, **NAMED)


def stacked(*parts: Spec) -> Spec:
    """One above the other."""
    return {"vconcat": list(parts), "spacing": 8}


def render(chart: Chart) -> str:
    """The picture as an element of HTML: as wide as there is room, in the colours of the page."""
    import vl_convert

    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "padding": 4, "config": CONFIG, **chart.spec}
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[])
    head, _, rest = drawn.partition(">")
    width, height = (head.partition(f' {side}="')[2].partition('"')[0] for side in ("width", "height"))
    said = escape(chart.label, quote=True)
    return f'<svg class="chart" role="img" aria-label="{said}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{rest}'


def figures(data: Points, *names: str) -> list[list[Any]]:
    """Figures of points for a table, a few of many."""
    return [[point[name] for name in names] for point in few(data)]


def few(data: Any) -> Any:
    """Some that lie evenly apart, the first and the last among them."""
    last, most = len(data) - 1, min(SHOWN, len(data)) - 1
    return [data[last * place // most] for place in range(most + 1)] if most > 0 else data
