"""Flights that leave New York: what each table holds and the part it plays."""

import pandera.polars as pa
import polars as pl

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


@source(key=["time_hour", "carrier", "flight"])
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
    tailnum: str = pa.Field(str_matches=r"^N[0-9A-Z]{4,5}$", nullable=True)  # four rows say D942DN
    origin: str = pa.Field(isin=ORIGINS)
    dest: str = pa.Field(str_length={"min_value": 3, "max_value": 3})
    air_time: pl.Int32 = pa.Field(ge=10, le=900, nullable=True)
    distance: pl.Int32 = pa.Field(ge=10, le=6000)
    hour: pl.Int8 = pa.Field(ge=0, le=23)
    minute: pl.Int8 = pa.Field(ge=0, le=59)
    time_hour: Utc


@history(
    by="origin",
    id=pl.concat_str([col("origin"), col("time_hour").dt.timestamp("ms")], separator="-"),
    time="time_hour",
    available=col("time_hour") + pl.duration(hours=1),
    lateness="1h",
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


@reference(by="tailnum", fixed=["year", "manufacturer", "model", "engines", "seats"])
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


@reference(by="faa", fixed=["lat", "lon", "alt", "tzone"])
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
