"""People whom the American Community Survey asked in Massachusetts: what each table holds and the part it plays.

Columns and codes are those of the survey's public use microdata, dictionaries of 2015 to 2018. Where a question was not
asked, because a person is too young for it, the code is 0.
"""

import pandera.polars as pa
import polars as pl

from interlock.terms import Term, refers, row, rows, stable
from interlock.usecase import Utc, col, outcome, request, source

SEXES = {"1": "men", "2": "women"}
RACES = {
    "1": "white",
    "2": "black",
    "3": "american indian",
    "4": "alaska native",
    "5": "american indian or alaska native",
    "6": "asian",
    "7": "pacific islander",
    "8": "some other race",
    "9": "two or more races",
}
AT_HOME = ["2", "3", "4", "5", "7", "10"]  # children, siblings, grandchildren and other relatives of the householder


def codes(first: int, last: int) -> list[str]:
    """The codes from `first` to `last`, as the survey writes them."""
    return [str(code) for code in range(first, last + 1)]


class Asked(pa.DataFrameModel):
    """What a person is asked, but for work and nativity."""

    AGEP: pl.Int16 = pa.Field(ge=0, le=99)  # the oldest share one age, the mean of theirs: 94 or 95
    SCHL: str = pa.Field(isin=codes(0, 24))
    MAR: str = pa.Field(isin=codes(1, 5))
    RELP: str = pa.Field(isin=codes(0, 17))
    DIS: str = pa.Field(isin=codes(1, 2))
    ESP: str = pa.Field(isin=codes(0, 8))
    CIT: str = pa.Field(isin=codes(1, 5))
    MIG: str = pa.Field(isin=codes(0, 3))
    MIL: str = pa.Field(isin=codes(0, 4))
    ANC: str = pa.Field(isin=codes(1, 4))
    DEAR: str = pa.Field(isin=codes(1, 2))
    DEYE: str = pa.Field(isin=codes(1, 2))
    DREM: str = pa.Field(isin=codes(0, 2))
    SEX: str = pa.Field(isin=list(SEXES))
    RAC1P: str = pa.Field(isin=list(RACES))


class Person(Asked):
    """One row of the microdata. Many rows are alike: people are, where sixteen questions are all that is known of them."""

    NATIVITY: str = pa.Field(isin=codes(1, 2))


ANSWERS: list[Term] = [
    row("school_from_three", (col("SCHL") == "0") == (col("AGEP") < 3)),
    row("moved_from_one", (col("MIG") == "0") == (col("AGEP") < 1)),
    row("served_from_seventeen", (col("MIL") == "0") == (col("AGEP") < 17)),
    row("remembers_from_five", (col("DREM") == "0") == (col("AGEP") < 5)),
    row("married_from_fifteen", (col("MAR") == "5") | (col("AGEP") >= 15)),
    row("keeps_house_from_fifteen", ~col("RELP").is_in(["0", "1"]) | (col("AGEP") >= 15)),
    row("husband_or_wife_is_married", (col("RELP") != "1") | (col("MAR") == "1")),
    row("parents_of_children_at_home", (col("ESP") == "0") | ((col("AGEP") < 18) & col("RELP").is_in(AT_HOME))),
    row("disability_of_each_kind", (col("DIS") == "1") | ~((col("DEAR") == "1") | (col("DEYE") == "1") | (col("DREM") == "1"))),
]
PERSON: list[Term] = [
    *ANSWERS,
    row("foreign_born_by_citizenship", col("CIT").is_in(["4", "5"]) == (col("NATIVITY") == "2")),
    rows(10_000, shrink=0),
    *(stable(name, at_most=0.05) for name in ("AGEP", "SCHL", "MAR", "RELP", "SEX", "RAC1P")),
]


@source(
    key="id",
    rules=[
        *PERSON,
        row("no_work_below_sixteen", ~col("employed") | (col("AGEP") >= 16)),
        row("soldiers_are_no_civilians", ~col("employed") | (col("MIL") != "1")),
        row("no_work_in_institutions", ~col("employed") | (col("RELP") != "16")),
        stable("employed", at_most=0.05),
    ],
)
class FirstYear(Person):
    """The people of 2015, with what came of them."""

    id: int = pa.Field(ge=0)
    year: pl.Int16 = pa.Field(eq=2015)
    employed: bool


@source(key="id", rules=PERSON)
class People(Person):
    """The people of 2016 to 2018. What came of them arrives later, in a table of its own."""

    id: int = pa.Field(ge=0)
    year: pl.Int16 = pa.Field(isin=[2016, 2017, 2018])


@source(key="id", rules=[refers("id", to=People), rows(30_000, shrink=0), stable("employed", at_most=0.05)])
class Employment(pa.DataFrameModel):
    """Who of them is employed."""

    id: int = pa.Field(ge=0)
    employed: bool


@request(by="id", rules=ANSWERS)
class Request(Asked):
    """A person of 16 or older, with the answers to everything but work."""

    id: int = pa.Field(ge=0)
    as_of: Utc
    AGEP: pl.Int16 = pa.Field(ge=16, le=99)


@outcome(horizon="320d")
class Outcome(pa.DataFrameModel):
    """A civilian at work in the week before the interview (employment status recode 1). Known when the year's microdata are published."""

    employed: bool
