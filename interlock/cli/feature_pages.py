"""What `interlock features` prints of the catalog: the list of features, and the story of one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import indent, wrap
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from interlock.cli.sketch import number, percent, show_measured, sparkline
from interlock.features.catalog import Entry, Read, Story, Use

SHORT = 8
MARGIN = 13
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
    console.print(Text(f"{usecase}: {len(entries)} features, owner {owners}; over {rows:,} requests\n", style="bold"))
    name, kind = (max(len(getattr(entry, part)) for entry in entries) for part in ("name", "kind"))
    heads = [f"{head:<{width}}" if head == "distribution" else f"{head:>{width}}" for head, width in HEADS.items()]
    console.print(Text("  ".join(["feature".ljust(name), "kind".ljust(kind), *heads]), style="dim"))
    for entry in entries:
        console.print(_line(entry, name, kind), soft_wrap=True)
        console.print(Padding(_said(entry, console.width - 2), (0, 0, 0, 2), expand=False))
    _advise(console, entries)


def show_story(story: Story, *, as_json: bool) -> None:
    """Print everything that is known of one feature."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(story), indent=2).decode())
        return
    console, entry = Console(highlight=False, markup=False), story.feature
    console.print(Text.assemble((entry.name, "bold"), (f"  {_kind(entry)}\n", "dim")))
    for head, lines in _facts(story):
        console.print(Text.assemble((f"  {head:<{MARGIN}}", "cyan"), _hanging(lines, console.width)), soft_wrap=True)
    console.print(Text(f"\n{indent(story.code, '  ')}\n", style="dim"), soft_wrap=True)
    if entry.measured:
        show_measured(console, entry.measured)
    _advise(console, [entry])


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
    described = f"{entry.description}{f' [{entry.unit}]' if entry.unit else ''}"
    fits = len(described) + len(entry.logic) + 3 <= width
    said = Text(f"deprecated: {entry.deprecated}\n" if entry.deprecated else "", style="yellow")
    said.append(described, style="default")
    return said.append(("   " if fits else "\n") * bool(described) + entry.logic, style="dim")


def _hanging(lines: Iterable[str], width: int) -> str:
    """Lines that begin at the margin, those that are too long wrapped."""
    wrapped = [part for line in lines for part in wrap(line, max(width - MARGIN - 2, 20), break_long_words=False, break_on_hyphens=False)]
    return f"\n{'':<{MARGIN + 2}}".join(wrapped)


def _kind(entry: Entry) -> str:
    return ", ".join(filter(None, [entry.kind, entry.dtype, f"in {entry.unit}" if entry.unit else "", "" if entry.public else "private"]))


def _facts(story: Story) -> Iterator[tuple[str, list[str]]]:
    entry, change = story.feature, story.last_change
    if entry.description:
        yield "description", [entry.description]
    if entry.deprecated:
        yield "deprecated", [entry.deprecated]
    yield "logic", [entry.logic]
    yield "owner", [entry.owner]
    yield "declared", [entry.declared]
    since = ", and edited since" if change and change.since else ""
    yield "last change", [f"{change.commit[:12]} on {change.date} by {change.author}{since}" if change else "in no commit yet"]
    yield "fingerprint", [entry.fingerprint]
    yield "reads", [_read(read) for read in story.reads] or ["nothing"]
    yield "read by", [", ".join(story.read_by) or "no other feature"]
    yield "used by", [_use(use) for use in story.used] or ["no model"]
    if entry.expect is not None:
        low, high = map(number, entry.expect)
        yield (
            "expected",
            [f"{low} to {high}; {'one value outside fails the run' if entry.severity == 'fail' else 'values outside are counted'}"],
        )


def _read(read: Read) -> str:
    columns = ", ".join(read.columns)
    match read.what:
        case "request":
            return f"{columns} of the request"
        case "feature":
            return f"{read.name}, a feature ({read.declared})"
        case "reference":
            return f"{columns} of {read.name}, a reference of {read.owner}"
        case "history":
            return f"{columns or 'the rows'} of {read.name}, a history of {read.source} ({read.declared}), owner {read.owner}"


def _use(use: Use) -> str:
    rank = f", importance {use.rank} of {use.inputs} ({number(use.importance)})" if use.rank else ""
    return f"{use.by}{rank}" + ("" if use.same else ", by an earlier declaration")


def _advise(console: Console, entries: Iterable[Entry]) -> None:
    stale = [entry.name for entry in entries if entry.state in {"changed", "new"}]
    if stale:
        console.print(f"\n{len(stale)} not computed as declared now: {', '.join(stale)}", style="yellow")
        console.print("  → run: make, or try them: interlock features NAME --sample 500")
