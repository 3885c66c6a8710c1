"""From the tables to requests and outcomes (offline only)."""

import polars as pl

from interlock.usecase import col
from usecases.employment import schema


def requests(first_year: pl.LazyFrame, people: pl.LazyFrame) -> pl.LazyFrame:
    """Everybody of 16 or older, when the year of the interview is over: younger ones are not asked about work."""
    asked = [table.select(*schema.Asked.to_schema().columns, "id", "year") for table in (first_year, people)]
    return (
        pl.concat(asked)
        .filter(col("AGEP") >= 16)
        .with_columns(
            as_of=pl.datetime(col("year").cast(pl.Int32) + 1, 1, 1, time_unit="us", time_zone="UTC"),
        )
    )


def outcomes(requests: pl.LazyFrame, first_year: pl.LazyFrame, employment: pl.LazyFrame) -> pl.LazyFrame:
    """Of 2015 beside the answers, of the later years from their own table."""
    known = pl.concat([first_year.select("id", "employed"), employment.select("id", "employed")])
    return requests.select("id", "as_of").join(known, on="id")
