"""The story of one feature, as `interlock features NAME` prints it."""

from collections.abc import Iterable, Iterator
from textwrap import indent, wrap

import click
import msgspec
from rich.console import Console
from rich.text import Text

from interlock.cli.feature_list import advise
from interlock.cli.plain import plain
from interlock.cli.sketch import number, show_measured
from interlock.errors import printable
from interlock.features.catalog import Entry
from interlock.features.story import Read, Story, Use

MARGIN = 13


def show_story(story: Story, *, as_json: bool) -> None:
    """Print everything that is known of one feature."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(story), indent=2).decode())
        return
    console, entry = Console(highlight=False, markup=False), story.feature
    console.print(Text.assemble((entry.name, "bold"), (f"  {plain(_kind(entry))}\n", "dim")))
    for head, lines in _facts(story):
        console.print(Text.assemble((f"  {head:<{MARGIN}}", "cyan"), _hanging(map(plain, lines), console.width)), soft_wrap=True)
    console.print(Text(f"\n{indent(printable(story.code), '  ')}\n", style="dim"), soft_wrap=True)
    if entry.measured:
        show_measured(console, entry.measured)
    advise(console, [entry])


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
