"""How scores must behave when what is known about a person changes."""

from interlock.evaluation.stress import col, not_higher, not_lower, unchanged

_working_age = col("age").is_between(25, 54)

retired = not_higher(
    "Thirty years more, from working age, make a job no more likely",
    {"age": col("age") + 30, "age_band": "65 and older"},
    where=col("age").is_between(36, 54),
    within=0.01,
    tolerated=0.01,
)
learned = not_lower(
    "A bachelor's degree makes a job no less likely for those who have none, of working age",
    {"schooling": 21},
    where=_working_age & (col("schooling") < 20),
    within=0.02,
    tolerated=0.05,
)
disabled = not_higher(
    "A disability that makes remembering and deciding hard makes a job no more likely",
    {"disability": True, "thinking": True},
    where=_working_age & ~col("disability"),
    within=0.01,
    tolerated=0.01,
)
silent = unchanged("Whether a person reports their ancestry hardly matters", {"ancestry": "4"}, within=0.1, tolerated=0.02)
