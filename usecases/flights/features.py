"""What is known two hours before departure that tells whether a flight will be late.

The day of the year, the temperature and the pressure themselves are left out: together they let the model learn the dates
of one single year by heart, which the validation period punishes.
"""

import polars as pl

from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.flights.schema import Airports, Arrivals, Departures, Planes, Weather

# The schedule, on the clocks of New York.
_local = on_demand(col("departs").dt.convert_time_zone("America/New_York"))
hour = on_demand(col("_local").dt.hour(), "Hour of scheduled departure, local", expect=(0, 23))
minute_of_day = on_demand(
    col("_local").dt.hour().cast(pl.Int32) * 60 + col("_local").dt.minute(),
    "Minutes after midnight of scheduled departure",
    unit="min",
    expect=(0, 1439),
)
weekday = on_demand(col("_local").dt.weekday(), "Day of the week, 1 = Monday", expect=(1, 7))
block_time = on_demand(
    (col("arrives") - col("departs")).dt.total_minutes(), "Scheduled time from gate to gate", unit="min", expect=(30, 720)
)
miles = on_demand(col("distance"), "Distance", unit="mi", expect=(10, 6000))
pace = on_demand(col("distance") / col("block_time"), "Scheduled speed from gate to gate", unit="mi/min", expect=(0.5, 10))
carrier_code = on_demand(col("carrier"), "Carrier")
origin_code = on_demand(col("origin"), "Origin")

# The aircraft and the destination.
plane = view(Planes)
seats = plane.lookup("seats", "Seats of the aircraft", expect=(1, 500))
_built = plane.lookup("year")
age = on_demand(col("_local").dt.year() - col("_built"), "Age of the aircraft", unit="years", expect=(0, 60))
airport = view(Airports, by={"faa": "dest"})
dest_lat = airport.lookup("lat", "Latitude of the destination", unit="deg", expect=(15, 65))
dest_lon = airport.lookup("lon", "Longitude of the destination", unit="deg", expect=(-160, -60))

# The weather at the origin.
weather = view(Weather)
wind_gust = weather.latest("wind_gust", "Last gust", unit="mph", max_age="3h", expect=(0, 120))
wind_speed = weather.latest("wind_speed", "Last wind speed", unit="mph", max_age="3h", expect=(0, 80))
wind_dir = weather.latest("wind_dir", "Last wind direction", unit="deg", max_age="3h", expect=(0, 360))
humidity = weather.latest("humid", "Last relative humidity", unit="%", max_age="3h", expect=(0, 100))
visibility = weather.latest("visib", "Last visibility", unit="mi", max_age="3h", expect=(0, 10))
_pressure = weather.latest("pressure", max_age="3h")
_pressure_earlier = weather.latest("pressure", max_age="3h", ago="3h")
pressure_change = on_demand(col("_pressure") - col("_pressure_earlier"), "Change of pressure in three hours", unit="hPa", expect=(-30, 30))
rain_3h = weather.sum("precip", "3h", "Rain in three hours", places=2, unit="in", expect=(0, 5))
worst_visibility_6h = weather.min("visib", "6h", "Least visibility in six hours", unit="mi", expect=(0, 10))

# How the airport is doing now.
tower = view(Departures)
origin_delay_1h = tower.mean("dep_delay", "1h", "Departure delay at the origin, last hour", unit="min", expect=(-30, 600))
origin_delay_3h = tower.mean("dep_delay", "3h", "Departure delay at the origin, three hours", unit="min", expect=(-30, 600))
origin_trend = on_demand(
    col("origin_delay_1h") - col("origin_delay_3h"), "Departure delay at the origin: last hour against three", unit="min"
)
origin_late_2h = tower.share(col("dep_delay") > 30, "2h", "Share that left over half an hour late, two hours", expect=(0, 1))
origin_spread_3h = tower.std("dep_delay", "3h", "Spread of departure delays, three hours", unit="min", expect=(0, 700))
origin_worst_2h = tower.max("dep_delay", "2h", "Longest departure delay at the origin, two hours", unit="min", expect=(-60, 1400))
origin_traffic_2h = tower.count("2h", "Departures from the origin in two hours", expect=(0, 200))
_traffic_last_week = tower.count("2h", ago="7d")
origin_flow = on_demand(
    col("origin_traffic_2h") / (col("_traffic_last_week") + 1), "Departures in two hours against the same hours last week", expect=(0, 10)
)
city_late_2h = view(Departures, by=()).share(col("dep_delay") > 15, "2h", "Late departures at all three airports, two hours", expect=(0, 1))
city_delay_1d = view(Departures, by=()).mean(
    "dep_delay", "1d", "Departure delay at all three airports, one day", unit="min", expect=(-30, 200)
)
bound_delay_3h = view(Departures, by="dest").mean(
    "dep_delay", "3h", "Departure delay towards the destination", unit="min", expect=(-30, 1400)
)
carrier_delay_3h = view(Departures, by=("origin", "carrier")).mean(
    "dep_delay", "3h", "Delay of this carrier at the origin", unit="min", expect=(-30, 1400)
)
carrier_late_1d = view(Departures, by="carrier").share(
    col("dep_delay") > 15, "1d", "Late departures of this carrier, one day", expect=(0, 1)
)
landed_late_3h = view(Arrivals, by="origin").share(
    col("arr_delay") > 15, "3h", "Late arrivals of flights from this origin, three hours", expect=(0, 1)
)

# What this aircraft, carrier, flight and route have done.
hull = view(Departures, by="tailnum")
hull_last_delay = hull.latest("dep_delay", "Departure delay of the aircraft's last flight", unit="min", max_age="1d", expect=(-60, 1400))
hull_flights_1d = hull.count("1d", "Flights of the aircraft in a day", expect=(0, 12))
_hull_landed = view(Arrivals, by="tailnum").latest("landed", max_age="2d")
hull_rest = on_demand(
    (col("departs") - col("_hull_landed")).dt.total_minutes(), "Time since the aircraft's last landing", unit="min", expect=(0, 3100)
)
hull_arrived = view(Arrivals, by="tailnum").latest(
    "arr_delay", "Arrival delay of the aircraft's last landing", unit="min", max_age="1d", expect=(-120, 1400)
)
dest_late_6h = view(Arrivals).share(col("arr_delay") > 15, "6h", "Late arrivals at the destination, six hours", expect=(0, 1))
dest_delay_3h = view(Arrivals).mean("arr_delay", "3h", "Arrival delay at the destination, three hours", unit="min", expect=(-120, 1400))
route = view(Arrivals, by=("carrier", "dest"))
route_late_30d = route.share(col("arr_delay") > 15, "30d", "Late arrivals of this carrier there, 30 days", expect=(0, 1))
route_made_up_30d = route.mean(
    col("dep_delay") - col("arr_delay"),
    "30d",
    "Time made up in the air on this route, 30 days",
    max_abs=2000,
    unit="min",
    expect=(-120, 120),
)
number = view(Arrivals, by=("carrier", "flight"))
number_late_60d = number.share(col("arr_delay") > 15, "60d", "Late arrivals of this flight number, 60 days", expect=(0, 1))
number_delay_21d = number.mean("arr_delay", "21d", "Arrival delay of this flight number, 21 days", unit="min", expect=(-120, 1400))
number_flown_60d = number.count("60d", "Flights under this number in 60 days", expect=(0, 500))
