"""The pictures of a report, as PNG: how well both rank, how far their scores can be believed, and how far scores moved."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from interlock.files import replacing

Spec: TypeAlias = dict[str, Any]
VERSION, SCALE = "6.4", 2.0
SIZE: Spec = {"width": 250, "height": 190}
CONFIG: Spec = {
    "background": "white",
    "font": "Liberation Sans",
    "view": {"stroke": None},
    "axis": {"grid": True, "gridOpacity": 0.3, "tickCount": 5},
}
BEFORE, NOW = "#9aa4b2", "#0969da"
CURVES = {
    "roc": (
        "How well both rank (ROC)",
        ("false_positive_rate", "share of negatives selected"),
        ("true_positive_rate", "share of positives found"),
    ),
    "calibration": ("How far scores can be believed", ("predicted", "score"), ("observed", "observed")),
}


def draw(found: Mapping[str, Any], folder: Path, say: Callable[[str], None] = lambda _: None) -> list[tuple[str, Path]]:
    """Draw what there is into `folder`; returns what each picture shows, and its file."""
    specs = {name: spec for name, spec in _specs(found).items() if spec}
    drawn = []
    for name, (about, spec) in specs.items():
        say(f"drawing {name}")
        path = folder / f"{name}.png"
        with replacing(path) as new:
            new.write_bytes(_png(spec))
        drawn.append((about, path))
    return drawn


def places(drawn: Sequence[tuple[str, Path]], here: Path, url: str | None) -> list[tuple[str, str]]:
    """Each picture with the address that Markdown in the folder `here` refers to it by: relative, or below `url`."""
    from html import escape
    from urllib.parse import quote

    found = []
    for about, path in drawn:
        place = f"{url.rstrip('/')}/{quote(path.name)}" if url else quote(Path(os.path.relpath(path, here)).as_posix())
        found.append((escape(about, quote=True), escape(place, quote=True)))
    return found


def _specs(found: Mapping[str, Any]) -> dict[str, tuple[str, Spec] | None]:
    sides = found.get("curves") or {}
    curves: dict[str, tuple[str, Spec] | None] = {name: _curve(sides, name) for name in CURVES}
    return {**curves, "moves": _moves(found.get("flips"))}


def _curve(sides: Mapping[str, Any], name: str) -> tuple[str, Spec] | None:
    """Both sides' points of a chart, the older in grey; None where neither has any."""
    about, (x, across), (y, up) = CURVES[name]
    points = [
        {"x": one[x], "y": one[y], "side": label, "order": order}
        for label, of in zip(("before", "now"), sides.values(), strict=False)
        for order, one in enumerate(of.get(name) or [])
        if isinstance(one.get(x), int | float) and isinstance(one.get(y), int | float)
    ]
    if not points:
        return None
    line = {"type": "line", "strokeWidth": 2, "point": name == "calibration"}
    return about, _spec(about, points, line, _axis("x", across), _axis("y", up))


def _moves(flips: Mapping[str, Any] | None) -> tuple[str, Spec] | None:
    if not flips or not flips["histogram"]:
        return None
    about = "How far scores moved"
    points = [{"x": one["from"], "x2": one["to"], "y": one["rows"], "side": "now"} for one in flips["histogram"]]
    bars = {"type": "bar", "color": NOW, "binSpacing": 1}
    spec = _spec(about, points, bars, {**_axis("x", "score now − score before"), "bin": "binned"}, _axis("y", "rows"))
    spec["encoding"] |= {"x2": {"field": "x2"}}
    del spec["encoding"]["color"]
    return about, spec


def _spec(about: str, points: list[dict[str, Any]], mark: Spec, x: Spec, y: Spec) -> Spec:
    colours = {"domain": ["before", "now"], "range": [BEFORE, NOW]}
    color = {"field": "side", "type": "nominal", "scale": colours, "legend": {"title": None, "orient": "bottom"}}
    encoding = {"x": x, "y": y, "color": color}
    if "order" in points[0]:
        encoding["order"] = {"field": "order", "type": "quantitative"}
    return {
        **SIZE,
        "title": {"text": about, "fontSize": 13, "anchor": "start"},
        "data": {"values": points},
        "mark": mark,
        "encoding": encoding,
    }


def _axis(field: str, title: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"titleFontWeight": "normal"}}


def _png(spec: Spec) -> bytes:
    import vl_convert

    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "padding": 8, "config": CONFIG, **spec}
    drawn: bytes = vl_convert.vegalite_to_png(whole, vl_version=VERSION, scale=SCALE, allowed_base_urls=[])
    return drawn
