"""`interlock evaluate`: how good, calibrated, fair and robust the candidate is, why it decides as it does, and the verdict."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interlock.cli.evaluate_found import Found

PAGE = "reports/evaluation.html"
SUFFIXES = {".html", ".htm"}


@click.command
@click.option("--html", is_flag=False, flag_value=PAGE, metavar="[FILE]", help=f"Write one page to FILE, or {PAGE}.")
@click.option("--open", "opened", is_flag=True, help="Write the page, and open it in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print what the summary says as JSON.")
def evaluate(html: str | None, opened: bool, as_json: bool) -> None:
    """Show how good, calibrated, fair and robust the candidate is, and the verdict on it.

    Runs nothing and reads no data: it shows what the last run left in reports/, so it works in a clone without data, and exits with
    0 whatever it found. The page is one file without a script, with the verdict first and a picture for each report.

    \b
    Example:
      interlock evaluate                   headline metrics, the worst slice, gaps, stress and the verdict
      interlock evaluate --open            the page, in a browser
      interlock evaluate --html page.html  the page, to send
    """
    path = _page(html or (PAGE if opened else None))
    if path and as_json:
        raise click.UsageError("--json prints and --html writes: choose one")
    from interlock.cli.evaluate_found import find

    found = find()
    if path:
        _write(path, found, opened=opened)
        return
    from interlock.cli import evaluate_table

    if as_json:
        click.echo(json.dumps(evaluate_table.told(found), indent=2, ensure_ascii=False))
    else:
        evaluate_table.show(found)


def _page(html: str | None) -> Path | None:
    if html is not None and Path(html).suffix not in SUFFIXES:
        raise click.UsageError(f"--html takes a FILE that ends in .html, not {html!r}")
    return Path(html) if html else None


def _write(path: Path, found: "Found", *, opened: bool) -> None:
    import webbrowser

    from interlock.cli.evaluate_words import verdict
    from interlock.files import write_text

    write_text(path, _drawn(found))
    click.echo(f"{path}: {verdict(found.get('gates'))[1]}")
    for line in found.odd:
        click.echo(f"{line}\n  → run: make", err=True)
    if opened and not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started\n  → open {path} in one", err=True)


def _drawn(found: "Found") -> str:
    """The page, with a bar on a terminal while its pictures are drawn."""
    from rich.console import Console
    from rich.progress import track

    from interlock.cli import evaluate_page as pages

    def told(steps: list[Any]) -> Any:
        return track(steps, "drawing", console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())

    return pages.page(found, [(one, pages.draw(found, one)) for one in told(pages.sections(found))])
