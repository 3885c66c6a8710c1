"""`interlock adopt`: keep a result."""

import re
from shlex import quote
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.adopting import Adopted

SWEEP = re.compile(r"sweep(?:#([0-9]{1,9}))?")


@click.command
@click.argument("experiment")
@click.option("--name", help="What to call it: small letters, digits and _. By default the experiment's own name.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def adopt(experiment: str, name: str | None, dry_run: bool, as_json: bool) -> None:
    """Make an experiment's result permanent.

    Writes conf/experiment/NAME.yaml with only what the experiment changed, selects it in conf/config.yaml, and composes
    params.yaml, which must come out as the experiment had it. EXPERIMENT is the name of a DVC experiment, a commit, or
    the best trial of the last sweep: `sweep`, another of them: `sweep#17`.

    \b
    Example:
      interlock adopt meaty-wind --name learns_slowly
      interlock adopt sweep
    """
    from interlock.adopting import adopt_experiment

    found = _of_sweep(experiment, name, dry_run) or adopt_experiment(experiment, name, dry=dry_run)
    _print_json(found, dry_run) if as_json else _show(found, dry_run)


def _of_sweep(experiment: str, name: str | None, dry: bool) -> "Adopted | None":
    if not (match := SWEEP.fullmatch(experiment)):
        return None
    from interlock.adopting import adopt as keep
    from interlock.sweeping.results import winner

    suggested, changes = winner(int(match[1]) if match[1] else None)
    return keep(name or suggested, changes, why=f"Found by interlock sweep: {suggested}.", dry=dry)


def _print_json(found: "Adopted", dry: bool) -> None:
    import json
    from dataclasses import asdict

    click.echo(json.dumps({**asdict(found), "written": not dry}, indent=2, ensure_ascii=False))


def _show(found: "Adopted", dry: bool) -> None:
    from interlock.cli.compose import spoken
    from interlock.errors import printable

    click.echo(f"{found.file} {'would be' if dry else 'is'} written, and selected in conf/config.yaml:\n")
    click.echo("".join(f"    {line}\n" for line in printable(found.content).splitlines()))
    if found.kept:
        click.echo(f"It includes the experiment {found.kept}.")
    click.echo(f"params.yaml: {spoken(found.keys)} {'would change' if dry else 'changed'}")
    for path in found.edited:
        command = f"git restore -s {str(found.commit)[:12]} -- {quote(path)}"
        click.echo(printable(f"The experiment also changed {path}, which conf does not say: {command}"))
    if not dry:
        click.echo("\nNext")
        click.echo("  make                                  # its outputs, out of DVC's cache where they are there")
        click.echo(f"  git add -A && git commit -m 'Adopt {found.name}'")
