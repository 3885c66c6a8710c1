"""What holding a table to its contract costs, beside the same rules written by hand.

    python -m benchmarks.contracts [--rows 10000000] [--repeats 5]

Twenty columns and 25 rules over one row, three of them across columns; one row in a few thousand breaks one. By hand: one
query of Polars that evaluates the same conditions and collects which row breaks which. The rows found are compared. And
the whole of the stage `validate`, which also counts each column over the bins that were accepted: no part of the comparison.
Each runs in a process of its own, from a Parquet file. Writes benchmarks/results/contracts.json.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import pandera.polars as pa
import polars as pl

from interlock.contracts.check import check
from interlock.contracts.profile import profile
from interlock.contracts.reader import read
from interlock.frames import ROW
from interlock.terms import row
from interlock.usecase import Utc, col, source, table_of
from stages.validate import validate

RESULT = Path("benchmarks/results/contracts.json")
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
KINDS = ["card", "cash", "transfer", "voucher"]
PATTERN = "^[A-Z]{2}[0-9]{4}"
Broken = dict[str, pl.Series]


@source(rules=[
    row("shipped_after_ordered", col("shipped") >= col("ordered")),
    row("paid_is_price_less_discount", col("paid") <= col("price")),
    row("returned_of_sold", col("returned") <= col("quantity")),
])  # fmt: skip
class Orders(pa.DataFrameModel):
    """Twenty columns: numbers of two kinds, texts, moments."""

    quantity: pl.Int32 = pa.Field(ge=1, le=500, nullable=True)
    returned: pl.Int32 = pa.Field(ge=0, le=500, nullable=True)
    items: pl.Int32 = pa.Field(ge=1, le=99, nullable=True)
    age: pl.Int32 = pa.Field(ge=16, le=110, nullable=True)
    store: pl.Int32 = pa.Field(ge=1, le=900, nullable=True)
    clerk: pl.Int32 = pa.Field(ge=1, le=9000, nullable=True)
    price: float = pa.Field(in_range={"min_value": 0, "max_value": 10_000}, nullable=True)
    paid: float = pa.Field(in_range={"min_value": 0, "max_value": 10_000}, nullable=True)
    weight: float = pa.Field(in_range={"min_value": 0, "max_value": 500}, nullable=True)
    latitude: float = pa.Field(in_range={"min_value": -90, "max_value": 90}, nullable=True)
    longitude: float = pa.Field(in_range={"min_value": -180, "max_value": 180}, nullable=True)
    kind: str = pa.Field(isin=KINDS, nullable=True)
    backup: str = pa.Field(isin=KINDS, nullable=True)
    country: str = pa.Field(str_length={"min_value": 2, "max_value": 2}, nullable=True)
    code: str = pa.Field(str_matches=PATTERN, nullable=True)
    ordered: Utc = pa.Field(ge=START, nullable=True)
    shipped: Utc = pa.Field(nullable=True)
    gift: bool = pa.Field(nullable=True)
    score: float = pa.Field(nullable=True)
    note: str = pa.Field(nullable=True)


def made(path: Path, rows: int) -> None:
    """Write a table of so many rows, batch by batch: numbers without pattern, one in some thousands of them out of bounds."""

    def drawn(salt: int, until: int) -> pl.Expr:
        return (pl.col(ROW) * 1_103_515_245 + 12_345 * salt).hash(salt) % until

    def number(salt: int, low: int, high: int) -> pl.Expr:
        return pl.when(drawn(salt + 50, 30_000) == 0).then(high + 1).otherwise(drawn(salt, high - low + 1).cast(pl.Int64) + low)

    whole = {name: number(salt, low, high).cast(pl.Int32) for salt, (name, low, high) in enumerate(
        [("quantity", 250, 500), ("returned", 0, 249), ("items", 1, 99), ("age", 16, 110), ("store", 1, 900), ("clerk", 1, 9000)])}  # fmt: skip
    real = {name: number(salt, low * 100, high * 100) / 100 for salt, (name, low, high) in enumerate(
        [("price", 5000, 10_000), ("paid", 0, 4_999), ("weight", 0, 500), ("latitude", -90, 90), ("longitude", -180, 180)], 10)}  # fmt: skip
    texts = {
        "kind": _one_of(KINDS, drawn(20, 30_000), drawn(21, 4)), "backup": _one_of(KINDS, drawn(22, 30_000), drawn(23, 4)),
        "country": _one_of(["DE", "CH", "AT", "FR"], drawn(24, 30_000), drawn(25, 4)),
        "code": pl.format("{}{}", _one_of(["AB", "XY", "CH", "DE"], drawn(26, 30_000), drawn(27, 4)), drawn(28, 9000) + 1000),
        "note": _one_of(["", "urgent", "fragile", "call first"], drawn(29, 30_000), drawn(30, 4)),
    }  # fmt: skip
    minutes = drawn(31, 500_000).cast(pl.Int64)
    ordered = pl.lit(START, pl.Datetime("us", "UTC")) + pl.duration(minutes=minutes)
    later = pl.when(drawn(32, 30_000) == 0).then(-1).otherwise(drawn(33, 9000).cast(pl.Int64))
    times = {"ordered": ordered, "shipped": ordered + pl.duration(minutes=later)}
    others = {"gift": drawn(34, 2) == 0, "score": drawn(35, 1000) / 1000}
    numbers = pl.LazyFrame().select(pl.int_range(rows, dtype=pl.Int64).alias(ROW))
    columns = {**whole, **real, **texts, **times, **others}
    numbers.select(*(columns[name].alias(name) for name in table_of(Orders).types), ROW).sink_parquet(path, row_group_size=131_072)


def _one_of(texts: list[str], fault: pl.Expr, which: pl.Expr) -> pl.Expr:
    made = pl.lit(texts[-1])
    for number, text in enumerate(texts[:-1]):
        made = pl.when(which == number).then(pl.lit(text)).otherwise(made)
    return pl.when(fault == 0).then(pl.lit("?")).otherwise(made)


def ours(path: Path) -> Broken:
    """The rows that break each rule, by its name and column."""
    found = check(read(table_of(Orders)), pl.scan_parquet(path)).ledger
    return {f"{rule} {column}": rows[ROW] for (rule, column), rows in found.group_by("rule", "column", maintain_order=True)}


def by_hand(path: Path) -> Broken:
    """The same by one query: which row breaks which condition."""
    conditions = {
        "greater_than_or_equal_to(1) quantity": col("quantity") < 1,
        "less_than_or_equal_to(500) quantity": col("quantity") > 500,
        "greater_than_or_equal_to(0) returned": col("returned") < 0,
        "less_than_or_equal_to(500) returned": col("returned") > 500,
        "greater_than_or_equal_to(1) items": col("items") < 1,
        "less_than_or_equal_to(99) items": col("items") > 99,
        "greater_than_or_equal_to(16) age": col("age") < 16,
        "less_than_or_equal_to(110) age": col("age") > 110,
        "greater_than_or_equal_to(1) store": col("store") < 1,
        "less_than_or_equal_to(900) store": col("store") > 900,
        "greater_than_or_equal_to(1) clerk": col("clerk") < 1,
        "less_than_or_equal_to(9000) clerk": col("clerk") > 9000,
        "in_range(0, 10000) price": ~col("price").is_between(0, 10_000),
        "in_range(0, 10000) paid": ~col("paid").is_between(0, 10_000),
        "in_range(0, 500) weight": ~col("weight").is_between(0, 500),
        "in_range(-90, 90) latitude": ~col("latitude").is_between(-90, 90),
        "in_range(-180, 180) longitude": ~col("longitude").is_between(-180, 180),
        f"isin({KINDS}) kind": ~col("kind").is_in(KINDS),
        f"isin({KINDS}) backup": ~col("backup").is_in(KINDS),
        "str_length(2, 2) country": col("country").str.len_chars() != 2,
        f"str_matches('{PATTERN}') code": ~col("code").str.contains(PATTERN),
        f"greater_than_or_equal_to({START}) ordered": col("ordered") < START,
        "shipped_after_ordered shipped, ordered": col("shipped") < col("ordered"),
        "paid_is_price_less_discount paid, price": col("paid") > col("price"),
        "returned_of_sold returned, quantity": col("returned") > col("quantity"),
    }
    told = pl.scan_parquet(path).select(ROW, **conditions).filter(pl.any_horizontal(*conditions)).collect(engine="streaming")
    return {name: rows for name in conditions if (rows := told.filter(pl.col(name))[ROW]).len()}


def whole(path: Path) -> Broken:
    """The whole stage but for its files: the check, what a report says of each column against an accepted profile, counts that add up."""
    contract, rows = read(table_of(Orders)), pl.scan_parquet(path)
    known = {"orders": profile(rows.head(100_000), list(contract.types), plain=contract.keys)}
    ledgers, _ = validate({"orders": contract}, {"orders": rows}, known, "full", "shop")
    return {f"{rule} {column}": rows[ROW] for (rule, column), rows in ledgers["orders"].group_by("rule", "column", maintain_order=True)}


WORKS: dict[str, Callable[[Path], Broken]] = {"ours": ours, "by_hand": by_hand, "whole": whole}


def measured(name: str, path: Path) -> dict[str, Any]:
    """Seconds in this process, once it is warm, its peak memory in MB, and what was found."""
    WORKS[name](path)
    started = time.perf_counter()
    found = WORKS[name](path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "mb": peak, "found": {rule: rows.sort().to_list() for rule, rows in sorted(found.items())}}


def _apart(name: str, path: Path, rows: int = 0) -> Any:
    """What a process of its own says: this one stays small, since a process begins with the peak of the one that started it."""
    command = [sys.executable, "-m", "benchmarks.contracts", "--only", name, "--path", str(path), "--rows", str(rows)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def compared(rows: int, repeats: int) -> dict[str, float]:
    """Each over the same file, in turns, since machines are noisy; raises AssertionError where they find different rows."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        _apart("made", path, rows)
        runs = [[_apart(name, path) for name in ("by_hand", "ours", "whole")] for _ in range(repeats)]
    assert all(hand["found"] == mine["found"] == stage["found"] != {} for hand, mine, stage in runs)
    hand, mine, stage = (median(run[side]["seconds"] for run in runs) for side in range(3))
    peaks = [max(run[side]["mb"] for run in runs) for side in range(3)]
    return {"rows": rows, "seconds": mine, "by_hand_seconds": hand, "ratio": mine / hand, "mb": peaks[1], "by_hand_mb": peaks[0],
            "stage_seconds": stage, "stage_mb": peaks[2]}  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.contracts", description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--rows", type=int, default=10_000_000, help="rows of the generated table (default: 10,000,000)")
    asked.add_argument("--repeats", type=int, default=5, help="how often each is run (default: 5)")
    asked.add_argument("--only", choices=[*WORKS, "made"], help=argparse.SUPPRESS)
    asked.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    said = asked.parse_args()
    if said.only == "made":
        made(said.path, said.rows)
    if said.only:
        print(json.dumps(measured(said.only, said.path) if said.only in WORKS else {}))
        return
    figures = {"full": compared(said.rows, said.repeats), "quarter": compared(said.rows // 4, said.repeats)}
    machine = {"python": platform.python_version(), "polars": pl.__version__, "processor": platform.machine()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
