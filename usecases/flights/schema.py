"""Flights that leave New York: what each table holds and the part it plays."""

import pandera.polars as pa
import polars as pl

from interlock.terms import constant, every, nulls, outside, refers, row, rows, stable, unique
from interlock.usecase import Utc, col, fixed, history, outcome, reference, request, source

ORIGINS = ["EWR", "JFK", "LGA"]
ZONES = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Puerto_Rico",
    "Pacific/Honolulu",
]


def minutes(clock: str) -> pl.Expr:
    """Minutes after midnight of a clock time written HMM."""
    return (col(clock).cast(pl.Int64) // 100) * 60 + col(clock).cast(pl.Int64) % 100


_local = col("time_hour").dt.convert_time_zone("America/New_York")
in_new_york = (
    (_local.dt.year() == col("year"))
    & (_local.dt.month() == col("month"))
    & (_local.dt.day() == col("day"))
    & (_local.dt.hour() == col("hour"))
)


@history(
    by="origin",
    id=pl.concat_str([col("origin"), col("time_hour").dt.timestamp("ms")], separator="-"),
    time="time_hour",
    available=col("time_hour") + pl.duration(hours=1),
    lateness="1h",
    rules=[
        row("its_hour_in_new_york", in_new_york),
        row("on_the_hour", col("time_hour").dt.truncate("1h") == col("time_hour")),
        row("dew_point_below_temperature", col("dewp") <= col("temp")),
        row("gusts_above_the_wind", col("wind_gust") >= col("wind_speed")),
        row("no_frost_in_summer", (col("temp") > 32) | ~col("month").is_between(5, 9), severity="warn", tolerate=0.0005),
        every("time_hour", "1h", by="origin", severity="warn", tolerate=0.01),
        nulls("pressure", at_most=0.2),
        nulls("wind_dir", at_most=0.05),  # a light wind has no direction
        rows(8_000, shrink=0),
        stable("temp", at_most=0.1),
        stable("wind_speed", at_most=0.1),
        stable("visib", at_most=0.1),
    ],
)
class Weather(pa.DataFrameModel):
    """Hourly observations at each origin, assumed to be published within the hour."""

    origin: str = pa.Field(isin=ORIGINS)
    year: pl.Int16 = pa.Field(eq=2013)
    month: pl.Int8 = pa.Field(ge=1, le=12)
    day: pl.Int8 = pa.Field(ge=1, le=31)
    hour: pl.Int8 = pa.Field(ge=0, le=23)
    temp: float = pa.Field(ge=-40, le=130, nullable=True)
    dewp: float = pa.Field(ge=-60, le=100, nullable=True)
    humid: float = pa.Field(ge=0, le=100, nullable=True)
    wind_dir: pl.Int32 = pa.Field(ge=0, le=360, nullable=True)
    wind_speed: float = pa.Field(ge=0, le=120, nullable=True)  # one row says 1048
    wind_gust: float = pa.Field(ge=0, le=160, nullable=True)
    precip: float = pa.Field(ge=0, le=5, nullable=True)
    pressure: float = pa.Field(ge=900, le=1100, nullable=True)
    visib: float = pa.Field(ge=0, le=10)
    time_hour: Utc


@reference(
    by="tailnum",
    fixed=["year", "manufacturer", "model", "engines", "seats"],
    rules=[
        # Airlines reuse numbers, and the register says who has one today.
        row("an_airliner", (col("engines") >= 2) & (col("seats") >= 19), severity="warn", tolerate=0.02),
        nulls("year", at_most=0.05),
        rows(3_000),
    ],
)
class Planes(pa.DataFrameModel):
    """The register of aircraft."""

    tailnum: str = pa.Field(unique=True)
    year: pl.Int32 = pa.Field(ge=1940, le=2013, nullable=True)
    type: str
    manufacturer: str
    model: str
    engines: pl.Int32 = pa.Field(ge=1, le=4)
    seats: pl.Int32 = pa.Field(ge=1, le=500)
    speed: pl.Int32 = pa.Field(ge=50, le=700, nullable=True)
    engine: str


@reference(
    by="faa",
    fixed=["lat", "lon", "alt", "tzone"],
    rules=[
        row("west_of_greenwich", (col("lon") < 0) | (col("lon") > 172)),  # the last of the Aleutians lie beyond 180 degrees
        row(
            "no_summer_time",
            (col("dst") == "N") | ~col("tzone").is_in(["America/Phoenix", "Pacific/Honolulu"]),
            severity="warn",
            tolerate=0.03,
        ),
        outside("tzone", isin=ZONES, at_most=0.01),
        nulls("tzone", at_most=0.01),
        rows(1_000),
    ],
)
class Airports(pa.DataFrameModel):
    """Airports of the United States; four destinations in the Caribbean are not among them."""

    faa: str = pa.Field(unique=True)
    name: str
    lat: float = pa.Field(ge=18, le=71.5)  # Hawaii to Point Barrow; one row has its coordinates swapped
    lon: float = pa.Field(ge=-180, le=180)
    alt: pl.Int32 = pa.Field(ge=-100, le=15000)
    tz: pl.Int32 = pa.Field(ge=-11, le=-4)  # two rows have lost the minus of their longitude, and lie in China
    dst: str = pa.Field(isin=["A", "N", "U"])
    tzone: str = pa.Field(nullable=True)


@source(
    key=["time_hour", "carrier", "flight"],
    rules=[
        *(row("a_clock_time", col(clock) % 100 < 60) for clock in ("dep_time", "sched_dep_time", "arr_time", "sched_arr_time")),
        row("hour_and_minute_of_the_schedule", col("hour").cast(pl.Int64) * 100 + col("minute") == col("sched_dep_time")),
        row("its_hour_in_new_york", in_new_york),
        row("delay_of_the_departure", (minutes("dep_time") - minutes("sched_dep_time") - col("dep_delay")) % 1440 == 0),
        row("delay_of_the_arrival", (minutes("arr_time") - minutes("sched_arr_time") - col("arr_delay")) % 1440 == 0),
        row("left_with_a_delay", col("dep_time").is_null() == col("dep_delay").is_null()),
        row("left_with_an_aircraft", col("dep_time").is_null() | col("tailnum").is_not_null()),
        row("left_before_it_landed", col("arr_time").is_null() | col("dep_time").is_not_null()),
        row("flew_if_it_arrived", col("arr_delay").is_null() == col("air_time").is_null()),
        # The clocks of a destination are up to six hours behind those of New York.
        row("in_the_air_between", col("air_time") <= (minutes("arr_time") - minutes("dep_time")) % 1440 + 360),
        row("not_diverted_if_it_landed", col("arr_time").is_null() | col("arr_delay").is_not_null(), severity="warn", tolerate=0.005),
        # A jet cruises at 560 to 590 miles an hour, and all of these fly into the west wind.
        row(
            "no_faster_than_a_jet",
            col("distance").cast(pl.Int64) * 60 <= col("air_time").cast(pl.Int64) * 620,
            severity="warn",
            tolerate=0.0001,
        ),
        row("out_of_new_york", ~col("dest").is_in(ORIGINS), severity="warn", tolerate=0.0001),
        unique(["tailnum", "time_hour", "minute"], severity="warn", tolerate=0.0001),
        constant("distance", by=["origin", "dest"], severity="warn", tolerate=0.001),
        refers("tailnum", to=Planes, severity="warn", tolerate=0.3),  # AA and MQ write numbers of their fleet
        refers("dest", to=Airports, severity="warn", tolerate=0.05),
        refers("origin", to=Airports, severity="fail"),
        refers(["origin", "time_hour"], to=Weather, severity="warn", tolerate=0.01),
        nulls("dep_time", at_most=0.05),
        nulls("tailnum", at_most=0.02),
        rows(20_000, shrink=0),
        stable("carrier", at_most=0.05),
        stable("origin", at_most=0.05),
        stable("distance", at_most=0.05),
        stable("dep_delay", at_most=0.05),
        stable("arr_delay", at_most=0.05),
    ],
)
class Flights(pa.DataFrameModel):
    """One row a scheduled flight. Times of day are local clock times written HMM; `time_hour` is the hour of departure in UTC."""

    year: pl.Int16 = pa.Field(eq=2013)
    month: pl.Int8 = pa.Field(ge=1, le=12)
    day: pl.Int8 = pa.Field(ge=1, le=31)
    dep_time: pl.Int16 = pa.Field(ge=1, le=2400, nullable=True)
    sched_dep_time: pl.Int16 = pa.Field(ge=0, le=2359)
    dep_delay: pl.Int32 = pa.Field(ge=-120, le=2000, nullable=True)
    arr_time: pl.Int16 = pa.Field(ge=1, le=2400, nullable=True)
    sched_arr_time: pl.Int16 = pa.Field(ge=0, le=2400)
    arr_delay: pl.Int32 = pa.Field(ge=-180, le=2000, nullable=True)
    carrier: str = pa.Field(str_length={"min_value": 2, "max_value": 2})
    flight: pl.Int32 = pa.Field(ge=1, le=9999)
    tailnum: str = pa.Field(str_matches=r"^N[0-9A-Z]{4,5}$", nullable=True)
    origin: str = pa.Field(isin=ORIGINS)
    dest: str = pa.Field(str_length={"min_value": 3, "max_value": 3})
    air_time: pl.Int32 = pa.Field(ge=10, le=900, nullable=True)
    distance: pl.Int32 = pa.Field(ge=10, le=6000)
    hour: pl.Int8 = pa.Field(ge=0, le=23)
    minute: pl.Int8 = pa.Field(ge=0, le=59)
    time_hour: Utc


@request(by="flight_id")
class Request(pa.DataFrameModel):
    """A scheduled flight, two hours before it should leave. That its aircraft is known by then is an assumption."""

    flight_id: str
    as_of: Utc
    carrier: str
    flight: pl.Int32
    tailnum: str = pa.Field(nullable=True)
    origin: str = pa.Field(isin=ORIGINS)
    dest: str
    distance: pl.Int32 = pa.Field(ge=10, le=6000)
    departs: Utc
    arrives: Utc = pa.Field(nullable=True)


@outcome(horizon="36h")
class Outcome(pa.DataFrameModel):
    """Did it arrive more than 15 minutes late? Cancelled and diverted flights have no outcome."""

    late: bool


def clock_to_utc(clock: pl.Expr, zone: pl.Expr, after: pl.Expr) -> dict[str, pl.Expr]:
    """Steps to `moment`: the first time after `after` at which the clocks in `zone` show `clock` (HMM); null in an hour they skip."""
    there, moment = pl.lit(None, pl.Datetime("us")), pl.lit(None, pl.Datetime("us", "UTC"))
    for name in ZONES:
        there = pl.when(zone == name).then(after.dt.convert_time_zone(name).dt.replace_time_zone(None)).otherwise(there)
        local = col("shown").dt.replace_time_zone(name, ambiguous="latest", non_existent="null")
        moment = pl.when(zone == name).then(local.dt.convert_time_zone("UTC")).otherwise(moment)
    today = col("there").dt.truncate("1d") + pl.duration(hours=clock // 100, minutes=clock % 100)
    shown = pl.when(today < col("there")).then(today + pl.duration(days=1)).otherwise(today)
    return {"there": there, "shown": shown, "moment": moment}


flight_id = pl.concat_str([col("year"), col("month"), col("day"), col("carrier"), col("flight"), col("origin")], separator="-")
departs = col("time_hour") + pl.duration(minutes=col("minute"))
departed = departs + pl.duration(minutes=col("dep_delay"))
zone = col("zone").fill_null("America/Puerto_Rico")  # the four destinations that Airports lacks

# A flight that was diverted later did depart, and so counts here.
Departures = history(
    of=Flights, by="origin", id=flight_id, time=departed, lateness="15m", where=col("dep_time").is_not_null(),
    columns=["carrier", "dest", "tailnum", "dep_delay"],
)  # fmt: skip
Arrivals = history(
    of=Flights, by="dest", id=flight_id, time=col("moment"), lateness="15m", where=col("arr_delay").is_not_null(),
    lookups={"zone": fixed(Airports, "tzone", by={"faa": "dest"})}, let=clock_to_utc(col("arr_time"), zone, departed),
    columns=["carrier", "origin", "tailnum", "flight", "dep_delay", "arr_delay", col("moment").alias("landed")],
)  # fmt: skip
