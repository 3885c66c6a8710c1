"""Customers, what they did, and who left: three tables of a service that is paid by the month, the same every time.

Run as a script it writes them: `python -m tests.drafting.churn FOLDER`.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl

START, MONTHS = datetime(2023, 1, 1, tzinfo=UTC), 18
KINDS = ("login", "login", "login", "login", "payment", "ticket")
MOMENT = pl.Datetime("us", "UTC")


def tables(customers: int = 400) -> dict[str, pl.DataFrame]:
    """The tables by name. Who is unhappy logs in less and complains more, and leaves sooner."""
    random = Random(7)  # noqa: S311 - rows, not secrets
    people, labels = [], []
    events: list[tuple[object, ...]] = []
    for number in range(customers):
        name, signed_up = f"c{number:05}", START - timedelta(days=random.randint(1, 700), hours=random.randint(0, 23))
        people.append((name, signed_up, random.choice(["AT", "CH", "DE"]), random.choice(["basic", "basic", "pro"]), f"{name}@example.com"))
        unhappy = random.randint(0, 9)
        for month in range(MONTHS):
            asked = datetime(2023 + (month + 3) // 12, (month + 3) % 12 + 1, 1, tzinfo=UTC)
            before = asked - timedelta(days=30)
            for _ in range(random.randint(0, 3) + (9 - unhappy) // 3):
                at = before + timedelta(minutes=random.randint(0, 30 * 24 * 60 - 1))
                kind = "ticket" if random.randint(0, 19) < unhappy else random.choice(KINDS)
                events.append((len(events), name, at, kind, random.randint(500, 9900) if kind == "payment" else None))
            left = random.randint(0, 99) < 1 + unhappy * unhappy // 3
            labels.append((name, asked, int(left)))
            if left:
                break
            unhappy = min(9, max(0, unhappy + random.randint(-2, 2)))
    return {
        "customers": pl.DataFrame(people, ["customer_id", "signed_up", "country", "plan", "email"], orient="row").cast({"signed_up": MOMENT}),
        "events": pl.DataFrame(events, ["event_id", "customer_id", "ts", "kind", "cents"], orient="row", infer_schema_length=None).cast({"ts": MOMENT}),
        "labels": pl.DataFrame(labels, ["customer_id", "as_of", "churned"], orient="row").cast({"as_of": MOMENT}),
    }  # fmt: skip


def write(folder: Path, kind: str = "parquet", customers: int = 400) -> list[Path]:
    """The tables as files of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in tables(customers).items():
        paths.append(folder / f"{name}.{kind}")
        table.write_parquet(paths[-1]) if kind == "parquet" else table.write_csv(paths[-1], datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return paths


if __name__ == "__main__":
    write(Path(sys.argv[1]))
