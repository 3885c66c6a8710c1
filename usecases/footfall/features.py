"""What is known, up to seven days ahead, that tells how many people pass a sensor in an hour.

Where a week was set aside, the weeks before stand in: trees take a feature that never was null in training for 0 when it is.
"""

from typing import Any

import polars as pl

from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.footfall.schema import MOST, Counts, Holidays, Places, there

_people: dict[str, Any] = {"max_abs": MOST, "unit": "people", "expect": (0, MOST)}
_counted: dict[str, Any] = {"unit": "people", "expect": (0, MOST)}

# The hour that is asked about.
place = on_demand(col("sensor"), "Sensor")
hour_of_day = on_demand(col("hour"), "Hour of the day, local", expect=(0, 23))
day_of_week = on_demand(col("weekday"), "Day of the week, 1 = Monday", expect=(1, 7))
month = on_demand(there.dt.month(), "Month", expect=(1, 12))
holiday = view(Holidays).lookup("name", "Public holiday")
ahead = on_demand((col("starts") - col("as_of")).dt.total_hours(), "How far ahead it is asked", unit="h", expect=(1, 168))
where = view(Places, by={"Address": "sensor"})
latitude = where.lookup("Latitude", "Latitude of the sensor", unit="deg", expect=(-37, -36))
longitude = where.lookup("Longitude", "Longitude of the sensor", unit="deg", expect=(174, 175))

# The same hour of the same weekday, as far as it was known.
same = view(Counts, by={"sensor": "sensor", "weekday": "weekday", "at_hour": "hour"})
same_last = same.latest("people", "Last known count of the same weekday and hour", **_counted)
same_4w = same.mean("people", "28d", "Mean of the same weekday and hour, four weeks", **_people)
same_8w = same.mean("people", "56d", "Mean of the same weekday and hour, eight weeks", **_people)
same_least_8w = same.min("people", "56d", "Least of the same weekday and hour, eight weeks", **_counted)
same_most_8w = same.max("people", "56d", "Most of the same weekday and hour, eight weeks", **_counted)
same_last_year = same.mean("people", "28d", "Mean of the same weekday and hour, four weeks a year ago", ago="350d", **_people)

# The same hour of any day, and all hours.
hour_14d = view(Counts, by={"sensor": "sensor", "at_hour": "hour"}).mean("people", "14d", "Mean of the same hour, two weeks", **_people)
sensor = view(Counts)
_last_day, _last_week = sensor.mean("people", "1d", max_abs=MOST), sensor.mean("people", "7d", max_abs=MOST)
_week_before = sensor.mean("people", "7d", ago="7d", max_abs=MOST)
level_28d = sensor.mean("people", "28d", "People an hour in four weeks", **_people)
level_7d = on_demand(pl.coalesce("_last_week", "level_28d"), "People an hour in the last seven days", **_counted)
level_1d = on_demand(pl.coalesce("_last_day", "level_7d"), "People an hour in the last day", **_counted)
silent_28d = sensor.share(col("people") == 0, "28d", "Share of hours without anybody, four weeks", expect=(0, 1))
city = view(Counts, by=())
_city_week = city.mean("people", "7d", max_abs=MOST)
city_28d = city.mean("people", "28d", "People an hour and sensor in the city, four weeks", **_people)

# Where things are going.
trend = on_demand(col("level_7d") / (col("level_28d") + 1), "Last seven days against four weeks", expect=(0, 5))
week_on_week = on_demand(
    col("level_7d") / (pl.coalesce("_week_before", "level_7d") + 1), "Last seven days against the seven before", expect=(0, 100)
)
city_trend = on_demand(
    pl.coalesce("_city_week", "city_28d") / (col("city_28d") + 1), "The city's last seven days against four weeks", expect=(0, 5)
)
same_at_trend = on_demand(
    col("same_4w") * col("trend"), "Mean of the same weekday and hour, at the level of the last seven days", unit="people"
)
