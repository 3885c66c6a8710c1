"""`interlock check`: whether what is generated, pinned, locked and pushed is up to date."""

import json
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.checks import Found


@click.command
@click.option("--fast", is_flag=True, help="Only what needs neither data nor a network: what pre-commit runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(fast: bool, as_json: bool) -> None:
    """Check that all that is generated, pinned, locked and pushed is up to date.

    Runs no stage and writes nothing. Goes through all of the checks, says of each that fails which command mends it, and
    exits with the code of the first that fails. A network is used only where a source or the DVC remote is on one.

    \b
    Example:
      interlock check
      interlock check --fast    before a commit
    """
    from interlock import checks

    found = []
    for each in checks.every(fast=fast):
        started = time.monotonic()
        found.append(checks.found(each))
        if not as_json:
            _show(found[-1], time.monotonic() - started)
    if as_json:
        click.echo(json.dumps([_record(each) for each in found], indent=2, ensure_ascii=False))
    failed = [each.error for each in found if each.error]
    sys.exit(failed[0].exit_code if failed else 0)


def _show(found: "Found", seconds: float) -> None:
    from interlock.errors import printable

    sign, colour = ("✗", "red") if found.error else ("!", "yellow") if found.remark else ("✓", "green")
    click.echo(f"{click.style(sign, fg=colour)} {found.check.claim}" + click.style(f"  {seconds:.1f} s", dim=True))
    if found.error:
        click.echo(f"{found.error}\n")
    for line in (found.remark or "").splitlines():
        click.echo(f"  {printable(line)}")


def _record(found: "Found") -> dict[str, str | None]:
    error = found.error
    verdict = "fail" if error else "note" if found.remark else "pass"
    said = {"found": error.found, "remedy": error.remedy} if error else {"found": found.remark, "remedy": None}
    return {"check": found.check.name, "claim": found.check.claim, "verdict": verdict, **said}
