"""Distributions in a few characters: bars, shares and numbers, as terminals show them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from interlock.cli.plain import plain

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


def show_measured(console: Console, measured: Mapping[str, Any]) -> None:
    """Print a distribution: its shape, how much is missing or unexpected, and quantiles of numbers."""
    shape = Text(f"  {sparkline(measured)}", style="cyan")
    if histogram := measured.get("histogram"):
        last = histogram["from"] + histogram["width"] * len(histogram["counts"])
        shape.append(f"  {number(histogram['from'])} to {number(last)}, the first percentile to the last", style="dim")
    elif common := measured.get("common"):
        shape.append("  " + ", ".join(f"{plain(text)} {percent(share)}" for text, share in common.items()), style="dim")
    console.print(shape)
    console.print(Padding(Text(", ".join(_shares(measured))), (0, 0, 0, 2), expand=False))
    if "quantiles" in measured:
        quantiles = {f"{float(share):.0%}": value for share, value in measured["quantiles"].items()}
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for head in ("min", *quantiles, "max"):
            table.add_column(head, justify="right")
        table.add_row(*map(number, (measured["min"], *quantiles.values(), measured["max"])))
        console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _shares(measured: Mapping[str, Any]) -> Iterator[str]:
    yield f"{measured['rows']:,} rows"
    yield f"{percent(measured['null_share'])} null"
    if "true_share" in measured:
        yield f"{percent(measured['true_share'])} of the others true"
    if "not_finite" in measured:
        yield f"{measured['not_finite']:,} not finite"
    if "outside_share" in measured:
        yield f"{percent(measured['outside_share'])} outside of what is expected"
    yield f"{measured['distinct']:,} distinct"
