"""`interlock check`: whether what is generated, pinned or locked is up to date."""

import sys
from collections.abc import Callable

import click

from interlock.errors import ArtifactError, InterlockError, SourceError


@click.command
def check() -> None:
    """Check that params, pins, sources and dvc.lock are up to date.

    Runs no stage and writes nothing. Goes through all of the checks, and exits with the code of the first that fails.

    \b
    Example:
      interlock check
    """
    failures = [error for name, look in CHECKS.items() if (error := _failure(name, look))]
    sys.exit(failures[0].exit_code if failures else 0)


def _failure(name: str, look: Callable[[], None]) -> InterlockError | None:
    try:
        look()
    except InterlockError as error:
        click.echo(f"✗ {name}\n{error}\n")
        return error
    click.echo(f"✓ {name}")
    return None


def _params() -> None:
    from interlock import compose

    compose.check()


def _pins() -> None:
    from interlock import pins

    pins.check()


def _sources() -> None:
    from interlock.params import load
    from interlock.sources import looks, pins
    from interlock.sources.spec import Tables

    findings = looks.look(load("usecase.tables", Tables), pins.load(load("usecase.name", str)), memory=None)
    if serious := [finding for finding in findings if finding.kind != "note"]:
        raise SourceError("\n".join(finding.found for finding in serious), serious[0].remedy)


def _ages() -> None:
    from datetime import UTC, datetime

    from interlock.contracts import freshness

    if serious := [finding for finding in freshness.look(datetime.now(UTC)) if finding.kind != "note"]:
        raise SourceError("\n".join(finding.found for finding in serious), serious[0].remedy)


def _lock() -> None:
    from interlock.repro import stale

    if stages := stale():
        raise ArtifactError(
            f"dvc.lock is older than what it was made from; to run are: {', '.join(stages)}", "run: make, then commit dvc.lock"
        )


CHECKS = {
    "params.yaml is what conf/ composes to": _params,
    "pins.yaml is what requirements.txt says": _pins,
    "the sources are as pinned": _sources,
    "no table is older than it may be": _ages,
    "dvc.lock is fresh": _lock,
}
