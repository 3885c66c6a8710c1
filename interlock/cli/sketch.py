"""Distributions in a few characters: bars, shares and numbers, as terminals show them."""

from collections.abc import Mapping, Sequence
from typing import Any

BARS = "▁▂▃▄▅▆▇█"
EMPTY = " "


def sparkline(measured: Mapping[str, Any]) -> str:
    """The histogram of numbers, the shares of false and true, or the shares of the most frequent texts."""
    if "histogram" in measured:
        return bars(measured["histogram"]["counts"])
    if "true_share" in measured:
        return bars([1 - measured["true_share"], measured["true_share"]])
    return bars(list(measured.get("common", {}).values()))


def bars(heights: Sequence[float]) -> str:
    """One bar a height; what is there is seen, however little, and what is not is blank."""
    top = max(heights, default=0)
    return "".join(BARS[min(int(height / top * len(BARS)), len(BARS) - 1)] if height else EMPTY for height in heights)


def percent(share: float) -> str:
    """A share as a person reads it: nothing and everything are said exactly."""
    if share in {0, 1}:
        return f"{share:.0%}".replace("%", " %")
    return "<0.1 %" if share < 0.001 else ">99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """A number to four significant digits, with separators where it is long."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
