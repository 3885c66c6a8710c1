"""The list that `interlock features` prints."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from interlock.cli.plain import plain
from interlock.cli.sketch import percent, sparkline
from interlock.features.catalog import Entry

SHORT = 8
STATES = {"changed": "changed", "new": "new", "private": "private", "computed": ""}
HEADS = {"distribution": 12, "null": 7, "outside": 7, "fingerprint": 11}


def show_entries(usecase: str, entries: Sequence[Entry], *, as_json: bool) -> None:
    """Print the list."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
        return
    console = Console(highlight=False, markup=False)
    rows = max((entry.measured["rows"] for entry in entries if entry.measured), default=0)
    owners = ", ".join(sorted({entry.owner for entry in entries}))
    console.print(Text(f"{plain(usecase)}: {len(entries)} features, owner {plain(owners)}; over {rows:,} requests\n", style="bold"))
    name, kind = (max(len(getattr(entry, part)) for entry in entries) for part in ("name", "kind"))
    heads = [f"{head:<{width}}" if head == "distribution" else f"{head:>{width}}" for head, width in HEADS.items()]
    console.print(Text("  ".join(["feature".ljust(name), "kind".ljust(kind), *heads]), style="dim"))
    for entry in entries:
        console.print(_line(entry, name, kind), soft_wrap=True)
        console.print(Padding(_said(entry, console.width - 2), (0, 0, 0, 2), expand=False))
    advise(console, entries)


def _line(entry: Entry, name: int, kind: int) -> Text:
    measured = entry.measured
    cells = [
        (f"{entry.name:<{name}}", "bold"),
        (f"{entry.kind:<{kind}}", ""),
        (f"{sparkline(measured) if measured else STATES[entry.state]:<12}", "cyan" if measured else "yellow"),
        (f"{percent(measured['null_share']) if measured else '':>7}", ""),
        (f"{_outside(measured):>7}", ""),
        (f"{entry.fingerprint[:SHORT]:>11}", "dim"),
    ]
    return Text("  ").join(Text(text, style) for text, style in cells)


def _outside(measured: Mapping[str, Any] | None) -> str:
    return percent(measured["outside_share"]) if measured and "outside_share" in measured else ""


def _said(entry: Entry, width: int) -> Text:
    """Description and creation logic: on one line where both fit, else below each other."""
    described, logic = plain(f"{entry.description}{f' [{entry.unit}]' if entry.unit else ''}"), plain(entry.logic)
    fits = len(described) + len(logic) + 3 <= width
    said = Text(f"deprecated: {plain(entry.deprecated)}\n" if entry.deprecated else "", style="yellow")
    said.append(described, style="default")
    return said.append((" " if fits else "\n") * bool(described) + f"← {logic}", style="dim")


def advise(console: Console, entries: Iterable[Entry]) -> None:
    """Say which features have no distribution because they were edited, and how to get one."""
    stale = [entry.name for entry in entries if entry.state in {"changed", "new"}]
    if stale:
        console.print(f"\n{len(stale)} not computed as declared now: {', '.join(stale)}", style="yellow")
        console.print("  → run: make, or try them: interlock features NAME --sample 500")
