"""`interlock store materialize`, `status` and `fold`: what the store holds."""

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from interlock.cli.store_place import features_of, moment_of, opened, say, shared, text_of
from interlock.errors import ContractError


@click.command
@click.option("--as-of", help="Fill it with what had been seen before this moment, such as 2013-10-15T04:00Z. Without: all there is.")
@shared
def materialize(as_of: str | None, place: str, log: Path, as_json: bool) -> None:
    """Fill the store from the valid tables, then with what the event log has beyond them.

    Whatever the store held is gone. It answers requests from that moment on.

    \b
    Example:
      interlock store materialize
      interlock store materialize --as-of 2013-10-15T04:00Z --store env:REDIS_URL
    """
    from interlock.contracts import ledger
    from interlock.features.eventlog import EventLog
    from interlock.features.feed import Feed
    from interlock.features.histories import history
    from interlock.features.state import State, end

    features = features_of()
    moment = None if as_of is None else moment_of(as_of)
    tables = {name: ledger.valid(name) for name in features.tables}
    with closing(EventLog(log)) as events, opened(place, new=True) as store:
        made = {name: history(features, name, tables) for name in features.histories}
        rows = State.of(features, store).materialize(tables, moment or end(made.values()), made)
        feed = Feed(features, store, events)
        found = {"rows": rows, "replayed": feed.log.end, "since": text_of(feed.state.meta().since)}
    say(
        found,
        as_json,
        [f"{sum(rows.values()):,} rows of {len(rows)} histories, {events.end:,} of the log; it answers from {found['since']} on"],
    )


@click.command
@shared
def status(place: str, log: Path, as_json: bool) -> None:
    """Show what the store holds, and how far it is.

    A watermark is the moment up to which a history is complete. It is stale where it is older than conf lets its table be.

    \b
    Example:
      interlock store status
    """
    from interlock.features import records
    from interlock.features.state import State
    from interlock.features.watermarks import told

    features = features_of()
    with opened(place) as store:
        meta, size = State.of(features, store).meta(), store.size()
    last = records.last(log)
    marks = told(features, meta, datetime.now().astimezone())
    found = {
        "features": meta.fingerprint, "since": text_of(meta.since), "position": meta.position, "log": last.position if last else 0,
        "entries": size.entries, "bytes": size.bytes, "watermarks": [asdict(mark) for mark in marks],
    }  # fmt: skip
    lines = [
        f"feature set {meta.fingerprint[:12]}, from {found['since']} on",
        f"position {meta.position:,} of {found['log']:,} in the log; {size.entries:,} entries, {size.bytes / 1e6:,.1f} MB",
    ]
    lines += [f"{mark.history:<16} complete up to {mark.complete}{' STALE' if mark.stale else ''}" for mark in marks]
    say(found, as_json, lines)


@click.command
@click.option("--now", help="The moment of the earliest request to come; without: the newest watermark.")
@shared
def fold(now: str | None, place: str, log: Path, as_json: bool) -> None:
    """Drop what no request from now on can read; no value changes.

    \b
    Example:
      interlock store fold
    """
    from interlock.features.eventlog import EventLog
    from interlock.features.fold import Fold
    from interlock.features.keys import micros
    from interlock.features.state import State

    with closing(EventLog(log)), opened(place) as store:
        state = State.of(features_of(), store)
        newest = max((mark for mark in state.meta().watermarks.values() if mark is not None), default=None)
        if now is None and newest is None:
            raise ContractError("no row has come in yet", "name the moment with --now")
        gone = Fold(state, micros(moment_of(now)) if now else newest or 0).run()
        found = {"gone": gone, "since": text_of(state.meta().since)}
    say(found, as_json, [f"{gone:,} entries went; it answers from {found['since']} on"])
