"""`interlock trace`: where a prediction came from, and where a source row went."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.logs import placed

if TYPE_CHECKING:
    from interlock.lineage.tree import Trace

PAGE = "reports/trace.html"
SUFFIXES = {".html", ".htm"}
LAST, FIRST = 20, 3


@click.command
@click.argument("prediction", metavar="[ID]", required=False)
@click.option("--row", metavar="TABLE:ROW", help="The other way: which predictions and releases a source row has reached.")
@click.option(
    "--at", "version", metavar="VERSION", help="With --row: the release whose numbering of rows is meant; else data/raw as it is."
)
@click.option("--list", "listed", is_flag=True, help=f"The last {LAST} predictions of the log.")
@click.option("--feature", metavar="NAME", help="This feature alone, with what it reads and the rows of the sources whole.")
@click.option(
    "--all", "every", is_flag=True, help=f"Every row that a feature counted, not the first {FIRST}; with --row the id of every prediction."
)
@placed
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", is_flag=False, flag_value=PAGE, metavar="[FILE]", help=f"Write one page with the graph to FILE, or {PAGE}.")
@click.option("--open", "opened", is_flag=True, help="Write the page, and open it in a browser.")
def trace(
    *, prediction: str | None, row: str | None, version: str | None, listed: bool, feature: str | None, every: bool,
    as_json: bool, html: str | None, opened: bool, **logs: Path,
) -> None:  # fmt: skip
    """Show everything behind a prediction: rows, features, code, data, model and verdict.

    Every feature comes with the rows of the sources that it counted, as the executor itself says, with the lines that declare
    it at the commit of the release and with who last changed them. Needs no network where the DVC cache has the data; what
    it cannot reach it names, with the way to get it, and shows the rest.

    \b
    Example:
      interlock trace --list                             the last predictions, with their ids
      interlock trace 12-0123456789ab                    one of them
      interlock trace 12-0123456789ab --feature hour     one feature of it
      interlock trace 12-0123456789ab --open             a page with the graph, in a browser
      interlock trace --row flights:4711                 what a source row has reached
    """
    path = _page(html or (PAGE if opened else None))
    if (prediction is not None) + (row is not None) + listed != 1:
        raise click.UsageError("give the ID of a prediction, or --row TABLE:ROW, or --list")
    if path and as_json:
        raise click.UsageError("--json prints and --html writes: choose one")
    if path and prediction is None:
        raise click.UsageError("--html draws a prediction: give its ID")
    if listed:
        _list(logs["log"], as_json=as_json)
    elif row is not None:
        _row(row, version, logs["log"], every=every, as_json=as_json)
    elif prediction is not None:
        _trace(prediction, feature, None if every else FIRST, logs, as_json=as_json, path=path, opened=opened)


def _page(html: str | None) -> Path | None:
    if html is not None and Path(html).suffix not in SUFFIXES:
        raise click.UsageError(f"--html takes a FILE that ends in .html, not {html!r}; an ID stands before it")
    return Path(html) if html else None


def _trace(
    asked: str, feature: str | None, most: int | None, logs: dict[str, Path], *, as_json: bool, path: Path | None, opened: bool
) -> None:
    from interlock.lineage.trace import trace as traced
    from interlock.serving import predictions

    found = traced(predictions.one(asked, logs["log"]), most, logs["events"], only=feature)
    if as_json:
        _json(found)
    elif path:
        _write(path, found, opened=opened)
    else:
        from interlock.cli.trace_tree import show

        show(found, whole=feature is not None)


def _write(path: Path, found: "Trace", *, opened: bool) -> None:
    import webbrowser

    from interlock.cli.trace_page import page
    from interlock.files import write_text

    write_text(path, page(found))
    click.echo(f"{path}: prediction {found.id}")
    if opened and not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started\n  → open {path} in one", err=True)


def _list(log: Path, *, as_json: bool) -> None:
    from interlock.cli.trace_list import last, show_list

    found = last(log, LAST)
    _json(found) if as_json else show_list(found)


def _row(asked: str, version: str | None, log: Path, *, every: bool, as_json: bool) -> None:
    from interlock.cli.trace_list import show_forwards
    from interlock.lineage import forwards

    table, colon, number = asked.rpartition(":")
    if not (colon and number.isascii() and number.isdigit() and len(number) < 19):
        raise click.UsageError(f"--row takes TABLE:ROW, as flights:4711, not {asked!r}")
    found = forwards.forwards(table, int(number), version, log, None if every else forwards.FEW)
    _json(found) if as_json else show_forwards(found)


def _json(found: Any) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
