"""What a column of a table holds: its kind, its range, how many values, and what its name says."""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

FEW, SOME = 30, 1000
PLACES = 4
PERSONAL = re.compile(
    r"(^|_)(e_?mail|mail|phone|mobile|tel|telephone|fax|iban|ssn|passport|street|address|surname|lastname|firstname|(first|last|full|family|given|user|customer|contact|middle)_?name|ip_?address|card_?number)($|_)"
)
NAMED = re.compile(r"(^|_)name$")
PROTECTED = re.compile(
    r"(^|_)(sex|gender|race|ethnic\w*|ethnicity|age|ages|birth_?(year|date|day)|date_of_birth|dob|religion|nationality|disab\w*|marital\w*|marriage|married|pregnan\w*|orientation)($|_)"
)
UPDATED = re.compile(
    r"(^|_)(updated?|modified|changed|synced|refreshed|last|latest|current|status|state|cancel\w*|clos\w*|end\w*|expir\w*|churn\w*|balance|until|deleted|left)($|_)"
)
AVAILABLE = re.compile(r"(^|_)(load\w*|ingest\w*|available\w*|received|recorded|inserted|processed|arriv\w*|synced|landed|etl\w*)($|_)")
ID = re.compile(r"(^|_)(id|ids|key|uuid|guid|code|number|no|num|nr|ref|index|idx)$|^(id|unnamed_?\d*|row\w*|index)$|\w+id$")
WEIGHT = re.compile(r"(^|_)(sample_?)?weights?$|^w(ei)?ght$|^fnlwgt$")


@dataclass(frozen=True)
class Column:
    """A column and what its values are: nothing here is a guess of what they mean."""

    name: str
    values: pl.Series

    @cached_property
    def words(self) -> str:
        """The name in lower case, with underscores between its words."""
        return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()).strip("_")

    @cached_property
    def there(self) -> pl.Series:
        """The values that are not null."""
        return self.values.drop_nulls()

    @cached_property
    def distinct(self) -> int:
        return self.there.n_unique()

    @property
    def nullable(self) -> bool:
        """Whether some row has no value; what is not a number has none."""
        return self.values.null_count() > 0 or (self.values.dtype == pl.Float64 and bool(self.values.is_nan().any()))

    @property
    def empty(self) -> bool:
        return not len(self.there)

    @property
    def without_nan(self) -> "Column":
        """The column with null for what is not a number, as a label that nobody knows is."""
        return Column(self.name, self.values.fill_nan(None)) if self.values.dtype == pl.Float64 else self

    @property
    def constant(self) -> bool:
        return self.distinct == 1

    @property
    def usable(self) -> bool:
        """Whether a contract can hold it: numbers, text, truths and moments."""
        dtype = self.values.dtype
        return self.number or dtype in (pl.String, pl.Boolean) or isinstance(dtype, pl.Datetime)

    @property
    def moment(self) -> bool:
        return isinstance(self.values.dtype, pl.Datetime) and not self.empty

    @property
    def text(self) -> bool:
        return self.values.dtype == pl.String

    @property
    def number(self) -> bool:
        return self.values.dtype in (pl.Int64, pl.Float64)

    @property
    def whole(self) -> bool:
        return self.values.dtype == pl.Int64

    @cached_property
    def finite(self) -> bool:
        """Whether every value is a number, neither NaN nor infinite."""
        return self.whole or bool(self.there.is_finite().all())

    @property
    def unique(self) -> bool:
        """Whether it tells every row from every other."""
        return not self.nullable and self.distinct == len(self.values)

    @property
    def few(self) -> bool:
        """Whether it has few values, most of them more than once."""
        return 1 < self.distinct <= FEW and len(self.there) >= 5 * self.distinct and self.values.dtype in (pl.String, pl.Boolean, pl.Int64)

    @property
    def many(self) -> bool:
        """Whether a text is too seldom the same for a model to learn of it."""
        return self.text and self.distinct > max(SOME, len(self.there) // 20)

    @property
    def free(self) -> bool:
        """Whether a text is free: nearly every value is another, or long."""
        return self.text and not self.empty and (self.distinct > 0.5 * len(self.there) > FEW or self.lengths > 60)

    @cached_property
    def lengths(self) -> float:
        return float(self.there.str.len_chars().mean() or 0)  # type: ignore[arg-type]

    @cached_property
    def counting(self) -> bool:
        """Whether it counts the rows one by one, as a column `instant` or `n` does."""
        if not self.whole or not self.unique or len(self.there) < 2:
            return False
        return bool((self.there.diff().drop_nulls() > 0).all()) and int(self.there[-1]) - int(self.there[0]) < 1.2 * len(self.there)

    @property
    def named_id(self) -> bool:
        return bool(ID.search(self.words)) and (self.text or self.whole)

    @cached_property
    def personal(self) -> bool:
        """Whether it looks like what tells one person from others."""
        if self.text and self.there.head(200).str.contains(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$").sum() > len(self.there.head(200)) / 2:
            return True
        return bool(PERSONAL.search(self.words) or (self.text and self.free and NAMED.search(self.words)))

    @property
    def protected(self) -> bool:
        return bool(PROTECTED.search(self.words))

    @property
    def weight(self) -> bool:
        return bool(WEIGHT.search(self.words)) and self.number and self.words not in ("weight", "weights")

    @property
    def changing(self) -> bool:
        return bool(UPDATED.search(self.words))

    def levels(self) -> list[Any]:
        """Its values in order; for columns of few."""
        return sorted(self.there.unique().to_list())

    @cached_property
    def bounds(self) -> tuple[float, float]:
        return float(self.there.min()), float(self.there.max())  # type: ignore[arg-type]

    @cached_property
    def places(self) -> int | None:
        """The decimal places that hold every value exactly, None where it takes more than a few."""
        if self.whole:
            return 0
        return next(
            (
                n
                for n in range(PLACES + 1)
                if ((self.there * 10**n).round(0) / 10**n - self.there).abs().max() <= 1e-12 * max(1.0, *map(abs, self.bounds))
            ),
            None,
        )


def columns(frame: pl.DataFrame) -> dict[str, Column]:
    """The columns of a table by name."""
    return {series.name: Column(series.name, series) for series in frame}


def range_of(column: Column) -> tuple[float, float] | None:
    """Bounds for the column's contract: what was seen, widened to round numbers; None where it has no bounds."""
    if not column.number or column.empty or not column.finite:
        return None
    low, high = column.bounds
    if column.whole and low >= 1800 and high <= 2100:
        return 1800, 2100
    if column.whole and low >= 0 and high <= 1:
        return 0, 1
    room = max(abs(low), abs(high), high - low, 1.0 if column.whole else 0.0) or 1.0
    least = 0.0 if low >= 0 else -_round(room * 2)
    return least, (0.0 if high <= 0 and low < 0 else 1.0 if not column.whole and high <= 1 and low >= 0 else _round(room * 2))


def _round(value: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
