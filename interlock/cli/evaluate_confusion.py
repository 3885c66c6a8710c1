"""The picture of the page of which class is taken for which."""

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.cli.evaluate_draw import DIM, NAMED, Chart, Points, Spec, layered, mark
from interlock.contracts.evidence import text
from interlock.evaluation.paths import number

WRITTEN, CELLS = 14, 40


def confusion(records: Any) -> Chart | None:
    """Of the rows of each class, the share that is predicted as each; none where there are too many classes to see."""
    cells = [record for record in records if isinstance(record, Mapping)] if isinstance(records, list) else []
    order = {name: place for place, name in enumerate(dict.fromkeys(str(cell[side]) for side in ("actual", "predicted") for cell in cells))}
    if not 1 < len(order) <= CELLS:
        return None
    data = [
        {
            "y": order[str(cell["actual"])],
            "x": order[str(cell["predicted"])],
            "size": number(cell["share"]),
            "name": _percent(cell["share"]),
        }
        for cell in cells
    ]
    side = min(max(300 // len(order), 8), 48)
    place = {"type": "ordinal", "axis": None}
    where: Spec = {"x": {"field": "x", **place}, "y": {"field": "y", **place}}
    seen = {"opacity": {"field": "size", "type": "quantitative", "scale": {"domain": [0, 1], "range": [0.03, 0.8]}, "legend": None}}
    layers = [mark("rect", data, 1, encoding=where | seen), *_heads(order, where)]
    if len(order) <= WRITTEN:
        layers.append(mark("text", [one for one in data if one["size"]], None, encoding=where | {"text": {"field": "name"}}, fontSize=10))
    right = [f"{name} {_percent(cell['share'])}" for cell in cells for name in [str(cell["actual"])] if name == str(cell["predicted"])]
    rows = [[str(cell["actual"]), str(cell["predicted"]), cell.get("rows"), cell["share"]] for cell in _mistaken(cells)]
    return Chart(
        "Confusion",
        text(f"Of the rows of each class, the share predicted as each; right are: {', '.join(right[:WRITTEN])} %", 400),
        layered(layers, {"step": side}) | {"width": {"step": side}},
        ("actual", "predicted", "rows", "share"),
        rows,
        (),
        "actual down, predicted across, in % of the actual; the table has the most frequent mistakes",
    )


def _mistaken(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    wrong = [cell for cell in cells if str(cell["actual"]) != str(cell["predicted"]) and cell.get("rows")]
    return sorted(wrong, key=lambda cell: -cell["rows"])[:20]


def _heads(order: Mapping[str, int], where: Spec) -> list[Spec]:
    """The classes, left of the rows and above the columns."""
    data: Points = [{"x": place, "y": place, "name": text(name, 24)} for name, place in order.items()]
    left = {"x": {"value": -6}, "y": where["y"], "text": {"field": "name"}}
    above = {"x": where["x"], "y": {"value": -6}, "text": {"field": "name"}}
    turned = {"angle": 315, "align": "left", "baseline": "bottom", "fontSize": 11, "limit": 90, "opacity": DIM}
    return [mark("text", data, None, encoding=left, **NAMED | {"limit": 110}), mark("text", data, None, encoding=above, **turned)]


def _percent(share: Any) -> str:
    found = number(share)
    return "" if found is None else f"{100 * found:.0f}"
