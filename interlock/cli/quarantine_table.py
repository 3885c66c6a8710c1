"""The overview that `interlock quarantine` prints: verdict, findings, counts that add up, and what each rule saw."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.quarantine_shown import Shown
from interlock.cli.quarantine_words import SIGNS, rows, share, tolerated, verdict
from interlock.contracts.evidence import text
from interlock.contracts.review import Rule
from interlock.errors import listed

WIDE, LONGEST, LONG, FIRST = 110, 120, 500, 3
STYLES = {"pass": "green", "warn": "yellow", "fail": "red"}


def show(console: Console, found: Shown, *, counts: bool) -> None:
    """Print the overview, with the `counts` of the tables where it is not about one rule."""
    console.print(Text(f"{found.title}: {verdict(found.review)}", style=f"bold {STYLES[found.review.verdict]}"))
    _findings(console, found)
    if counts:
        console.print(_counts(found))
        _unexpected(console, found)
        console.print()
    asked, shown = sum(len(table.rules) for table in found.review.tables.values()), found.rules
    if shown:
        console.print(_rules(shown, wide=console.width >= WIDE))
    if asked > len(shown):
        console.print(Text(f"{asked - len(shown):,} of {asked:,} rules saw nothing", style="dim"))
    console.print()


def _unexpected(console: Console, found: Shown) -> None:
    for name, table in found.review.tables.items():
        if table.unexpected:
            console.print(Text(f"{text(name)} has columns that its contract does not know: {listed(table.unexpected)}", style="dim"))


def advise(console: Console, found: Shown, table: str | None, rule: str | None) -> None:
    """The next commands to type."""
    for words, why in _next(found, table, rule):
        console.print(Text.assemble("→ ", (words, "bold"), (f"  {why}", "dim")), soft_wrap=True)


def _next(found: Shown, table: str | None, rule: str | None) -> list[tuple[str, str]]:
    gone = [(name, each) for name, each in found.rules if each.severity == "quarantine" and each.rows]
    seen = [(name, each) for name, each in found.rules if each.severity != "quarantine" and each.examples]
    advice = []
    if table is None and rule is None and gone:
        advice.append((f"interlock quarantine {gone[0][0]}", "the rows, whole"))
    if rule is None and seen:
        advice.append((f"interlock quarantine {seen[0][0]} --rule {seen[0][1].kind}", "rows that it kept"))
    if found.review.verdict == "fail":
        return [*advice, ("make", "when mended: rows that break no rule come back")]
    return [*advice, ("interlock quarantine --open", "with distributions, in a browser")]


def _findings(console: Console, found: Shown) -> None:
    findings, grid = found.review.findings, Table.grid(padding=(0, 1))
    for each in findings[:FIRST]:
        grid.add_row(SIGNS[each.severity], Text(text(each.found, LONG)), style=STYLES[each.severity])
    if len(findings) > FIRST:
        grid.add_row("", f"and {len(findings) - FIRST:,} more: interlock quarantine --open shows them all", style="dim")
    for todo in dict.fromkeys(each.todo for each in findings[:FIRST]):
        grid.add_row("→", Text(text(todo, LONG)), style="dim")
    if findings:
        console.print(grid)
    console.print()


def _counts(found: Shown) -> Table:
    """Rows = used + quarantined, table by table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("table", style="bold")
    for head in ("rows", "", "used", "", "quarantined", "broken rules"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, each in found.review.tables.items():
        numbers = [f"{number:,}" for number in (each.rows, each.used, each.quarantined, each.entries)]
        table.add_row(Text(text(name)), numbers[0], "=", numbers[1], "+", numbers[2], numbers[3])
    return table


def _rules(shown: list[tuple[str, Rule]], *, wide: bool) -> Table:
    """A line a rule; where the terminal is narrow, rule and columns share a cell."""
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    for head in ("", "severity", "table"):
        table.add_column(head, no_wrap=True)
    for head in ("rule", "column") if wide else ("rule, column",):
        table.add_column(head, overflow="fold")
    for head in ("rows", "share", "tolerated"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, rule in shown:
        said = [Text(text(rule.rule, LONGEST), style="bold"), Text(text(rule.column, LONGEST) if rule.column else "")]
        place = said if wide else [Text(" ").join(said)]
        sign = Text(SIGNS[rule.verdict], style=STYLES[rule.verdict])
        table.add_row(sign, rule.severity, Text(text(name)), *place, rows(rule), share(rule), tolerated(rule))
    return table
