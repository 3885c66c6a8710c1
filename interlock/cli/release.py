"""`interlock release`: a commit's bundle becomes a version."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interlock.releases.release import Outcome


@click.command
@click.option("--bump", type=click.Choice(["major", "minor", "patch"]), help="Which number rises; without, what changed says it.")
@click.option("--dry-run", "dry", is_flag=True, help="Look at every check and the message, and tag nothing.")
@click.option("--push", is_flag=True, help="Push the tag; where somebody else was first it is taken back.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def release(bump: Any, *, dry: bool, push: bool, as_json: bool) -> None:
    """Make a version of the commit's bundle: an annotated tag, if every check holds.

    A tree without changes, a fresh dvc.lock, a bundle that proves itself, a verdict that passed (or waivers in git that still
    count), and no worse than what runs now on the same rows. The version follows from what changed: a contract that refuses
    what it took is major, another contract or feature set minor, another training a patch. What is released already stays as it
    is. Exits with the code of the first check that fails.

    \b
    Example:
      interlock release --dry-run
      interlock release
    """
    from datetime import UTC, datetime

    from interlock.params import load
    from interlock.releases.release import release as make

    found = make(load("usecase.name", str), bump, datetime.now(UTC).date(), dry=dry, push=push)
    click.echo(json.dumps(_told(found, dry), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(found, dry)))
    if found.error:
        click.echo(f"\nerror: {found.error}", err=True)
        sys.exit(found.error.exit_code)


def _lines(found: "Outcome", dry: bool) -> list[str]:
    from interlock.errors import printable

    width = max(len(check.name) for check in found.checks)
    lines = [
        printable(f"{'✗' if check.error else '!' if check.loud else '✓'} {check.name:<{width}}  {check.words}").replace("\n", " ")
        for check in found.checks
    ]
    if found.release is None or found.error:
        return lines
    tag = found.release.tag
    if found.already:
        return [*lines, "", f"This bundle is released as {tag} already.", f"  interlock promote {found.release.version}"]
    said = [f"{'Would be' if dry else 'Released'} {tag} ({found.why})", *(f"  {line}".rstrip() for line in found.message.splitlines()[1:])]
    public = [] if dry or found.pushed else [f"git push origin {tag}   # others see it"]
    then = ["interlock release"] if dry else [*public, f"interlock promote {found.release.version}"]
    return [*lines, "", *map(printable, said), "", "Next", *(f"  {line}" for line in then)]


def _told(found: "Outcome", dry: bool) -> dict[str, Any]:
    import msgspec

    checks = [{"name": check.name, "passed": check.error is None, "words": check.words} for check in found.checks]
    made = None if found.release is None or found.error else msgspec.to_builtins(found.release)
    return {"released": bool(made) and not dry, "already": found.already, "why": found.why, "checks": checks, "release": made}
