"""What a person answers that tells whether they are at work.

Sex and race are protected: they are measured, and no inputs of the model. They are features because what is done about its
errors (`model: fair`) has to know them. Nativity is left out because citizenship says it.
"""

from collections.abc import Mapping
from functools import reduce

import polars as pl

from interlock.features.declare import on_demand
from interlock.usecase import col
from usecases.employment.schema import RACES, SEXES


def _words(code: str, words: Mapping[str, str]) -> pl.Expr:
    """The word for each code of a column; none for another."""
    return reduce(
        lambda rest, one: pl.when(col(code) == one[0]).then(pl.lit(one[1])).otherwise(rest), words.items(), pl.lit(None, pl.String)
    )


# Who they are.
age = on_demand(col("AGEP"), "Age", unit="years", expect=(16, 95))
age_band = on_demand(
    pl.when(col("AGEP") < 25).then(pl.lit("16 to 24"))
    .when(col("AGEP") < 55).then(pl.lit("25 to 54"))
    .when(col("AGEP") < 65).then(pl.lit("55 to 64"))
    .otherwise(pl.lit("65 and older")),
    "Age in bands: youth, prime age, before and after retirement",
)  # fmt: skip
schooling = on_demand(col("SCHL").cast(pl.Int8), "Schooling, 1 = none, 16 = high school, 21 = bachelor, 24 = doctorate", expect=(1, 24))
military = on_demand(col("MIL"), "Military service: 1 = on active duty, 2 = in the past, 3 = training, 4 = never, 0 = under 17")
citizenship = on_demand(col("CIT"), "Citizenship: 1 to 3 = by birth, 4 = naturalized, 5 = none")
ancestry = on_demand(col("ANC"), "Ancestry reported: 1 = one, 2 = several, 3 = unclassified, 4 = none")

# Protected.
sex = on_demand(_words("SEX", SEXES), "Sex, as the survey asks it")
race = on_demand(_words("RAC1P", RACES), "Race, as the survey asks it in nine groups")

# How they live.
marital = on_demand(col("MAR"), "Marital status: 1 = married, 2 = widowed, 3 = divorced, 4 = separated, 5 = never married")
role = on_demand(col("RELP"), "Place in the household: 0 = householder, 1 = husband or wife, 2 to 15 = others, 16 and 17 = group quarters")
parents = on_demand(col("ESP"), "Work of the parents they live with, 1 to 8; 0 = 18 or older, or not with parents")
moved = on_demand(col("MIG"), "Home a year ago: 1 = the same, 2 = abroad, 3 = another in the country")

# What is difficult.
disability = on_demand(col("DIS") == "1", "Has a disability")
hearing = on_demand(col("DEAR") == "1", "Has difficulty hearing")
seeing = on_demand(col("DEYE") == "1", "Has difficulty seeing")
thinking = on_demand(col("DREM") == "1", "Has difficulty remembering or deciding")
