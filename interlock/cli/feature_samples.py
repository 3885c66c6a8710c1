"""What `interlock features --sample` prints: values, and their distribution, as the declarations are now."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.plain import plain
from interlock.cli.sketch import number, percent, show_measured, sparkline
from interlock.features import logic
from interlock.features.featureset import AnyFeature, FeatureSet
from interlock.features.profile import distribution

SHOWN = 12
FIGURES, LEAST = 66, 16
QUANTILES = ("0.05", "0.5", "0.95")


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Say on a terminal that something takes a moment."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(doing):
        yield


def show(usecase: str, declared: FeatureSet, shown: Sequence[AnyFeature], found: pl.DataFrame, *, as_json: bool) -> None:
    """Print the features `shown` of the requests in `found`: of one its rows, of several one line each."""
    if as_json:
        key = declared.request.key
        told = {
            "requests": found.height,
            "features": {feature.name: distribution(feature, found[feature.name]) for feature in shown},
            "values": found.select(*key, *(feature.name for feature in shown)).to_dicts(),
        }
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    console = Console(highlight=False, markup=False)
    if len(shown) == 1:
        _one(console, declared, shown[0], found)
    else:
        console.print(Text(f"{plain(usecase)}: {len(shown)} features of {found.height:,} requests, as declared now\n", style="bold"))
        room = console.width - max(len(feature.name) for feature in shown) - FIGURES
        console.print(_overview(shown, found, room))


def _one(console: Console, declared: FeatureSet, feature: AnyFeature, found: pl.DataFrame) -> None:
    said = f"{feature.dtype}, {found.height:,} requests, as declared now"
    console.print(Text.assemble((feature.name, "bold"), (f"  {said}\n", "dim"), f"  {plain(logic.words(feature))}\n"))
    show_measured(console, distribution(feature, found[feature.name]))
    reads = declared.reads(feature)
    columns = [name for name in found.columns if name in reads and name not in declared.request.key]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in [*declared.request.key, *columns, feature.name]:
        table.add_column(
            plain(name), justify="right" if found.schema[name].is_numeric() else "left", style="bold" if name == feature.name else ""
        )
    for row in found.head(SHOWN).select([*declared.request.key, *columns, feature.name]).iter_rows():
        table.add_row(*(Text(_value(value)) for value in row))
    console.print()
    console.print(table)
    if found.height > SHOWN:
        console.print(Text(f"… and {found.height - SHOWN:,} more: --json prints them all", style="dim"))


def _overview(shown: Sequence[AnyFeature], found: pl.DataFrame, room: int) -> Table:
    """A line for each feature, and its first values where the terminal has room for them."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("feature", no_wrap=True, style="bold")
    table.add_column("distribution", no_wrap=True, style="cyan")
    for head in ("null", "outside", *(f"{float(share):.0%}" for share in QUANTILES)):
        table.add_column(head, justify="right", no_wrap=True)
    if room >= LEAST:
        table.add_column("values", no_wrap=True, overflow="ellipsis", max_width=room, style="dim")
    for feature in shown:
        values = found[feature.name]
        said = distribution(feature, values)
        outside = percent(said["outside_share"]) if "outside_share" in said else ""
        quantiles = [number(said["quantiles"][share]) if "quantiles" in said else "" for share in QUANTILES]
        first = [", ".join(map(_value, values.head(SHOWN).to_list()))] if room >= LEAST else []
        table.add_row(feature.name, sparkline(said), percent(said["null_share"]), outside, *quantiles, *first)
    return table


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return number(value)
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") and hasattr(value, "year") else plain(str(value))
