"""`interlock parity`: the holdout replayed through the online path, compared bit for bit."""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from interlock.features.featureset import FeatureSet

DIFFERS = 1
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

    The store is filled as of the first request; what happened since comes in row by row, in the order of time. Exits with 1
    where a value differs in a bit, and names feature, request, both values and the history rows that only one side counted.

    \b
    Example:
      interlock parity                          the sample that the stage takes
      interlock parity --all                    the whole test period
      interlock parity --all --limit 10000 --store env:REDIS_URL
    """
    from rich.progress import Progress

    from interlock import frames, holdout, params
    from interlock.contracts import ledger
    from interlock.features import featureset
    from interlock.features.parity import Parity, Result
    from interlock.features.stores.store import connect
    from interlock.modeling.split import Split

    features = featureset.read(FEATURES / "featureset.json")
    split: Split = params.load("usecase.split", Split)  # type: ignore[arg-type] # a union is no type[T]
    requests = holdout.test_rows(features, FEATURES, split)
    runs = [requests.head(limit) if limit else requests] if every else holdout.stretches(features, requests)
    tables = {name: ledger.valid(name) for name in features.tables}
    offline, result = frames.read(FEATURES / "features.parquet"), Result()
    with TemporaryDirectory() as place, Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("replaying requests", total=sum(run.height for run in runs))
        opened = connect(_address(store, place))
        check = Parity(features, opened, tables)
        for run in runs:
            check.check(run, offline, result, batch, lambda rows: progress.advance(bar, rows))
        opened.close()
    found = result.report(features)
    click.echo(json.dumps(found, indent=2, default=str) if as_json else told(found, features))
    sys.exit(0 if result.equal else DIFFERS)


def told(found: dict[str, Any], features: "FeatureSet") -> str:
    """What a person reads of the result."""
    head = f"{found['rows']:,} requests × {found['features']} features = {found['values']:,} values"
    if found["equal"]:
        return f"✓ {head}: 0 mismatches, 0 missing, 0 extra\n  feature set {features.fingerprint[:12]}: online and offline agree to the last bit"
    lines = [f"✗ {head}: {found['mismatches']:,} mismatches, {found['missing']:,} missing, {found['extra']:,} extra"]
    lines += [f"  {name:<24} {count:>9,} values differ" for name, count in sorted(found["by_feature"].items(), key=lambda item: -item[1])]
    for first in found["first"]:
        asked = ", ".join(f"{name} {value}" for name, value in first["request"].items())
        lines += ["", f"  {first['feature']}: {first['logic']}", f"    for {asked}: online {first['online']}, offline {first['offline']}"]
        for side in ("offline", "online"):
            if rows := first.get(f"only_{side}"):
                more = f" and {len(rows) - 3:,} more" if len(rows) > 3 else ""
                lines.append(f"    only {side} counted {first['history']} {', '.join(rows[:3])}{more}")
    return "\n".join(lines)


def _address(store: str, place: str) -> str:
    """Where the store is: an address that may hold a password comes from a variable alone."""
    if store in {"lmdb", "memory"}:
        return f"{store}:{place}"
    kind, _, name = store.partition(":")
    if kind != "env":
        raise ConfigError(f"--store {store} is no store", "write lmdb, memory, or env:NAME with the address in the variable NAME")
    if name not in os.environ:
        raise ConfigError(f"the variable {name} is not set", f"set it to an address such as redis://127.0.0.1:6379/0: export {name}=…")
    return os.environ[name]
