"""The graph of a trace as SVG: sources, histories, features, model and prediction, with a line from each to what it made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from interlock.cli import trace_words as words
from interlock.contracts.evidence import text
from interlock.lineage.tree import Rows, Trace

COLUMNS = {"source": 10, "history": 190, "feature": 390, "model": 700, "prediction": 890}
WIDTHS = {"source": 140, "history": 160, "feature": 270, "model": 160, "prediction": 150}
HEIGHT, GAP, TOP, WIDTH = 22, 6, 34, 1050
FITS = 6.3
HEADS = {"source": "sources", "history": "histories", "feature": "features", "model": "model", "prediction": "prediction"}


@dataclass
class Graph:
    """Nodes by column, each with what it says and is called, and edges between them."""

    nodes: dict[str, dict[str, str]] = field(default_factory=lambda: {column: {} for column in COLUMNS})
    edges: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    def join(self, before: tuple[str, str], after: tuple[str, str], kind: str = "") -> None:
        self.edges[*before, *after] = kind


def graph(found: Trace) -> Graph:
    """What leads to the prediction. Private features stand with the others; what only a private one reads is joined to it."""
    made = Graph()
    names = {feature.name for feature in found.features}
    made.nodes["prediction"]["prediction"] = words.pairs(found.scores)
    made.nodes["model"]["model"] = found.model.tag if found.model else "not reached"
    made.nodes["source"]["request"] = "the request"
    made.join(("model", "model"), ("prediction", "prediction"))
    for feature in found.features:
        made.nodes["feature"][feature.name] = f"{feature.name} = {words.value(feature)}"
        here = ("feature", feature.name)
        if feature.public:
            made.join(here, ("model", "model"))
        if any(name not in names for name in feature.reads):
            made.join(("source", "request"), here, "faint")
        if feature.rows:
            _rows(made, feature.rows, here)
        for name in feature.reads:
            if name in names:
                made.join(("feature", name), here, "inner")
    return made


def _rows(made: Graph, rows: Rows, feature: tuple[str, str]) -> None:
    for table in (rows.table, *rows.through):
        made.nodes["source"].setdefault(table, table)
        if rows.history:
            made.nodes["history"].setdefault(rows.history, rows.history)
            made.join(("source", table), ("history", rows.history))
    made.join(("history", rows.history) if rows.history else ("source", rows.table), feature)


def svg(found: Trace) -> str:
    """The graph as a picture, escaped."""
    made = graph(found)
    rows = max(len(nodes) for nodes in made.nodes.values())
    height = TOP + rows * (HEIGHT + GAP) + GAP
    at = {(column, name): y for column, nodes in made.nodes.items() for name, y in _places(nodes, height)}
    parts = [*_heads(), *_edges(made, at), *_boxes(made, at)]
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="From the sources to the prediction">{"".join(parts)}</svg>'


def _places(nodes: Mapping[str, str], height: int) -> Iterator[tuple[str, float]]:
    """Where the boxes of a column begin: spread over the height."""
    step = (height - TOP) / max(len(nodes), 1)
    for number, name in enumerate(nodes):
        yield name, TOP + step * (number + 0.5) - HEIGHT / 2


def _heads() -> Iterator[str]:
    for column, head in HEADS.items():
        yield f'<text class="head" x="{COLUMNS[column]}" y="16">{head}</text>'


def _edges(made: Graph, at: Mapping[tuple[str, str], float]) -> Iterator[str]:
    for (column, name, other, target), kind in made.edges.items():
        y, to = at[column, name] + HEIGHT / 2, at[other, target] + HEIGHT / 2
        x, end = COLUMNS[column] + WIDTHS[column], COLUMNS[other]
        if column == other:
            bend = x + 26
            yield f'<path class="edge {kind}" d="M{x},{y:.1f} C{bend},{y:.1f} {bend},{to:.1f} {x},{to:.1f}"/>'
        else:
            middle = (x + end) / 2
            yield f'<path class="edge {kind}" d="M{x},{y:.1f} C{middle:.1f},{y:.1f} {middle:.1f},{to:.1f} {end},{to:.1f}"/>'


def _boxes(made: Graph, at: Mapping[tuple[str, str], float]) -> Iterator[str]:
    for column, nodes in made.nodes.items():
        for name, said in nodes.items():
            x, y, width = COLUMNS[column], at[column, name], WIDTHS[column]
            label = escape(text(said, int((width - 12) / FITS)))
            private = " private" if column == "feature" and name.startswith("_") else ""
            yield (
                f'<g class="{column}{private}"><rect x="{x}" y="{y:.1f}" width="{width}" height="{HEIGHT}" rx="4"/>'
                f'<text x="{x + 6}" y="{y + 15:.1f}">{label}</text></g>'
            )
