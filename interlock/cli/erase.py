"""`interlock erase`: what the logs hold of an entity, or for longer than they may, goes for good."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.logs import placed
from interlock.cli.store_place import FEATURES, say
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from interlock.features.eventlog import Verdict
    from interlock.lineage.reached import Held
    from interlock.serving.entity import Entity

REMAINS = (
    "What this does not reach: source rows, features and bundles that git and DVC keep of earlier commits (take the rows out of the "
    "source, run again, release, then dvc gc in the cache and on each remote); the online store, until interlock store materialize; "
    "files that interlock score wrote, with what was rejected in *.rejected.ndjson beside them; files of requests; pages of "
    "interlock trace --html, in reports/ or elsewhere; copies in .interlock/past (delete that folder), and backups."
)


@click.command
@click.argument("entity", metavar="[COLUMN=VALUE]...", nargs=-1)
@click.option("--expired", is_flag=True, help="Every prediction that is older than usecase.retention.")
@click.option("--yes", is_flag=True, help="Do it. Without: only say what would go.")
@placed
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def erase(entity: tuple[str, ...], *, expired: bool, yes: bool, log: Path, events: Path, as_json: bool) -> None:
    """Take an entity's payloads out of the prediction log and the event log, or those of expired predictions.

    An entity is one value of a column; of several columns, what has all of the values, and of one column given twice, what has
    either. The chains of both logs stay whole, and say of each place that it was erased. It also says which features, models
    and releases the entity has reached, and what stays elsewhere.

    \b
    Example:
      interlock erase customer_id=c17
      interlock erase customer_id=c17 --yes
      interlock erase --expired --yes
    """
    if bool(entity) == expired:
        raise click.UsageError("give COLUMN=VALUE, or --expired")
    from interlock.serving import erasing

    with erasing.writers((log, events) if yes else ()) as opened:
        found = _expired(log) if expired else _of(entity, log, events)
        places = {"predictions": found.pop("positions"), "events": found.pop("event_positions", [])}
        told: dict[str, Any] = {"erased": yes, **{name: len(positions) for name, positions in places.items()}, **found}
        lines = list(_lines(told, yes=yes))
        if yes:
            verdicts = {name: erasing.erase(each, places[name]) for name, each in zip(places, opened, strict=True)}
            told["whole"] = {name: verdict.broken is None for name, verdict in verdicts.items()}
            lines += _whole(verdicts)
    say(told, as_json, lines)


def _whole(verdicts: Mapping[str, "Verdict"]) -> Iterator[str]:
    for name, found in verdicts.items():
        if found.broken is None:
            yield f"the log of {name} is whole: {found.records:,} records, {found.erased:,} erased"
        else:
            yield f"THE LOG OF {name} IS DAMAGED at position {found.broken}: {found.reason}"


def _expired(log: Path) -> dict[str, Any]:
    from interlock.serving import erasing, retention

    length = retention.kept()
    if length is None:
        raise ConfigError("usecase.retention is not declared: nothing expires", "say it in conf/usecase/, such as retention: 400d")
    return {"positions": erasing.before(log, time.time_ns() // 1000 - length)}


def _of(texts: tuple[str, ...], log: Path, events: Path) -> dict[str, Any]:
    """The positions that hold an entity, and where else it is."""
    from interlock.features import featureset
    from interlock.lineage.reached import held
    from interlock.params import load
    from interlock.releases.registry import Registry
    from interlock.serving import erasing, pages
    from interlock.serving.entity import Entity

    entity, features = Entity.of(texts), featureset.read(FEATURES)
    called = erasing.names(features, entity)
    _known(entity, called, set(features.request.types))
    erasing.checked(features, entity, called)
    releases, bad = Registry(load("usecase.name", str)).sound()
    return {
        "positions": erasing.in_predictions(log, entity, features),
        "event_positions": erasing.in_events(events, entity, called, features),
        "tables": sorted(called),
        "features": erasing.reached(features, called),
        "releases": [_told(each) for each in held(releases, entity, called)],
        "bad": bad,
        "pages": [page.as_posix() for page in pages.showing(entity)],
        "remains": REMAINS,
    }


def _known(entity: "Entity", called: dict[str, Any], asked: set[str]) -> None:
    """Raise ConfigError where no table and no request has the columns: a slip of the pen would say that there is nothing."""
    if not called and not set(entity.values) <= asked:
        raise ConfigError(
            f"neither requests nor a table that features read have {', '.join(entity.values)}", f"a request has: {', '.join(sorted(asked))}"
        )


def _told(held: "Held") -> dict[str, Any]:
    return {"version": held.tag, "learned": held.learned, "rows": held.rows, "unseen": held.unseen}


def _lines(told: dict[str, Any], *, yes: bool) -> Iterator[str]:
    verb = "erased" if yes else "would be erased (nothing is, without --yes)"
    yield f"{told['predictions']:,} predictions and {told['events']:,} events {verb}"
    if "features" not in told:
        return
    yield f"tables with these columns: {', '.join(told['tables']) or 'none'}"
    yield f"features that its rows have a part in: {', '.join(told['features']) or 'none'}"
    for each in told["releases"]:
        yield from _release(each)
    yield from (f"not looked at, and it may hold rows of it: {why}" for why in told["bad"])
    yield from (f"{page} shows it, and stays: delete it" for page in told["pages"])
    yield told["remains"]


def _release(each: dict[str, Any]) -> Iterator[str]:
    from interlock.lineage.reached import KEPT

    rows = [f"{KEPT[path]} ({', '.join(f'{name} {count:,}' for name, count in found.items())})" for path, found in each["rows"].items()]
    yield f"{each['version']}: {'; '.join(rows) or 'no rows of it'}{'; its model may have learned from them' if each['learned'] else ''}"
    yield from (f"{each['version']}: {path} could not be looked at: {why}" for path, why in each["unseen"].items())
