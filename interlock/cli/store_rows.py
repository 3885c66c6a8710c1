"""`interlock store add`: rows that come in."""

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from interlock.cli.store_place import features_of, moment_of, opened, say, shared
from interlock.errors import ContractError, listed

BATCH = 5_000
REASONS = 5


@click.command
@click.argument("table")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option("--history", "histories", multiple=True, help="For this history of the table alone; may be repeated.")
@click.option(
    "--arrived", help="When the rows arrived; `available`: each when it was available, for rows that came by another way; without: now."
)
@shared
def add(table: str, file: Path, histories: tuple[str, ...], *, arrived: str | None, place: str, log: Path, as_json: bool) -> None:
    """Add rows of a source or a reference to the log and the store.

    FILE is Parquet, CSV, or JSON lines; - reads JSON lines from standard input. A row that is known already is passed over;
    one that breaks the contract of its table, is too late, or breaks what its history declares, is refused with the reason,
    and the others are taken: then the command exits with 5.

    \b
    Example:
      interlock store add flights landed.parquet
      interlock store add weather - < observed.ndjson
    """
    from interlock.contracts.answers import reasons
    from interlock.features import door, incoming
    from interlock.features.eventlog import EventLog
    from interlock.features.feed import Feed, read_of
    from interlock.features.taken import ADDED, DUPLICATE, REFUSED

    features, moment = features_of(), _arrival(arrived)
    read_of(features, table, histories or None)
    source, kind = (sys.stdin.buffer, ".ndjson") if str(file) == "-" else (file, file.suffix)
    came = incoming.read(source, kind, door.checker(features, table))
    refused: list[dict[str, Any]] = [{"part": table, "row": row, "reason": reason} for row, reason in reasons(came.errors).items()]
    counts: Counter[str] = Counter({ADDED: 0, DUPLICATE: 0, REFUSED: len(refused)})
    with closing(EventLog(log)) as events, opened(place) as store:
        feed = Feed(features, store, events)
        for at in range(0, came.rows.height, BATCH):
            report = feed.add(table, came.rows.slice(at, BATCH), moment, histories or None)
            counts.update(report.counts)
            bad = report.rows.filter(status=REFUSED)
            refused += bad.select("part", came.numbers.gather(bad["row"] + at).alias("row"), "reason").to_dicts()
    refused = sorted(refused, key=lambda each: each["row"])[:REASONS]
    told = [", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no rows"]
    told += [f"row {each['row']} ({each['part']}): {each['reason']}" for each in refused]
    told += [f"not in the contract of {table}, and left out: {_fields(came.unknown)}"] if came.unknown else []
    say({**counts, "position": events.end, "first_refused": refused, "left_out": list(came.unknown)}, as_json, told)
    if counts[REFUSED]:
        raise ContractError(f"{counts[REFUSED]:,} rows were refused", "the others are in; mend these and add them again")


def _arrival(said: str | None) -> datetime:
    if said == "available":
        return datetime.min.replace(tzinfo=UTC)
    return datetime.now(UTC) if said is None else moment_of(said)


def _fields(names: Sequence[str]) -> str:
    from interlock.contracts.fields import UNKNOWN

    least = "at least " if len(names) >= UNKNOWN else ""
    return f"{least}{len(names)} field{'s' if len(names) > 1 else ''} ({listed(names)})"
