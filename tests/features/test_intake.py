"""Rows that come in, parted from those on which an expression fails."""

import polars as pl

from interlock.features.intake import parted


def test_rows_on_which_an_expression_fails_are_refused_one_by_one() -> None:
    """The others are taken: the batch is parted until each bad row stands alone with what Polars says of it."""
    rows = pl.DataFrame({"x": ["1", "2", "no", "4", "bad"]})
    made, bad = parted(rows, lambda part: part.with_columns(pl.col("x").cast(pl.Int64)))
    assert made["x"].to_list() == [1, 2, 4]
    assert [each["x"][0] for each, _ in bad] == ["no", "bad"]
    assert all("failed" in reason for _, reason in bad)
