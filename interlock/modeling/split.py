"""Which rows train, which validate and which test: a predicate over rows, never a copy of them.

Polars is imported where it is used: whoever only checks params.yaml does not pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

from msgspec import Meta

from interlock.errors import ConfigError, ContractError
from interlock.params import Section

if TYPE_CHECKING:
    import polars as pl

NAMES = ("train", "validation", "test")
MATURED = "matured_at"
SEPARATOR = "\x1f"

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Share: TypeAlias = Annotated[float, Meta(gt=0, lt=1)]
Salt: TypeAlias = Annotated[str, Meta(max_length=16)]


class Shares(Section, frozen=True):
    """The part of the groups or rows that each split gets; together they are one."""

    train: Share
    validation: Share
    test: Share

    def __post_init__(self) -> None:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("train, validation and test must add up to 1")

    def period(self, values: pl.Series, salt: str) -> pl.Series:
        import polars as pl

        from interlock.frames import stable_hash

        first, second = (pl.lit(int(part * 2**64), pl.UInt64) for part in (self.train, self.train + self.validation))
        place = pl.col("hash")
        named = pl.when(place < first).then(pl.lit("train")).when(place < second).then(pl.lit("validation")).otherwise(pl.lit("test"))
        return pl.DataFrame({"hash": stable_hash(values, salt)}).select(split=named)["split"]


class ByTime(Section, frozen=True, tag_field="by", tag="time"):
    """Three periods, one after the other, the first from the beginning of time; each `until` is excluded."""

    train_until: Instant
    validation_until: Instant
    test_until: Instant

    def __post_init__(self) -> None:
        if not self.train_until < self.validation_until < self.test_until:
            raise ValueError("train_until, validation_until and test_until must increase")

    @property
    def ends(self) -> dict[str, datetime]:
        untils = (self.train_until, self.validation_until, self.test_until)
        return {name: until.astimezone(UTC) for name, until in zip(NAMES, untils, strict=True)}

    def period(self, rows: pl.DataFrame, key: Sequence[str], as_of: str | None) -> pl.Series:  # noqa: ARG002 - one signature for the three
        import polars as pl

        if as_of is None:
            raise ConfigError("usecase.split is by time, but the request has no as_of", "declare it in schema.py, or split by group or row")
        train, validation, test = (pl.col(as_of) < end for end in self.ends.values())
        named = pl.when(train).then(pl.lit("train")).when(validation).then(pl.lit("validation")).when(test).then(pl.lit("test"))
        return rows.select(split=named)["split"]


class Hashed(Section, frozen=True):
    """A split by hash: where time plays no part, so no period ends; another `salt` draws another."""

    shares: Shares
    salt: Salt = ""

    @property
    def ends(self) -> dict[str, datetime]:
        return {}


class ByGroup(Hashed, frozen=True, kw_only=True, tag_field="by", tag="group"):
    """All rows that share a value of `column` fall into one split."""

    column: str

    def period(self, rows: pl.DataFrame, key: Sequence[str], as_of: str | None) -> pl.Series:  # noqa: ARG002 - one signature for the three
        if self.column not in rows.columns:
            raise ConfigError(f"usecase.split.column: the requests have no column {self.column!r}", f"they have: {', '.join(rows.columns)}")
        return self.shares.period(key_text(rows, [self.column]), self.salt)


class ByRow(Hashed, frozen=True, tag_field="by", tag="row"):
    """Each row by its key."""

    def period(self, rows: pl.DataFrame, key: Sequence[str], as_of: str | None) -> pl.Series:  # noqa: ARG002 - one signature for the three
        return self.shares.period(key_text(rows, key), self.salt)


Split: TypeAlias = ByTime | ByGroup | ByRow


def assign(rows: pl.DataFrame, split: Split, key: Sequence[str], as_of: str | None) -> pl.DataFrame:
    """For each of `rows` the `period` it was asked in and the `split` it belongs to: "train", "validation", "test" or null.

    `rows` holds the `key` columns, `as_of` among them, the column that groups are split by and, split by time,
    `matured_at`: a row belongs to a split when it was asked in its period and its label has matured by the period's end.
    By hash the two are one. Raises ConfigError or ContractError where a column is missing.
    """
    import polars as pl

    period = split.period(rows, key, as_of).alias("period")
    if not (ends := split.ends):
        return pl.DataFrame([period, period.alias("split")])
    if MATURED not in rows.columns:
        raise ContractError(f"usecase.split is by time, but outcomes have no {MATURED}", "give the outcome a horizon or a label_time")
    end = period.replace_strict(list(ends), list(ends.values()), default=None, return_dtype=pl.Datetime("us", "UTC"))
    return rows.select(period, split=pl.when(pl.col(MATURED) <= end).then(period))


def key_text(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """The key of each row as one text, times as microseconds: what rows are hashed by."""
    import polars as pl
    import polars.selectors as cs

    physical = rows.select(key).with_columns(cs.temporal().to_physical())
    return physical.select(key=pl.concat_str(pl.all().cast(pl.String), separator=SEPARATOR))["key"]
