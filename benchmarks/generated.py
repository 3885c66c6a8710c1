"""A generated history and its requests, with three windows on one key, and the same in DuckDB and pandas."""

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd  # type: ignore[import-untyped] # its stubs are not installed
import pandera.polars as pa
import polars as pl

from interlock.features import collect, offline
from interlock.features.declare import view
from interlock.features.featureset import FeatureSet
from interlock.usecase import Schema, Utc, history, request, table_of

YEAR, HOUR = 365 * 86_400 * 10**6, 3_600 * 10**6
NAMES = ["count_7d", "mean_30d", "std_90d"]

# Running totals and as-of joins, the algorithm of interlock.
TOTALS = """
with units as (select entity, "at", seen, round(amount * 100)::bigint as u from events),
timed as (select entity, "at", count(*) over w as n, sum(u) over w as s, sum(u::hugeint * u) over w as q from units
          window w as (partition by entity order by "at" rows unbounded preceding)),
known as (select entity, seen, count(*) over w as n, sum(u) over w as s, sum(u::hugeint * u) over w as q from units
          window w as (partition by entity order by seen rows unbounded preceding)),
up as (select r.*, coalesce(b.n, 0) as n, coalesce(b.s, 0) as s, coalesce(b.q, 0) as q
       from requests r asof left join known b on r.entity = b.entity and r.as_of > b.seen),
a as (select r.number, coalesce(b.n, 0) as n from requests r
      asof left join timed b on r.entity = b.entity and r.as_of - interval 7 day > b."at"),
b as (select r.number, coalesce(b.n, 0) as n, coalesce(b.s, 0) as s from requests r
      asof left join timed b on r.entity = b.entity and r.as_of - interval 30 day > b."at"),
c as (select r.number, coalesce(b.n, 0) as n, coalesce(b.s, 0) as s, coalesce(b.q, 0) as q from requests r
      asof left join timed b on r.entity = b.entity and r.as_of - interval 90 day > b."at")
select number, up.n - a.n as count_7d, (up.s - b.s) / 100.0 / nullif(up.n - b.n, 0) as mean_30d,
       sqrt(((up.n - c.n) * (up.q - c.q) - (up.s - c.s)::hugeint * (up.s - c.s))::double
            / nullif((up.n - c.n) * (up.n - c.n - 1), 0)) / 100 as std_90d
from up join a using (number) join b using (number) join c using (number) order by number
"""
# The join over a range that one would write first.
RANGE = """
select r.number, count(e."at") filter (e."at" >= r.as_of - interval 7 day) as count_7d,
       avg(e.amount) filter (e."at" >= r.as_of - interval 30 day) as mean_30d, stddev_samp(e.amount) as std_90d
from requests r left join events e
  on e.entity = r.entity and e."at" >= r.as_of - interval 90 day and e."at" < r.as_of and e.seen < r.as_of
group by r.number order by r.number
"""


@history(by="entity", id="event", time="at", available="seen", lateness="1h")
class Events(pa.DataFrameModel):
    event: int
    entity: int
    at: Utc
    seen: Utc
    amount: float = pa.Field(ge=-1e6, le=1e6)


@request(by="number")
class Request(pa.DataFrameModel):
    number: int
    entity: int
    as_of: Utc


def declared() -> FeatureSet:
    rows, table = view(Events), table_of(Events)
    assert table.history is not None
    features = {
        "count_7d": rows.count("7d", "Rows in a week"),
        "mean_30d": rows.mean("amount", "30d", "Mean in a month", places=2),
        "std_90d": rows.std("amount", "90d", "Spread in a quarter", places=2),
    }
    return collect.collect(Schema({"events": table}, {"Events": table.history}, table_of(Request)), features, __file__)


def made(rows: int, entities: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A year of `rows` events of so many entities, a tenth of them up to an hour late, and a tenth as many requests."""
    random = np.random.default_rng(7)
    at = np.sort(random.integers(0, YEAR, rows))
    late = np.where(random.random(rows) < 0.1, random.integers(0, HOUR, rows), 0)
    amount = np.round(random.gamma(2, 50, rows), 2)
    events = pl.DataFrame(
        {"event": np.arange(rows), "entity": random.integers(0, entities, rows), "at": at, "seen": at + late, "amount": amount}
    )
    asked = np.sort(random.integers(0, YEAR, rows // 10))
    requests = pl.DataFrame({"number": np.arange(asked.size), "entity": random.integers(0, entities, asked.size), "as_of": asked})
    utc = pl.Datetime("us", "UTC")
    return events.with_columns(pl.col("at", "seen").cast(utc)), requests.with_columns(pl.col("as_of").cast(utc))


def ours(events: pl.DataFrame, requests: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    features = declared()
    return lambda: offline.compute(features, requests, {"events": events.lazy()}).select(NAMES)


def in_duckdb(events: pl.DataFrame, requests: pl.DataFrame, query: str) -> Callable[[], pl.DataFrame]:
    connection = duckdb.connect(config={"threads": 2})
    for name, frame in (("events", events), ("requests", requests)):
        plain = frame.with_columns(pl.selectors.datetime().dt.replace_time_zone(None))
        connection.register("given", {column: plain[column].to_numpy() for column in plain.columns})
        connection.execute(f"create table {name} as from given")
        connection.unregister("given")

    def run() -> pl.DataFrame:
        found = connection.execute(query).fetchnumpy()
        return pl.DataFrame({name: np.ma.filled(found[name].astype(float), np.nan) for name in NAMES})

    return run


def in_pandas(events: pl.DataFrame, requests: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    """What one would write first: every request beside every row of its entity, those that it may see, and groups of them."""
    rows, asked = _pandas(events, requests)

    def run() -> pl.DataFrame:
        pairs = asked.merge(rows, on="entity")
        ages = pairs["as_of"] - pairs["at"]
        seen = (pairs["seen"] < pairs["as_of"]) & (ages > pd.Timedelta(0))
        kept = [seen & (ages <= pd.Timedelta(days=days)) for days in (7, 30, 90)]
        week, month, quarter = (pairs[own].groupby("number")["amount"] for own in kept)
        found = pd.DataFrame({"count_7d": week.size(), "mean_30d": month.mean(), "std_90d": quarter.std()}).reindex(asked["number"])
        return pl.DataFrame({name: found[name].fillna(0 if name == "count_7d" else np.nan).to_numpy() for name in NAMES})

    return run


def in_pandas_by_totals(events: pl.DataFrame, requests: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    """The algorithm of interlock, in floats: running totals and merge_asof."""
    rows, asked = _pandas(events, requests)

    def totals(on: str) -> pd.DataFrame:
        ordered = rows.sort_values(on, kind="stable")
        square = (ordered["amount"] * ordered["amount"]).groupby(ordered["entity"]).cumsum()
        total = ordered.groupby("entity")["amount"].cumsum()
        return pd.DataFrame(
            {"entity": ordered["entity"], on: ordered[on], "n": ordered.groupby("entity").cumcount() + 1, "s": total, "q": square}
        )

    def until(moment: pd.Series, table: pd.DataFrame, on: str) -> pd.DataFrame:
        left = asked[["entity"]].assign(moment=moment)
        found = pd.merge_asof(left, table, left_on="moment", right_on=on, by="entity", allow_exact_matches=False)
        return found[["n", "s", "q"]].fillna(0)

    def run() -> pl.DataFrame:
        timed, top = totals("at"), until(asked["as_of"], totals("seen"), "seen")
        week, month, quarter = (top - until(asked["as_of"] - pd.Timedelta(days=days), timed, "at") for days in (7, 30, 90))
        n, spread = quarter["n"], quarter["q"] - quarter["s"] ** 2 / quarter["n"]
        std = np.sqrt(np.maximum(spread, 0) / (n - 1).where(n > 1))
        return pl.DataFrame({"count_7d": week["n"].to_numpy(), "mean_30d": (month["s"] / month["n"]).to_numpy(), "std_90d": std.to_numpy()})

    return run


def _pandas(events: pl.DataFrame, requests: pl.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = pd.DataFrame({name: events[name].to_numpy() for name in ("entity", "at", "seen", "amount")})
    return rows, pd.DataFrame({name: requests[name].to_numpy() for name in ("number", "entity", "as_of")})
