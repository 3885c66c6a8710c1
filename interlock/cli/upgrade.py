"""`interlock upgrade`: a newer library for a team's own project."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.plain import plain

if TYPE_CHECKING:
    from interlock.scaffold.upgrade import Upgrade

NEXT = {"make": "set up the environment, and run what is stale", "git diff": "what changed", "make check": "that all of it fits"}


@click.command
@click.argument("wheel", type=click.Path(path_type=Path))
@click.option("--overwrite", multiple=True, metavar="FILE", help="Take the new version of a file that was edited; the edit is lost.")
@click.option("--keep", multiple=True, metavar="FILE", help="Leave a file that was edited as it is.")
@click.option("--downgrade", is_flag=True, help="Allow an older version.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def upgrade(wheel: Path, overwrite: tuple[str, ...], keep: tuple[str, ...], downgrade: bool, dry_run: bool, as_json: bool) -> None:
    """Bring a newer library into this project.

    Puts WHEEL into vendor/ with its hash, and renews what the library writes: stages, dvc.yaml, Makefile, installer,
    requirements.txt and pins.yaml. Nothing of the wheel is run: the next make installs it. Files that somebody edited are
    shown with the difference and refused, all of the change with them. Your use case and conf/ are not touched.

    \b
    Example:
      interlock upgrade ~/Downloads/interlock-0.2.0-py3-none-any.whl --dry-run
      interlock upgrade ~/Downloads/interlock-0.2.0-py3-none-any.whl
    """
    from interlock.scaffold.upgrade import apply, plan

    planned = plan(wheel, overwrite=overwrite, keep=keep, downgrade=downgrade)
    click.echo(_json(planned) if as_json else "\n".join(report(planned)))
    if planned.edited or not dry_run:
        apply(planned)
    if not as_json:
        click.echo("\n".join(_after(planned, dry_run=dry_run)))


def report(planned: "Upgrade") -> list[str]:
    """What a person reads of an upgrade."""
    lines = [f"interlock {planned.before} → {planned.after}, {planned.sha256[:12]}"]
    if planned.edited:
        return lines + [line for name, diff in planned.edited.items() for line in _edit(name, diff)]
    said = {
        "writes": [name for name, content in planned.changes.items() if content is not None],
        "removes": [name for name, content in planned.changes.items() if content is None],
        "keeps": planned.kept,
        "reruns": planned.reruns or ["no stage"],
        "packages": [f"{name} {old or 'none'} → {new or 'none'}" for name, (old, new) in planned.packages.items()],
    }
    return lines + [f"  {heading:<9} {plain(', '.join(names))}" for heading, names in said.items() if names]


def _edit(name: str, difference: str) -> list[str]:
    return ["", f"✗ {plain(name)} was edited; to take the library's:", *(plain(line.expandtabs(4)) for line in difference.splitlines())]


def _after(planned: "Upgrade", *, dry_run: bool) -> list[str]:
    if dry_run:
        return ["nothing is changed: --dry-run"]
    relock = [f"  make lock  # your own packages were locked beside other versions: {', '.join(planned.own)}"] if planned.own else []
    return ["next:", *relock, *(f"  {command:<10} # {purpose}" for command, purpose in NEXT.items())]


def _json(planned: "Upgrade") -> str:
    names = {"before": planned.before, "after": planned.after, "sha256": planned.sha256, "changes": sorted(planned.changes)}
    rest = {"edited": planned.edited, "kept": planned.kept, "reruns": planned.reruns, "packages": planned.packages, "own": planned.own}
    return json.dumps({**names, **rest}, indent=2)
