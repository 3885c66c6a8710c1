"""Words, figures and tables of Markdown, in which nothing from data is markup."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlock.errors import printable

NOTHING = "None."
MARKUP = re.compile(r"([\\`*\[\]<>|&~]|(?<!\w)_|_(?!\w))")


def plain(value: Any) -> str:
    """A text in one line, in which what Markdown would obey is escaped."""
    return MARKUP.sub(r"\\\1", " ".join(printable(str(value)).split()))


def figure(value: Any) -> str:
    """A figure as people read it; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    return f"{value:,.1f}" if size >= 1000 else f"{value:.4f}" if size >= 0.001 or not size else f"{value:.2g}"


def sure(found: Mapping[str, Any], name: str) -> str:
    """A figure with its interval, where both ends are known; a dash where nothing is."""
    low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
    interval = "" if low is None or high is None else f" ({figure(low)} to {figure(high)})"
    return f"{figure(found.get(name))}{interval}"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, marked: int | None = None) -> str:
    """A table; from row `marked` on, the first cell is Markdown already."""
    cells = [
        [cell if marked is not None and place >= marked and not at else figure(cell) for at, cell in enumerate(row)]
        for place, row in enumerate(rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in [[plain(name) for name in head], ["---"] * len(head), *cells])
