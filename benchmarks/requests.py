"""What it costs to hold requests to their contract, beside what Pandera takes for the same rows.

    python -m benchmarks.requests [--repeats 500]

Batches of the flights' requests: as bytes of JSON, as parsed JSON, and as a typed frame, all of them good; and one with a
fault in every eighth row. Pandera checks the typed frame. Median and 99th percentile in microseconds. Needs the outputs of
`make`. Writes benchmarks/results/requests.json.
"""

import argparse
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec
import polars as pl

from interlock.contracts.microbatch import Checker
from interlock.features.contracting import contract
from interlock.files import write_json
from interlock.usecase import load_schema

RESULT = Path("benchmarks/results/requests.json")
REQUESTS = Path("data/features/requests.parquet")
SIZES = (1, 64, 1000)


def checking(size: int, repeats: int) -> dict[str, dict[str, float]]:
    """Microseconds to check a batch of `size` requests, by what it comes as."""
    request = load_schema("flights").request
    checker, frame = Checker(contract(request)), pl.read_parquet(REQUESTS, n_rows=size).select(list(request.types))
    rows = [msgspec.to_builtins(row) for row in frame.to_dicts()]
    body = msgspec.json.encode(rows)
    bad = msgspec.json.encode([{**row, "distance": "far"} if i % 8 == 7 else row for i, row in enumerate(rows)])
    if checker.body(body).errors or not checker.body(body).rows.equals(frame):
        raise AssertionError("the requests do not come out as they went in")
    return {
        "body": timed(lambda: checker.body(body), repeats),
        "parsed": timed(lambda: checker.rows(rows), repeats),
        "frame": timed(lambda: checker.frame(frame), repeats),
        "body_with_faults": timed(lambda: checker.body(bad), repeats),
        "pandera_frame": timed(lambda: request.model.validate(frame, lazy=True), max(repeats // 10, 10)),
    }


def timed(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    found = []
    for _ in range(repeats + 20):
        started = time.perf_counter()
        work()
        found.append(1e6 * (time.perf_counter() - started))
    return {"median": median(found[20:]), "p99": quantiles(found[20:], n=100)[98]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.requests", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=500, help="how often each figure is measured (default: 500)")
    repeats = parser.parse_args().repeats
    result = {"machine": platform.machine(), "python": platform.python_version(), "polars": pl.__version__}
    write_json(RESULT, {**result, "microseconds_of": {str(size): checking(size, repeats) for size in SIZES}})


if __name__ == "__main__":
    main()
