"""`interlock refresh`: accept what the sources hold now, and see what changed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from interlock.contracts.freshness import Stale
    from interlock.sources.changes import Cells, Change
    from interlock.sources.looks import Finding
    from interlock.sources.refresh import Outcome, Refreshed


@click.command
@click.option("--check", is_flag=True, help="Change nothing; exit with 4 where a source is not as pinned.")
@click.option("--accept", is_flag=True, help="Take the rows in use for what is normal from now on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def refresh(check: bool, accept: bool, as_json: bool) -> None:
    """Pin what the sources hold now, and show what changed.

    Compares each source that moved with the snapshot in data/raw: rows, columns, types, time span, and in references
    every changed cell. The pins lie in data/sources/, in git: commit them to accept the change. Says which tables are
    older than conf lets them be.

    How the rows in use are distributed is compared with the snapshot that was last accepted; --accept writes it anew,
    to data/accepted/, after a look at what changed. It takes the rows that the last run validated, and refuses where
    that run failed for more than a distribution or a number of rows.

    \b
    Example:
      interlock refresh             after a source moved
      interlock refresh --check     in CI
      interlock refresh --accept    after a new snapshot was looked at
    """
    if check and accept:
        raise click.UsageError("--check changes nothing, --accept does")
    if check or accept:
        _check(as_json) if check else _accept(as_json)
        return
    from msgspec import to_builtins

    from interlock.contracts import accepted, freshness
    from interlock.params import load
    from interlock.sources.refresh import refresh as pin
    from interlock.sources.spec import Tables, World

    usecase, tables, world = load("usecase.name", str), load("usecase.tables", Tables), load("usecase.world", World)
    with _progress(len(tables), hidden=as_json) as say:
        refreshed = pin(usecase, tables, world, say)
    accepted.begin(usecase)
    stale = freshness.look(datetime.now(UTC))
    if as_json:
        _print_json({**to_builtins(refreshed), "stale": stale})
        return
    _show(refreshed)
    for each in stale:
        click.echo(f"{each.found}\n  → {each.remedy}")


def _accept(as_json: bool) -> None:
    from interlock.contracts import accepted, reader
    from interlock.params import load
    from interlock.usecase import load_schema

    usecase, world = load("usecase.name", str), load("usecase.world.name", str)
    written = accepted.accept(usecase, world, [reader.read(table) for table in load_schema(usecase).tables.values()])
    path = accepted.place(usecase).as_posix()
    if as_json:
        _print_json({"accepted": path, "world": world, "written": written})
    else:
        click.echo(f"{path} is {'written: commit it to accept the snapshot' if written else 'up to date'}")


def _check(as_json: bool) -> None:
    from interlock.contracts import freshness
    from interlock.errors import SourceError
    from interlock.params import load
    from interlock.sources import pins
    from interlock.sources.looks import look
    from interlock.sources.spec import Tables

    found = look(load("usecase.tables", Tables), pins.load(load("usecase.name", str)), memory=None)
    findings: list[Finding | Stale] = [*found, *freshness.look(datetime.now(UTC))]
    if as_json:
        _print_json(findings)
    for finding in () if as_json else findings:
        click.echo(f"{finding.found}\n  → {finding.remedy}")
    if failed := [finding.table for finding in found if finding.kind != "note"]:
        raise SourceError(f"not as pinned: {', '.join(failed)}", pins.REFRESH)
    if old := [finding for finding in findings if finding.kind == "stale"]:
        raise SourceError(f"too old: {', '.join(finding.table for finding in old)}", old[0].remedy)
    if not as_json:
        click.echo("the sources are as pinned" if not found else "the sources that could be asked are as pinned")


def _print_json(found: object) -> None:
    from msgspec import to_builtins

    click.echo(json.dumps(to_builtins(found), indent=2, ensure_ascii=False))


@contextmanager
def _progress(total: int, *, hidden: bool) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=hidden or not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        begun: list[str] = []

        def say(table: str) -> None:
            progress.update(task, description=table, completed=len(begun))
            begun.append(table)

        yield say


def _show(refreshed: "Refreshed") -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    moved = [outcome for outcome in refreshed.tables if outcome.moved]
    if moved:
        console.print(_overview(refreshed.tables))
    for outcome in moved:
        console.print(f"{outcome.table}: {'pinned for the first time' if outcome.first else outcome.moved}", soft_wrap=True)
        if outcome.change and outcome.change.cells and outcome.change.cells.first:
            console.print(_cells(outcome.change.cells))
    if refreshed.note:
        console.print(f"note: {refreshed.note}", soft_wrap=True)
    console.print(f"{refreshed.pins} is {'written: commit it to accept the change' if refreshed.written else 'up to date'}", soft_wrap=True)


def _overview(outcomes: "list[Outcome]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("table", "source", "rows", "columns", "time span", "cells")
    for outcome in outcomes:
        state = "first pin" if outcome.first else "moved" if outcome.moved else "as pinned"
        told = _told(outcome.change) if outcome.change else ["", "", "", ""]
        table.add_row(*map(Text, [outcome.table, state, *told]))
    return table


def _told(change: "Change") -> list[str]:
    before, after = change.rows
    rows = f"{after:,}" if before in (None, after) else f"{before:,} → {after:,}"
    rows += f"\n+{change.new:,} −{change.gone:,}" if change.new or change.gone else ""
    columns = [f"+ {column}" for column in change.added] + [f"− {column}" for column in change.removed]
    columns += [f"{column} {was} → {now}" for column, (was, now) in change.types.items()]
    spans = [f"{column} {_span(was) + ' → ' if was else ''}{_span(now)}" for column, (was, now) in change.spans.items()]
    cells = f"{change.cells.changed:,} changed\nkeys +{change.cells.new:,} −{change.cells.gone:,}" if change.cells else ""
    same = "" if before is None else "same"
    return [rows, "\n".join(columns) or same, "\n".join(spans) or same, cells]


def _span(span: list[str] | None) -> str:
    return " to ".join(moment.removesuffix("+00:00") for moment in span) if span else "none"


def _cells(cells: "Cells") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from interlock.errors import printable

    more = cells.changed - len(cells.first)
    table = Table(*cells.key, "column", "before", "after", caption=f"and {more:,} more" if more else None)
    for cell in cells.first:
        texts = [*cell.key, cell.column, cell.before, cell.after]
        table.add_row(*(Text("null", style="dim") if text is None else Text(printable(text)) for text in texts))
    return table
