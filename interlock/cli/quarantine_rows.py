"""The rows that `interlock quarantine TABLE` prints: each example with its value, and whole, the columns of the rule first."""

from collections.abc import Iterator, Sequence

from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.quarantine_shown import Shown
from interlock.cli.quarantine_words import rows
from interlock.contracts.evidence import Cells, ordered, text
from interlock.contracts.review import Example, Rule

LONG, CELL, GAP, LONGEST = 40, 24, 2, 200
NAME = 20
GAPS = "every"  # what it names lies between two rows


def show(console: Console, found: Shown, *, every: bool) -> None:
    """Print the examples of each rule: whole rows where they were set aside or fail the run, or of `every` rule."""
    for name, rule in found.rules:
        if not rule.examples:
            continue
        console.print(_head(name, rule))
        if rule.kind != GAPS and (every or rule.severity == "quarantine" or rule.verdict != "pass"):
            _whole(console, list(found.examples(name, rule)), rule)
        else:
            console.print(Columns(_brief(rule.examples), padding=(0, GAP)))
        console.print()


def _head(name: str, rule: Rule) -> Text:
    more = f", the first {len(rule.examples)}" if rule.rows > len(rule.examples) else ""
    said = f"  {rows(rule)} row{'s' * (rule.rows != 1)}{more}"
    return Text.assemble((f"{text(name)}: {text(rule.rule, LONGEST)}", "bold"), f" on {text(rule.column)}", (said, "dim"))


def _brief(examples: Sequence[Example]) -> Iterator[Text]:
    for example in examples:
        yield Text.assemble((f"row {example.row}  ", "dim"), text(example.value))


def _whole(console: Console, examples: list[tuple[Example, Cells]], rule: Rule) -> None:
    """Rows beside each other, a line a column; as many as fit the terminal, the others below."""
    names = ordered(rule, list(next((cells for _, cells in examples if cells), {})))
    width = min(max((len(text(name, NAME)) for name in names), default=0), NAME)
    while examples:
        fit = _fitting(examples, names, console.width - width - GAP)
        console.print(_side_by_side(examples[:fit], names, rule))
        if examples := examples[fit:]:
            console.print()


def _fitting(examples: list[tuple[Example, Cells]], names: Sequence[str], room: int) -> int:
    """How many of the first rows fit beside each other: at least one."""
    fit = 0
    for example, cells in examples:
        texts = [f"row {example.row}", text(example.value, CELL), *(text(cells.get(name), CELL) for name in names)]
        room -= max(map(len, texts)) + GAP
        if room < 0 and fit:
            break
        fit += 1
    return fit


def _side_by_side(examples: list[tuple[Example, Cells]], names: Sequence[str], rule: Rule) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold")
    table.add_column("", style="dim", no_wrap=True)
    for example, _ in examples:
        table.add_column(Text(f"row {example.row}"), no_wrap=True)
    if not names:
        table.add_row("value", *(Text(text(example.value, CELL)) for example, _ in examples), style="yellow")
    for name in names[:LONG]:
        mine = name == rule.column or name in rule.column.split(", ")
        cells = [text(row.get(name), CELL) if row else "" for _, row in examples]
        table.add_row(Text(text(name, NAME)), *map(Text, cells), style="yellow" if mine else None)
    if len(names) > LONG:
        table.add_row(f"… {len(names) - LONG:,} more", *("" for _ in examples), style="dim")
    return table
