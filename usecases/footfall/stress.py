"""How forecasts must behave when what is known changes."""

from interlock.evaluation.stress import at_least, at_most, col, not_higher, not_lower, unchanged

SAME = ["same_last", "same_4w", "same_8w", "same_least_8w", "same_most_8w", "same_at_trend", "hour_14d"]
NOW = ["level_7d", "level_1d", "trend", "week_on_week", "city_trend", "same_at_trend"]

busier = not_lower(
    "Where twice as many passed in these hours, no fewer will", {name: col(name) * 2 for name in SAME}, within=0.01, tolerated=0.05
)
emptied = not_higher(
    "Where a third of the people was left in the last week, no more will pass",
    {name: col(name) / 3 for name in NOW},
    where=col("same_4w") > 20,
    within=0.02,
    tolerated=0.05,
)
quiet = at_most(
    "Where no more than ten ever passed at that hour in eight weeks, fewer will than half of what passes on average",
    140,
    where=col("same_most_8w") <= 10,
    tolerated=0.01,
)
busy = at_least(
    "Where never less than a thousand passed at that hour in eight weeks, many will", 500, where=col("same_least_8w") >= 1000, tolerated=0.1
)
an_hour_earlier = unchanged(
    "To ask an hour earlier hardly matters", {"ahead": col("ahead") + 1}, where=col("ahead") < 168, within=0.05, tolerated=0.02
)
