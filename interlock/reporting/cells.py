"""Cells and tables of a comment, in which nothing that comes from data is markup, a mention, a reference or a link."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from interlock.contracts.evidence import text
from interlock.evaluation.markdown import figure, plain
from interlock.outcome import METRICS

WIDTH, ROWS = 48, 30
LINKED = re.compile(r"(@|#|://|www|GH-)", re.IGNORECASE)
UNSEEN = "\u200b"  # a space of no width, which ends what GitHub would take for a name, a number or an address
TITLES = {name: title for kind in METRICS.values() for name, title in kind.items()}
DASH = "–"


def code(value: Any, width: int = WIDTH) -> str:
    """A value as a span of code: in it GitHub obeys no markup, and links no name, number or address. A bar is fit for a table."""
    said = " ".join(text(value, width).split()) or "(empty)"
    fence = "`" * (max(map(len, re.findall("`+", said)), default=0) + 1)
    padded = f" {said} " if said.startswith("`") or said.endswith("`") else said
    return f"{fence}{padded}{fence}".replace("|", r"\|")


def prose(value: Any, width: int = 160) -> str:
    """A sentence that may hold names from data."""
    return LINKED.sub(rf"\1{UNSEEN}", plain(text(value, width)))


def codes(values: Sequence[Any], most: int = 6) -> str:
    """Several of them, the first where there are many."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(map(code, values[:most])) + more


def title(metric: str) -> str:
    """A metric as people call it; one that no report knows is no more than a span of code."""
    return TITLES.get(metric, metric.replace("_", " ") if re.fullmatch("[a-z0-9_]+", metric) else code(metric))


def signed(value: float | None) -> str:
    """A difference with its sign."""
    return DASH if value is None else f"{'+' if value >= 0 else '−'}{figure(abs(value))}"


def share(value: float) -> str:
    """A share in percent, to three digits."""
    return f"{100 * value:.3g} %"


def count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], most: int = ROWS) -> str:
    """A table of cells that are Markdown already; of many rows the first, and how many are left out."""
    every = list(rows)
    lines = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *every[:most])]
    return "\n".join(lines) + (f"\n\n… and {len(every) - most:,} more." if len(every) > most else "")


def folded(summary: str, body: str) -> str:
    """What is seen when it is asked for; the summary is plain text of our own."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
