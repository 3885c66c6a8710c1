"""How scores must behave when what is known about a flight changes."""

from interlock.evaluation.stress import at_least, at_most, col, not_higher, not_lower, robust, unchanged

late_aircraft = not_lower(
    "An aircraft that was on time and is now two hours late makes a late arrival no less likely",
    {"hull_arrived": 120, "hull_last_delay": 120},
    where=(col("hull_arrived") < 0) & (col("hull_last_delay") < 0),
    within=0.01,
    tolerated=0.01,
)
busy_airport = not_lower(
    "Departures that leave the origin an hour later than they did make a late arrival no less likely",
    {"origin_delay_1h": col("origin_delay_1h") + 60, "origin_delay_3h": col("origin_delay_3h") + 60, "origin_late_2h": 1.0},
    within=0.02,
    tolerated=0.02,
)
clear_sky = not_higher(
    "Rain that stops and fog that lifts make a late arrival no more likely",
    {"visibility": 10.0, "worst_visibility_6h": 10.0, "rain_3h": 0.0},
    within=0.02,
    tolerated=0.05,
)
one_mile = unchanged("A mile more or less does not matter", {"miles": col("miles") + 1}, within=0.01, tolerated=0.01)
jammed = at_least(
    "Where departures of the last hour left three quarters of an hour late, and four in ten of the city's were late, a late arrival is no surprise",
    0.35,
    where=(col("origin_delay_1h") > 45) & (col("city_late_2h") > 0.4),
    tolerated=0.15,
)
quiet = at_most(
    "Early in the morning, at airports where hardly anything was late for a day, a late arrival is unlikely",
    0.35,
    where=(col("hour") < 8) & (col("city_delay_1d") < 5) & (col("visibility") == 10),
    tolerated=0.01,
)
blind = robust("Without news of the weather scores move little", "stale", ["Weather"], within=0.3, tolerated=0.05, on_average=0.1)
