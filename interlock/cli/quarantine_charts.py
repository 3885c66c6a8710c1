"""Small pictures of the page of `interlock quarantine`, as inline SVG: distributions, and a share beside its bound."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from interlock.cli.quarantine_words import percent
from interlock.cli.sketch import number
from interlock.contracts.evidence import text
from interlock.contracts.review import Bin, Column, Rule

WIDTH, HEIGHT, FOOT, ROW = 240, 64, 14, 17
TAIL, THINNEST, SEEN = 22, 1.2, 1.0
LABEL, NAMED, LEFT, RIGHT = 15, 96, 100, 44


def drawn(column: Column) -> bool:
    """Whether there is a picture: a column of times has no bins, one of names only a bin for all others."""
    return len(column.bins) > 1


def distribution(column: Column) -> str:
    """A column's bins, the accepted shares as an outline; texts lie, numbers stand. Nothing where there is no picture."""
    if not drawn(column):
        return ""
    labelled = column.bins[0].label is not None
    return _lying(column) if labelled else _standing(column)


def bullet(rule: Rule) -> str:
    """The share that a rule saw as a bar, and a stroke at what is tolerated."""
    share, most = rule.share or 0.0, max(rule.share or 0.0, rule.tolerated)
    if not most:
        return ""
    seen, bound = (max(part / most * (WIDTH / 2 - 4), SEEN) for part in (share, rule.tolerated))
    bar = f'<rect class="{"gone" if rule.verdict == "fail" else "now"}" y="3" width="{seen:.1f}" height="6"/>' if share else ""
    stroke = f'<path class="bound" d="M{bound:.1f} 0V12"/>'
    return _svg(WIDTH // 2, 12, f"{percent(share)}, tolerated {percent(rule.tolerated)}", f"{bar}{stroke}")


def parts(used: int, gone: int) -> str:
    """Rows used and set aside, as one bar."""
    left = WIDTH * used / max(used + gone, 1)
    aside = max(WIDTH - left, SEEN) if gone else 0.0
    bars = f'<rect class="now" width="{WIDTH - aside:.1f}" height="10"/><rect class="gone" x="{WIDTH - aside:.1f}" width="{aside:.1f}" height="10"/>'
    return _svg(WIDTH, 10, f"{used:,} used, {gone:,} set aside", bars)


def _lying(column: Column) -> str:
    """A bar a label."""
    room = WIDTH - LEFT - RIGHT
    rows = []
    for at, (found, share, before) in enumerate(_shares(column)):
        y, label = at * ROW, "others" if found.label == "…" else text(found.label, LABEL)
        then = "" if not before else f'<rect class="then" x="{LEFT}" y="{y + 3}" width="{max(before * room, SEEN):.1f}" height="10"/>'
        bar = f'<rect class="now" x="{LEFT}" y="{y + 3}" width="{max(share * room, SEEN) if share else 0:.1f}" height="10"/>'
        words = f'<text x="{NAMED}" y="{y + 12}" text-anchor="end">{escape(label)}</text>'
        words += f'<text x="{WIDTH}" y="{y + 12}" text-anchor="end">{percent(share)}</text>'
        rows.append(f"<g><title>{escape(_said(label, share, before))}</title>{words}{bar}{then}</g>")
    return _svg(WIDTH, len(rows) * ROW, f"distribution of {text(column.column)}", "".join(rows))


def _standing(column: Column) -> str:
    """A bar a range, its area its share: the first and the last have no end, and a width of their own."""
    spans = list(pairwise(_ends([found.high for found in column.bins[:-1] if found.high is not None])))
    shares = list(_shares(column))
    heights = [
        (share / (right - left), (before or 0.0) / (right - left)) for (left, right), (_, share, before) in zip(spans, shares, strict=True)
    ]
    top = max(max(pair) for pair in heights) or 1.0
    bars, path = [], []
    for (left, right), (found, share, before), (now, then) in zip(spans, shares, heights, strict=True):
        tall = max(now / top * HEIGHT, SEEN) if share else 0.0
        bar = f'<rect class="now" x="{left:.1f}" y="{HEIGHT - tall:.1f}" width="{max(right - left - 0.6, SEEN):.1f}" height="{tall:.1f}"/>'
        bars.append(f"<g><title>{escape(_said(_range(found), share, before))}</title>{bar}</g>")
        path.append(f"L{left:.1f} {HEIGHT - then / top * HEIGHT:.1f}H{right:.1f}")
    outline = f'<path class="then" d="M0 {HEIGHT}{"".join(path)}V{HEIGHT}"/>' if column.accepted else ""
    axis = f'<path class="axis" d="M0 {HEIGHT + 0.5}H{WIDTH}"/>'
    words = "".join(_foot(column.bins, spans))
    return _svg(WIDTH, HEIGHT + FOOT, f"distribution of {text(column.column)}", f"{''.join(bars)}{outline}{axis}{words}")


def _ends(edges: Sequence[float]) -> list[float]:
    """Where bars begin and end: to scale between the first and the last edge, in equal steps where a bar would vanish."""
    if len(edges) > 1:
        scale = (WIDTH - 2 * TAIL) / (edges[-1] - edges[0])
        inner = [TAIL + (edge - edges[0]) * scale for edge in edges]
        if min(right - left for left, right in pairwise(inner)) >= THINNEST:
            return [0.0, *inner, float(WIDTH)]
    return [WIDTH * at / (len(edges) + 1) for at in range(len(edges) + 2)]


def _foot(bins: Sequence[Bin], spans: Sequence[tuple[float, float]]) -> Iterator[str]:
    if len(bins) > 1:
        yield f'<text x="0" y="{HEIGHT + 12}">≤ {_edge(bins[0].high)}</text>'
        yield f'<text x="{spans[-1][1]:.0f}" y="{HEIGHT + 12}" text-anchor="end">&gt; {_edge(bins[-1].low)}</text>'


def _shares(column: Column) -> Iterator[tuple[Bin, float, float | None]]:
    """Each bin with its share, and with the accepted one where there is one."""
    accepted = column.accepted if column.accepted and len(column.accepted) == len(column.bins) else [None] * len(column.bins)
    for found, before in zip(column.bins, accepted, strict=True):
        yield found, found.share, before


def _range(found: Bin) -> str:
    if found.low is None or found.high is None:
        return f"≤ {_edge(found.high)}" if found.low is None else f"> {_edge(found.low)}"
    return f"{_edge(found.low)} to {_edge(found.high)}"


def _edge(value: float | None) -> str:
    """A number without separators: it may be a year."""
    return number(value).replace(",", "")


def _said(where: str, share: float, before: float | None) -> str:
    return f"{where}: {percent(share)}" + ("" if before is None else f", accepted {percent(before)}")


def _svg(width: int, height: int, label: str, inside: str) -> str:
    return f'<svg viewBox="0 -1 {width} {height + 1}" width="{width}" height="{height + 1}" role="img" aria-label="{escape(label)}">{inside}</svg>'
