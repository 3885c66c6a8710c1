"""`interlock parity`: the holdout replayed through the online path, compared bit for bit."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from interlock.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from interlock.features.featureset import FeatureSet
    from interlock.features.parity import Result
    from interlock.features.stores.store import Store

DIFFERS = 1
SHARED = ("redis", "rediss", "unix")
NAMED = 3
FEATURES = Path("data/features")


@click.command
@click.option("--all", "every", is_flag=True, help="Every request of the test period, not a sample of stretches.")
@click.option("--limit", type=click.IntRange(min=1), help="With --all: the first so many requests alone.")
@click.option("--batch", type=click.IntRange(min=1), default=256, show_default=True, help="Requests in one call of the online path.")
@click.option(
    "--store", default="lmdb", show_default=True, help="lmdb, memory, or env:NAME for the address of a Redis server in a variable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def parity(every: bool, limit: int | None, batch: int, store: str, as_json: bool) -> None:
    """Replay the holdout through the online path, and compare every value.

    The store is filled as of the first request; what happened since comes in row by row, in the order of time. It is a
    store of its own, gone afterwards: one that serves is not touched. Exits with 1 where a value differs in a bit, a row is
    missing or extra, or nothing was compared, and names feature, request, both values and the history rows that only one
    side counted.

    \b
    Example:
      interlock parity                          the sample that the stage takes
      interlock parity --all                    the whole test period
      interlock parity --all --limit 10000 --store env:REDIS_URL
    """
    if limit and not every:
        raise click.UsageError("--limit goes with --all")
    from interlock import holdout, params
    from interlock.features import featureset
    from interlock.modeling.split import Split

    with own(store) as opened:
        features = featureset.read(FEATURES / "featureset.json")
        split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
        requests = holdout.test_rows(features, FEATURES, split)
        runs = [requests.head(limit) if limit else requests] if every else holdout.stretches(features, requests)
        result = compared(features, opened, runs, batch)
    found = result.report(features)
    click.echo(json.dumps(found, indent=2) if as_json else told(found, features))
    sys.exit(0 if result.equal else DIFFERS)


def compared(features: "FeatureSet", store: "Store", runs: "list[pl.DataFrame]", batch: int) -> "Result":
    """What comes of replaying each of `runs`, with a progress bar on a terminal."""
    from rich.progress import Progress

    from interlock import frames
    from interlock.contracts import ledger
    from interlock.features.parity import Parity, Result

    check, result = Parity(features, store, {name: ledger.valid(name) for name in features.tables}), Result()
    offline = frames.read(FEATURES / "features.parquet")
    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("replaying requests", total=sum(run.height for run in runs))
        for run in runs:
            check.check(run, offline, result, batch, lambda rows: progress.advance(bar, rows))
    return result


def told(found: dict[str, Any], features: "FeatureSet") -> str:
    """What a person reads of the result."""
    head = f"{found['rows']:,} requests × {found['features']} features = {found['compared']:,} values"
    if found["equal"]:
        return f"✓ {head}: 0 values differ, rows: 0 missing, 0 extra\n  feature set {features.fingerprint[:12]}: online and offline agree to the last bit"
    differing = f"{sum(found['by_feature'].values()):,} values differ" if found["rows"] else "nothing was compared"
    lines = [f"✗ {head}: {differing}, rows: {found['missing']:,} missing, {found['extra']:,} extra"]
    lines += [f"  {name:<24} {count:>9,} values differ" for name, count in sorted(found["by_feature"].items(), key=lambda item: -item[1])]
    return "\n".join([*lines, *(line for first in found["first"] for line in ["", *_first(first)])])


def _first(first: dict[str, Any]) -> Iterator[str]:
    """The first mismatch of a feature: where, both values, and what is behind it."""
    asked = ", ".join(f"{name} {value}" for name, value in first["request"].items())
    yield f"  {first['feature']}: {first['logic']}"
    yield f"    for {asked}: online {first['online']}, offline {first['offline']}"
    if "history" not in first:
        return
    place = f"{first['history']}, read by {first['through']}" if "through" in first else first["history"]
    for side in ("offline", "online"):
        if rows := first[f"only_{side}"]:
            more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
            yield f"    only {side} counted {', '.join(rows[:NAMED])}{more} of {place}"
    if not first["only_offline"] and not first["only_online"]:
        yield f"    both counted the same rows of {place} ({first['both']:,}): what they make of them differs"


@contextmanager
def own(store: str) -> "Iterator[Store]":
    """A new store of the kind, or on the server, that `store` says; it is gone when the block ends."""
    from interlock.features.stores.store import connect

    with TemporaryDirectory() as place:
        opened = connect(f"{store}:{place}" if store in {"lmdb", "memory"} else f"{_address(store)}#parity-{secrets.token_hex(8)}")
        try:
            yield opened
        finally:
            opened.clear()
            opened.close()


def _address(store: str) -> str:
    """The address of a server; as it may hold a password it comes from a variable, and no message says it."""
    kind, _, name = store.partition(":")
    if kind != "env" or not name.isidentifier():
        raise ConfigError("--store names no store", "write lmdb, memory, or env:NAME with the address of a server in the variable NAME")
    remedy = f"set it to an address such as redis://127.0.0.1:6379/0: export {name}=…"
    if not os.environ.get(name):
        raise ConfigError(f"the variable {name} is not set", remedy)
    address = os.environ[name].partition("#")[0]
    if address.partition(":")[0] not in SHARED:
        raise ConfigError(f"the variable {name} does not hold the address of a Redis server", remedy)
    return address
