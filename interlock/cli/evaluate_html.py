"""The parts of the page of `interlock evaluate`: what is not marked as HTML is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from interlock.cli.evaluate_words import amount
from interlock.cli.page import said

LONG, WIDE = 400, 48


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


def told(value: Any, width: int = LONG) -> Html:
    """A value in one line, escaped; HTML as it is, figures as people read them."""
    if isinstance(value, Html):
        return value
    if isinstance(value, str):
        return Html(said(value, width) if value else "")
    return Html(escape(amount(value)) if value is None or isinstance(value, int | float) else said(value, width))


def element(tag: str, content: Any, look: str = "") -> Html:
    """An element of the page's own style."""
    return Html(f"<{tag}{_look(look)}>{told(content, 2000)}</{tag}>")


def joined(parts: Iterable[Any], between: str = "") -> Html:
    return Html(between.join(told(part) for part in parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], texts: int = 1) -> Html:
    """A table in a box that scrolls by itself; the first `texts` columns are texts, the others figures."""
    looks = ["" if place < texts else "number" for place in range(len(heads))]
    head = "".join(_cell("th", name, look) for name, look in zip(heads, looks, strict=True))
    lines = ("".join(_cell("td", value, look) for value, look in zip(row, looks, strict=True)) for row in rows)
    return Html(f'<div class="scroll"><table><tr>{head}</tr>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>')


def folded(summary: Any, content: Iterable[Any]) -> Html:
    """What opens on demand."""
    return Html(f'<details class="plain"><summary>{told(summary)}</summary>{joined(content)}</details>')


def cards(parts: Iterable[Html]) -> Html:
    return Html(f'<div class="cards">{"".join(parts)}</div>')


def legend(names: Sequence[str]) -> Html:
    """What each colour means; colours are numbered from 1."""
    keys = (f'<span class="key"><span class="swatch k{place}"></span> {told(name)}</span>' for place, name in enumerate(names, 1))
    return Html(f'<p class="dim">{" ".join(keys)}</p>')


def _cell(tag: str, value: Any, look: str) -> str:
    look = "why" if tag == "td" and not look and isinstance(value, str) and not isinstance(value, Html) and len(value) > WIDE else look
    return f"<{tag}{_look(look)}>{told(value)}</{tag}>"


def _look(look: str) -> str:
    return f' class="{look}"' if look else ""
