"""`interlock store add`: rows that come in."""

import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from interlock.cli.store_place import features_of, moment_of, opened, say, shared
from interlock.errors import ContractError

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
    one that is too late, or breaks what its history declares, is refused: then the command exits with 5.

    \b
    Example:
      interlock store add flights landed.parquet
      interlock store add weather - < observed.ndjson
    """
    import polars as pl

    from interlock.features import incoming
    from interlock.features.eventlog import EventLog
    from interlock.features.feed import Feed, read_of
    from interlock.features.taken import REFUSED

    features, moment = features_of(), _arrival(arrived)
    source, kind = (sys.stdin.buffer, ".ndjson") if str(file) == "-" else (file, file.suffix)
    rows = incoming.read(source, kind, read_of(features, table, histories or None))
    counts: Counter[str] = Counter()
    refused: list[dict[str, Any]] = []
    with closing(EventLog(log)) as events, opened(place) as store:
        feed = Feed(features, store, events)
        for at in range(0, rows.height, BATCH):
            report = feed.add(table, rows.slice(at, BATCH), moment, histories or None)
            counts.update(report.counts)
            bad = report.rows.filter(status=REFUSED).select("part", pl.col("row") + at, "reason")
            refused += bad.head(REASONS - len(refused)).to_dicts()
    told = [", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no rows"]
    told += [f"row {each['row']} ({each['part']}): {each['reason']}" for each in refused]
    say({**counts, "position": events.end, "first_refused": refused}, as_json, told)
    if counts[REFUSED]:
        raise ContractError(f"{counts[REFUSED]:,} rows were refused", "the others are in; mend these and add them again")


def _arrival(said: str | None) -> datetime:
    if said == "available":
        return datetime.min.replace(tzinfo=UTC)
    return datetime.now(UTC) if said is None else moment_of(said)
