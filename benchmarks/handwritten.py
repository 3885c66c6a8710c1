"""The flights features as one would write them by hand in Polars: lazy, in floats, with no declaration, check or online path.

It knows what is true of these tables alone: departures and landings count at once, weather an hour after it was observed.
"""

from collections.abc import Mapping

import polars as pl
from polars import col

from usecases.flights import schema

NEW_YORK = "America/New_York"


def features(requests: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """The public features of `requests`, in their order."""
    asked = requests.lazy().sort("as_of", maintain_order=True)
    departures, arrivals, weather = (frame.lazy() for frame in pl.collect_all([departed(tables), landed(tables), observed(tables)]))
    found = pl.collect_all([
        schedule(asked, tables),
        last(asked, weather, ["origin"], "2h", wind_gust="wind_gust", wind_speed="wind_speed", wind_dir="wind_dir", humidity="humid", visibility="visib", pressure="pressure"),
        last(ago(asked, "3h"), weather, ["origin"], "2h", pressure_earlier="pressure"),
        rolled(asked, weather, ["origin"], rain_3h=total("precip", "2h"), worst_visibility_6h=col("visib").rolling_min_by("at", "5h", closed="left")),
        rolled(asked, departures, ["origin"], origin_delay_1h=mean("dep_delay", "1h"), origin_delay_3h=mean("dep_delay", "3h"),
               origin_late_2h=mean("later", "2h"), origin_spread_3h=col("dep_delay").rolling_std_by("at", "3h", closed="left"),
               origin_worst_2h=col("dep_delay").rolling_max_by("at", "2h", closed="left"), origin_traffic_2h=count("2h")),
        rolled(ago(asked, "7d"), departures, ["origin"], traffic_last_week=count("2h")),
        rolled(asked, departures, [], city_late_2h=mean("late", "2h"), city_delay_1d=mean("dep_delay", "1d")),
        rolled(asked, departures, ["dest"], bound_delay_3h=mean("dep_delay", "3h")),
        rolled(asked, departures, ["origin", "carrier"], carrier_delay_3h=mean("dep_delay", "3h")),
        rolled(asked, departures, ["carrier"], carrier_late_1d=mean("late", "1d")),
        rolled(asked, departures, ["tailnum"], hull_flights_1d=count("1d")),
        last(asked, departures, ["tailnum"], "1d", hull_last_delay="dep_delay"),
        last(asked, arrivals, ["tailnum"], "1d", hull_arrived="arr_delay"),
        last(asked, arrivals, ["tailnum"], "2d", hull_landed="landed"),
        rolled(asked, arrivals, ["origin"], landed_late_3h=mean("late", "3h")),
        rolled(asked, arrivals, ["dest"], dest_late_6h=mean("late", "6h"), dest_delay_3h=mean("arr_delay", "3h")),
        rolled(asked, arrivals, ["carrier", "dest"], route_late_30d=mean("late", "30d"), route_made_up_30d=mean("made_up", "30d")),
        rolled(asked, arrivals, ["carrier", "flight"], number_late_60d=mean("late", "60d"), number_delay_21d=mean("arr_delay", "21d"), number_flown_60d=count("60d")),
    ])  # fmt: skip
    return pl.concat(found, how="horizontal").with_columns(
        pressure_change=col("pressure") - col("pressure_earlier"),
        origin_trend=col("origin_delay_1h") - col("origin_delay_3h"),
        origin_flow=col("origin_traffic_2h") / (col("traffic_last_week") + 1),
        hull_rest=(col("departs") - col("hull_landed")).dt.total_minutes(),
    )


def schedule(asked: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The requests with what their own columns, the aircraft and the destination say."""
    planes = tables["planes"].select("tailnum", "seats", built="year")
    airports = tables["airports"].select(dest="faa", dest_lat="lat", dest_lon="lon")
    local, minutes = col("departs").dt.convert_time_zone(NEW_YORK), (col("arrives") - col("departs")).dt.total_minutes()
    joined = asked.join(planes, on="tailnum", how="left", maintain_order="left").join(
        airports, on="dest", how="left", maintain_order="left"
    )
    return joined.with_columns(
        hour=local.dt.hour(), minute_of_day=local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute(), weekday=local.dt.weekday(),
        block_time=minutes, miles="distance", pace=col("distance") / minutes, carrier_code="carrier", origin_code="origin",
        age=local.dt.year() - col("built"),
    )  # fmt: skip


def departed(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """What left, by when it left."""
    left = tables["flights"].filter(col("dep_time").is_not_null())
    return left.select(
        "origin", "carrier", "dest", "tailnum", "dep_delay", at=schema.departed, late=col("dep_delay") > 15, later=col("dep_delay") > 30
    ).sort("at")


def landed(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """What arrived, by when it landed: the first time after its departure at which the clock there shows what was noted."""
    arrived = tables["flights"].filter(col("arr_delay").is_not_null())
    flown = arrived.join(tables["airports"].select(dest="faa", zone="tzone"), on="dest", how="left")
    for name, step in schema.clock_to_utc(col("arr_time"), schema.zone, schema.departed).items():
        flown = flown.with_columns(step.alias(name))
    made_up = col("dep_delay") - col("arr_delay")
    return (
        flown.select(
            "origin",
            "dest",
            "carrier",
            "flight",
            "tailnum",
            "arr_delay",
            at="moment",
            landed="moment",
            late=col("arr_delay") > 15,
            made_up=made_up,
        )
        .filter(col("at").is_not_null())
        .sort("at")
    )


def observed(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The weather, by when it was known."""
    return tables["weather"].with_columns(at=col("time_hour") + pl.duration(hours=1)).sort("at")


def last(asked: pl.LazyFrame, rows: pl.LazyFrame, by: list[str], max_age: str, **columns: str) -> pl.LazyFrame:
    """The columns of the last row before each request."""
    found = asked.select("as_of", *by).join_asof(
        rows.select("at", *by, **columns), left_on="as_of", right_on="at", by=by, tolerance=max_age, allow_exact_matches=False
    )
    return found.select(list(columns))


def rolled(asked: pl.LazyFrame, rows: pl.LazyFrame, by: list[str], **windows: pl.Expr) -> pl.LazyFrame:
    """Windows that end before each request: requests and rows go on one line of time, on which they roll."""
    line = pl.concat([asked.select(*by, at="as_of").with_row_index("request"), rows], how="diagonal").sort("at")
    made = line.with_columns(*(window.over(by).alias(name) if by else window.alias(name) for name, window in windows.items()))
    return made.filter(col("request").is_not_null()).sort("request").select(list(windows))


def mean(column: str, window: str) -> pl.Expr:
    return col(column).cast(pl.Float64).rolling_mean_by("at", window, closed="left")


def total(column: str, window: str) -> pl.Expr:
    known = col(column).is_not_null().cast(pl.Int64).rolling_sum_by("at", window, closed="left")
    return pl.when(known > 0).then(col(column).rolling_sum_by("at", window, closed="left"))


def count(window: str) -> pl.Expr:
    return col("request").is_null().cast(pl.Int64).rolling_sum_by("at", window, closed="left")


def ago(asked: pl.LazyFrame, back: str) -> pl.LazyFrame:
    """The same requests, made so much earlier."""
    return asked.with_columns(col("as_of").dt.offset_by(f"-{back}"))
