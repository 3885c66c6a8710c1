"""`interlock run`: everything brought up to date, and the outcome. This is what `make` calls."""

import time
from textwrap import wrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.repro import Rerun

WIDTH = 90
NEXT = {
    "dvc exp run -S model.learning_rate=0.02": "try something; dvc exp show compares",
    "dvc metrics diff": "what changed since the commit; dvc plots show draws it",
    "interlock quarantine": "which rows were set aside, and why",
    "interlock features": "every feature: what it is, and how it is distributed",
    "interlock prove": "rebuild the commit in a clean clone, and compare every hash",
}


@click.command
def run() -> None:
    """Bring everything up to date, and print the outcome.

    Composes params.yaml where conf/ changed, looks whether a source moved since it was pinned, runs the stages whose
    inputs changed, and says what came out and how good it is. Exits with the exit code of a stage that fails.

    \b
    Example:
      interlock run
    """
    from interlock import compose, git, library
    from interlock.cli.compose import spoken
    from interlock.repro import repro

    started = time.monotonic()
    git.head()
    library.fits()
    if keys := compose.settle():
        click.echo(f"params.yaml: {spoken(keys)} changed in conf")
    moved = look()
    rerun = repro(lambda stage: click.echo(f"▸ {stage}"))
    show(rerun, time.monotonic() - started)
    for line in [*moved, *stale()]:
        click.echo(line, err=True)


def look() -> list[str]:
    """Warnings of sources that are not as pinned, printed at once, and returned to be said again at the end."""
    from interlock.params import load
    from interlock.sources import looks, pins
    from interlock.sources.spec import Tables

    findings = looks.look(load("usecase.tables", Tables), pins.load(load("usecase.name", str)))
    lines = [f"{finding.kind}: {finding.found}\n  → {finding.remedy}" for finding in findings]
    for line in lines:
        click.echo(line, err=True)
    return lines


def stale() -> list[str]:
    """Warnings of tables that are older than they may be."""
    from datetime import UTC, datetime

    from interlock.contracts import freshness

    return [f"{finding.kind}: {finding.found}\n  → {finding.remedy}" for finding in freshness.look(datetime.now(UTC))]


def show(rerun: "Rerun", seconds: float) -> None:
    """Print the outcome so that it reads well in a terminal and in a log."""
    from interlock import outcome

    facts = outcome.facts() | {"Ran": wrap(ran(rerun, seconds), WIDTH)}
    click.secho(f"\n{outcome.title()}\n", bold=True)
    for heading, line in outcome.rows(facts):
        click.echo("  " + click.style(heading, fg="cyan") + line)
    click.secho("\nNext", bold=True)
    longest = max(map(len, NEXT))
    for command, purpose in NEXT.items():
        click.echo(f"  {command.ljust(longest)}  " + click.style(f"# {purpose}", dim=True))


def ran(rerun: "Rerun", seconds: float) -> str:
    """Which stages ran and for how long; a number and its unit stay on one line."""
    stages = [f"{name}\N{NO-BREAK SPACE}{took:.1f}\N{NO-BREAK SPACE}s" for name, took in rerun.ran.items()]
    stages += [f"{name} from the cache" for name in rerun.restored]
    return f"{', '.join(stages) or 'nothing, all is up to date'}; {seconds:.1f}\N{NO-BREAK SPACE}s in all"
