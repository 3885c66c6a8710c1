"""`interlock quarantine`: what was set aside and why, as the last run of `validate` found it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.cli.quarantine_shown import Shown

PAGE = "reports/validation.html"
SUFFIXES = {".html", ".htm"}
MOST = 1_000_000


@click.command
@click.argument("table", required=False)
@click.option("--rule", metavar="RULE", help="This rule alone, by its name with or without the bracket.")
@click.option(
    "--examples",
    type=click.IntRange(min=0, max=MOST),
    default=5,
    show_default=True,
    metavar="N",
    help="Rows shown of each rule; of those that a rule keeps, the report names five.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report with the examples as JSON.")
@click.option("--html", is_flag=False, flag_value=PAGE, metavar="[FILE]", help=f"Write one page to FILE, or {PAGE}.")
@click.option("--open", "opened", is_flag=True, help="Write the page, and open it in a browser.")
def quarantine(table: str | None, rule: str | None, examples: int, as_json: bool, html: str | None, opened: bool) -> None:
    """Show which rows were set aside, and why.

    Every row is either used or in quarantine, with the rule that it breaks and the value that breaks it. Shows what each
    rule saw, the worst first; with TABLE or --rule the rows themselves. Runs nothing: it reads what the last `validate`
    wrote, also where that failed, and exits with 0 whatever it found.

    \b
    Example:
      interlock quarantine                            every table
      interlock quarantine flights                    its rows that were set aside, whole
      interlock quarantine flights --rule refers      the rows that one rule saw
      interlock quarantine --open                     a page with distributions, in a browser
    """
    from interlock.cli import quarantine_shown as shown

    path = _page(html or (PAGE if opened else None))
    if path and as_json:
        raise click.UsageError("--json prints and --html writes: choose one")
    found = shown.find(table, rule, examples)
    if as_json:
        click.echo(json.dumps(shown.told(found), indent=2))
    elif path:
        _write(path, found, opened=opened)
    else:
        _print(found, table, rule)


def _page(html: str | None) -> Path | None:
    if html is not None and Path(html).suffix not in SUFFIXES:
        raise click.UsageError(f"--html takes a FILE that ends in .html, not {html!r}; a TABLE stands before it")
    return Path(html) if html else None


def _write(path: Path, found: "Shown", *, opened: bool) -> None:
    import webbrowser

    from interlock.cli.quarantine_page import page
    from interlock.cli.quarantine_words import verdict
    from interlock.files import write_text

    write_text(path, page(found))
    click.echo(f"{path}: {verdict(found.review)}")
    if opened and not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started\n  → open {path} in one", err=True)


def _print(found: "Shown", table: str | None, rule: str | None) -> None:
    from rich.console import Console

    from interlock.cli import quarantine_rows, quarantine_table

    console = Console(highlight=False, markup=False, emoji=False)
    quarantine_table.show(console, found, counts=rule is None)
    if table is not None or rule is not None:
        quarantine_rows.show(console, found, every=rule is not None)
    quarantine_table.advise(console, found, table, rule)
    if not found.complete:
        click.echo("the rows themselves are not here\n  → run: dvc pull data/raw data/quarantine", err=True)
