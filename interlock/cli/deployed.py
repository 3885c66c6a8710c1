"""`interlock deployed`: what runs where, now or on any day."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.releases.deployments import Change, Deployment
    from interlock.releases.registry import Release


@click.command
@click.option("--at", "moment", metavar="DATE", help="What ran then: a moment with its zone, or the end of a day in UTC.")
@click.option("--history", is_flag=True, help="Every change, the latest first.")
@click.option("--versions", is_flag=True, help="Every release, the latest first.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def deployed(moment: str | None, *, history: bool, versions: bool, as_json: bool) -> None:
    """Say which version runs in which stage of life.

    Read from deployed.yaml and its history in git; a shallow clone, which hides some of it, is refused.

    \b
    Example:
      interlock deployed
      interlock deployed --at 2030-05-31
      interlock deployed --history
    """
    from interlock.params import load
    from interlock.releases import deployments, registry

    registry.whole()
    if sum(map(bool, (moment, history, versions))) > 1:
        raise click.UsageError("--at, --history and --versions are for themselves")
    if history:
        _say([_change(each) for each in deployments.history()], as_json, "nothing was ever deployed")
    elif versions:
        _say(
            [_release(each) for each in reversed(registry.Registry(load("usecase.name", str)).all())],
            as_json,
            "there is no release: interlock release",
        )
    else:
        found = deployments.at(_moment(moment)) if moment else deployments.now()
        _say(_stages(found), as_json, "nothing ran then" if moment else "nothing is deployed: interlock release, then interlock promote")


def _moment(text: str) -> datetime:
    from interlock.errors import ConfigError

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no moment", "write it as 2030-05-31, or 2030-05-31T12:00Z") from None
    if len(text) == len("2030-05-31"):
        return found.replace(hour=23, minute=59, second=59, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _stages(found: "Mapping[str, Deployment]") -> list[dict[str, Any]]:
    return [
        {"stage": name, "version": each.version, "commit": each.commit, "bundle": each.bundle, "reason": each.reason}
        for name, each in found.items()
    ]


def _change(change: "Change") -> dict[str, Any]:
    runs = None if change.deployed is None else {name: each.version for name, each in change.deployed.items()}
    return {
        "at": change.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": change.commit,
        "by": change.by,
        "change": change.subject,
        "runs": runs,
    }


def _release(release: "Release") -> dict[str, Any]:
    waived = ", ".join(waiver["gate"] for waiver in release.waivers)
    return {
        "version": release.tag,
        "commit": release.commit,
        "bundle": release.bundle,
        "verdict": release.verdict,
        "waived": waived,
        "kept": release.remote or "only local",
    }


def _say(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from interlock.errors import printable

    if not rows:
        click.echo(nothing)
        return
    texts = [{name: name for name in rows[0]}, *({name: _text(name, value) for name, value in row.items()} for row in rows)]
    widths = {name: max(len(row[name]) for row in texts) for name in texts[0]}
    for row in texts:
        click.echo(printable("  ".join(text.ljust(widths[name]) for name, text in row.items()).rstrip()))


def _text(name: str, value: Any) -> str:
    """A cell: a hash by its first digits, what ran by stage, or that it cannot be read."""
    if value is None:
        return "deployed.yaml cannot be read"
    if isinstance(value, dict):
        return ", ".join(f"{stage} {version.partition('@')[2]}" for stage, version in value.items()) or "nothing"
    return str(value)[:12] if name in {"commit", "bundle"} else " ".join(str(value).split())
